"""Queries about sessions."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.models import MessageRow, SessionRow


class Sessions:
    """The table of sessions within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: SessionRow) -> None:
        """Keep a new session."""
        self._session.add(row)
        await self._session.flush()

    async def token_hash(self, session_id: str) -> str | None:
        """The hash of the session's key; None where there is no such session."""
        return await self._session.scalar(select(SessionRow.token_hash).where(SessionRow.id == session_id))

    async def get(self, session_id: str) -> SessionRow | None:
        """The session."""
        return await self._session.get(SessionRow, session_id)

    async def hold(self, session_id: str) -> SessionRow | None:
        """The session as it is now, kept from other writers until the unit of work ends; change it by its attributes.

        Numbers of messages and who answers are decided on the held row alone, so two writers never decide at once.
        """
        return await self._session.get(SessionRow, session_id, with_for_update=True, populate_existing=True)

    async def with_last_message(self, session_id: str) -> tuple[SessionRow, MessageRow | None] | None:
        """The session and the last message that it was sent, in one query."""
        found = await self._session.execute(
            select(SessionRow, MessageRow)
            .outerjoin(MessageRow, MessageRow.id == SessionRow.last_message_id)
            .where(SessionRow.id == session_id)
        )
        row = found.one_or_none()
        return None if row is None else (row[0], row[1])

    async def change(self, session_id: str, **values: object) -> None:
        """Set columns of the session; nothing happens where it is gone."""
        await self._session.execute(
            update(SessionRow)
            .where(SessionRow.id == session_id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )

    async def add_failure(self, session_id: str) -> None:
        """Count one more turn that did not help."""
        await self.change(session_id, failures=SessionRow.failures + 1)

    async def erase(self, session_id: str) -> None:
        """Remove the session and, by the foreign keys, its messages."""
        await self._session.execute(delete(SessionRow).where(SessionRow.id == session_id))

    async def count_active_since(self, moment: dt.datetime) -> int:
        """How many sessions had a turn since then."""
        found = await self._session.scalar(select(func.count()).where(SessionRow.active_at >= moment))
        return found or 0
