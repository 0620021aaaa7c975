"""Queries about messages."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.models import MessageRow


class Messages:
    """The table of messages within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, rows: Sequence[MessageRow]) -> None:
        """Keep the messages. Raises IntegrityError where a number or client_id of the session is taken."""
        self._session.add_all(rows)
        await self._session.flush()

    async def number_of(self, session_id: str, message_id: str) -> int | None:
        """The place of a message in its session; None where the session has no such message."""
        return await self._session.scalar(
            select(MessageRow.number).where(MessageRow.session_id == session_id, MessageRow.id == message_id)
        )

    async def after(self, session_id: str, number: int = 0) -> Sequence[MessageRow]:
        """The session's messages past the given place, in order."""
        found = await self._session.scalars(
            select(MessageRow)
            .where(MessageRow.session_id == session_id, MessageRow.number > number)
            .order_by(MessageRow.number)
        )
        return found.all()

    async def replies_to(self, session_id: str, client_id: str) -> Sequence[MessageRow] | None:
        """What was answered to the message with this client_id, in order; None where it was never processed."""
        said = await self._session.scalar(
            select(MessageRow.id).where(MessageRow.session_id == session_id, MessageRow.client_id == client_id)
        )
        if said is None:
            return None
        found = await self._session.scalars(
            select(MessageRow).where(MessageRow.reply_to == said).order_by(MessageRow.number)
        )
        return found.all()

    async def get(self, message_id: str) -> MessageRow | None:
        """The message."""
        return await self._session.get(MessageRow, message_id)

    async def with_client_id(self, session_id: str, client_id: str) -> MessageRow | None:
        """The message that came with this client_id."""
        return await self._session.scalar(
            select(MessageRow).where(MessageRow.session_id == session_id, MessageRow.client_id == client_id)
        )

    async def last_of_visitor(self, session_id: str) -> MessageRow | None:
        """What the visitor said last."""
        return await self._session.scalar(
            select(MessageRow)
            .where(MessageRow.session_id == session_id, MessageRow.sender == "visitor")
            .order_by(MessageRow.number.desc())
            .limit(1)
        )

    async def by_visitor_after(self, session_id: str, number: int) -> int:
        """How many messages of the visitor come after this one."""
        found = await self._session.scalar(
            select(func.count()).where(
                MessageRow.session_id == session_id, MessageRow.sender == "visitor", MessageRow.number > number
            )
        )
        return found or 0

    async def answers(self, session_id: str, sender: str, after: int = 0) -> Sequence[MessageRow]:
        """The messages of a sender ("bot", "agent") that carry an entry, past the given place, in order."""
        found = await self._session.scalars(
            select(MessageRow)
            .where(MessageRow.session_id == session_id, MessageRow.sender == sender, MessageRow.kind == "answer")
            .where(MessageRow.number > after)
            .order_by(MessageRow.number)
        )
        return found.all()

    async def options(self, session_id: str) -> list[dict[str, str]]:
        """Every option that the session was ever offered, the newest first."""
        found = await self._session.scalars(
            select(MessageRow.options).where(MessageRow.session_id == session_id).order_by(MessageRow.number.desc())
        )
        return [option for options in found for option in options]

    async def last_said(self, session_id: str, limit: int) -> list[str]:
        """The visitor's last messages, oldest first."""
        found = await self._session.scalars(
            select(MessageRow.text)
            .where(MessageRow.session_id == session_id, MessageRow.sender == "visitor")
            .order_by(MessageRow.number.desc())
            .limit(limit)
        )
        return list(reversed(found.all()))
