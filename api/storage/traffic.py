"""Queries that read what happened, across sessions: for `bangban eval traffic` and `bangban kb publish --check`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from api.storage.models import FeedbackRow, MessageRow, SessionRow, TicketRow, TurnRow

OUR_OWN_CHANNELS = ("evaluation", "bench", "cli")
"""Sessions that measure or try the desk are no visitors'. An erased session's channel is not known; it is counted."""
REPEATED = 4
"""How many messages are looked at for each that is wanted: visitors ask the same things."""


@dataclass(frozen=True)
class Said:
    """Feedback with when the message that it is about was sent (the session as a whole: when it was given)."""

    session_id: str
    about_at: dt.datetime
    said_at: dt.datetime
    resolved: bool


@dataclass(frozen=True)
class Answered:
    """A visitor's typed message, masked, that was answered, and the item that the conversation was about before it."""

    text: str
    language: str
    context_item: str | None


class Traffic:
    """What visitors did, within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def turns(self, since: dt.datetime) -> Sequence[TurnRow]:
        """Visitors' turns from then on, in order; also those of sessions that were erased."""
        found = await self._session.scalars(
            select(TurnRow)
            .outerjoin(SessionRow, SessionRow.id == TurnRow.session_id)
            .where(TurnRow.at >= since, _of_visitors())
            .order_by(TurnRow.at, TurnRow.id)
        )
        return found.all()

    async def tickets(self, since: dt.datetime) -> Sequence[TicketRow]:
        """Tickets opened from then on by sessions that still exist."""
        found = await self._session.scalars(
            select(TicketRow)
            .join(SessionRow, SessionRow.id == TicketRow.session_id)
            .where(TicketRow.opened_at >= since, _of_visitors())
            .order_by(TicketRow.opened_at)
        )
        return found.all()

    async def said(self, since: dt.datetime) -> Sequence[Said]:
        """Feedback given from then on in sessions that still exist; an erased one's cannot be told whose it is."""
        found = await self._session.execute(
            select(SessionRow.id, MessageRow.at, FeedbackRow.at, FeedbackRow.resolved)
            .join(SessionRow, SessionRow.id == FeedbackRow.session_id)
            .outerjoin(MessageRow, MessageRow.id == FeedbackRow.message_id)
            .where(FeedbackRow.at >= since, _of_visitors())
            .order_by(FeedbackRow.at)
        )
        return [Said(session, about or said_at, said_at, resolved) for session, about, said_at, resolved in found]

    async def answered(self, limit: int) -> Sequence[Answered]:
        """The last messages that visitors typed and that an entry answered, newest first; none twice in one context."""
        earlier = aliased(TurnRow)
        context = (
            select(earlier.item_id)
            .where(
                earlier.session_id == TurnRow.session_id,
                earlier.id < TurnRow.id,
                earlier.performed == "answer",
            )
            .order_by(earlier.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        # A turn and the visitor's message of it carry the very same moment; nothing else ties the two together, so that
        # what is left of an erased session cannot be tied to anything.
        found = await self._session.execute(
            select(MessageRow.text, MessageRow.language, context.label("context"))
            .join(TurnRow, and_(TurnRow.session_id == MessageRow.session_id, TurnRow.at == MessageRow.at))
            .join(SessionRow, SessionRow.id == MessageRow.session_id)
            .where(
                MessageRow.sender == "visitor",
                TurnRow.performed == "answer",
                TurnRow.entry_id.is_not(None),
                TurnRow.chosen == "no",
                _of_visitors(),
            )
            .order_by(TurnRow.id.desc())
            .limit(limit * REPEATED)
        )
        asked = dict.fromkeys(Answered(text, language, item) for text, language, item in found)
        return list(asked)[:limit]


def _of_visitors() -> ColumnElement[bool]:
    return or_(SessionRow.id.is_(None), SessionRow.channel.not_in(OUR_OWN_CHANNELS))
