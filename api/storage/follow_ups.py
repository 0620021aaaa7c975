"""Queries about follow-ups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.oversight_models import FollowUpRow

OPEN_CALL_BACK = and_(FollowUpRow.about == "callback", FollowUpRow.state == "open")


class FollowUps:
    """The table of follow-ups within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: FollowUpRow) -> None:
        """Keep a new one. Raises IntegrityError where one of its feedback is open already."""
        self._session.add(row)
        await self._session.flush()

    async def get(self, follow_up_id: str) -> FollowUpRow | None:
        """The follow-up as it is now."""
        return await self._session.get(FollowUpRow, follow_up_id, populate_existing=True)

    async def open_of(self, feedback_id: str) -> FollowUpRow | None:
        """The open follow-up of what a visitor said."""
        return await self._session.scalar(
            select(FollowUpRow).where(FollowUpRow.feedback_id == feedback_id, FollowUpRow.state == "open")
        )

    async def call_back_of(self, ticket_id: str) -> FollowUpRow | None:
        """The ticket's open call-back."""
        return await self._session.scalar(select(FollowUpRow).where(FollowUpRow.ticket_id == ticket_id, OPEN_CALL_BACK))

    async def call_backs_of(self, session_id: str) -> Sequence[FollowUpRow]:
        """The open call-backs of all tickets of a session."""
        found = await self._session.scalars(
            select(FollowUpRow).where(FollowUpRow.session_id == session_id, OPEN_CALL_BACK)
        )
        return found.all()

    async def put_off(self, follow_up_id: str, due: dt.date, action: str | None) -> bool:
        """Make an open one due on another day after one more try that failed; whether it was open."""
        moved = await self._session.execute(
            update(FollowUpRow)
            .where(FollowUpRow.id == follow_up_id, FollowUpRow.state == "open")
            .values(due=due, failed_tries=FollowUpRow.failed_tries + 1, action=action)
            .returning(FollowUpRow.id)
            .execution_options(synchronize_session=False)
        )
        return moved.scalar_one_or_none() is not None

    async def close(self, follow_up_id: str, values: Mapping[str, object]) -> bool:
        """Close it with these columns where it is open; whether it was. This one UPDATE decides who is first."""
        closed = await self._session.execute(
            update(FollowUpRow)
            .where(FollowUpRow.id == follow_up_id, FollowUpRow.state == "open")
            .values(state="closed", **dict(values))
            .returning(FollowUpRow.id)
            .execution_options(synchronize_session=False)
        )
        return closed.scalar_one_or_none() is not None

    async def page(
        self,
        state: str | None,
        overdue_on: dt.date | None,
        item_id: str | None,
        about: str | None,
        most: int,
        skip: int,
    ) -> tuple[Sequence[FollowUpRow], int]:
        """One page of them, and how many there are in all: open ones first by due day, then closed, the newest first.

        `overdue_on`: only those that are open and were due before that day.
        """
        wanted: list[ColumnElement[bool]] = []
        if state is not None:
            wanted.append(FollowUpRow.state == state)
        if overdue_on is not None:
            wanted.append(_overdue(overdue_on))
        if item_id is not None:
            wanted.append(FollowUpRow.item_id == item_id)
        if about is not None:
            wanted.append(FollowUpRow.about == about)
        total = await self._session.scalar(select(func.count()).select_from(FollowUpRow).where(*wanted))
        is_closed = FollowUpRow.state == "closed"
        # The due day of a closed one orders nothing, its closing does; NULLs come last or first alike, all being equal.
        ordered = (
            select(FollowUpRow)
            .where(*wanted)
            .order_by(is_closed, FollowUpRow.closed_at.desc(), FollowUpRow.due, FollowUpRow.opened_at, FollowUpRow.id)
        )
        found = await self._session.scalars(ordered.offset(skip).limit(most))
        return found.all(), total or 0

    async def open_and_overdue(self, today: dt.date) -> tuple[int, int]:
        """How many are open, and how many of them were due before today."""
        found = await self._session.execute(
            select(func.count(), func.count().filter(_overdue(today))).where(FollowUpRow.state == "open")
        )
        row = found.one()
        return row[0], row[1]

    async def reasons(
        self, begin: dt.datetime | None, end: dt.datetime | None
    ) -> Sequence[tuple[str | None, str, str | None, int]]:
        """Item, state, reason and how many, of the ratings opened from `begin` until before `end` (None: no limit)."""
        wanted: list[ColumnElement[bool]] = [FollowUpRow.about != "callback"]
        if begin is not None:
            wanted.append(FollowUpRow.opened_at >= begin)
        if end is not None:
            wanted.append(FollowUpRow.opened_at < end)
        kinds = (FollowUpRow.item_id, FollowUpRow.state, FollowUpRow.reason)
        found = await self._session.execute(select(*kinds, func.count()).where(*wanted).group_by(*kinds))
        return [(item_id, state, reason, count) for item_id, state, reason, count in found]

    async def erase_of(self, session_id: str) -> None:
        """Forget the visitor's words; what was rated, found and done stays."""
        await self._session.execute(
            update(FollowUpRow).where(FollowUpRow.session_id == session_id).values(comment=None)
        )


def _overdue(today: dt.date) -> ColumnElement[bool]:
    return and_(FollowUpRow.state == "open", FollowUpRow.due < today)
