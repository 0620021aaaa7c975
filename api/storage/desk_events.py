"""Queries about what happened at the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select, text, union
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.desk_models import DeskEventRow
from api.storage.models import TicketRow

APPENDING = 7_271_001
"""The number of PostgreSQL's advisory lock for appending; any number that nothing else here uses."""
AT_ONCE = 500


class DeskEvent(NamedTuple):
    """A stored event as the figures read it; `steady_at` is `at` where no reading of the steady clock was kept."""

    kind: str
    at: dt.datetime
    steady_at: dt.datetime
    ticket_id: str | None
    helper: str | None
    detail: dict[str, Any]


class DeskEvents:
    """The table of desk events within one unit of work; only ever added to."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def append(self, row: DeskEventRow) -> None:
        """Keep what happened under the next sequence, which is set on it."""
        if self._session.get_bind().dialect.name == "postgresql":
            # Ids are given before commits: without this, a reader could see 8 before 7 exists, and never see 7.
            await self._session.execute(text(f"SELECT pg_advisory_xact_lock({APPENDING})"))
        self._session.add(row)
        await self._session.flush()

    async def after(self, sequence: int, limit: int) -> Sequence[DeskEventRow]:
        """The next events past a sequence, in order."""
        found = await self._session.scalars(
            select(DeskEventRow).where(DeskEventRow.id > sequence).order_by(DeskEventRow.id).limit(limit)
        )
        return found.all()

    async def newest(self) -> int:
        """The sequence of the last event; 0 before the first."""
        return await self._session.scalar(select(func.max(DeskEventRow.id))) or 0

    async def of_ticket(self, ticket_id: str, kinds: Iterable[str]) -> list[DeskEvent]:
        """All events of `kinds` of one ticket, in order of their sequence."""
        asking = _told().where(DeskEventRow.ticket_id == ticket_id, DeskEventRow.kind.in_(list(kinds)))
        return [DeskEvent(*row) for row in await self._session.execute(asking)]

    async def details(self, kinds: Sequence[str], since: dt.datetime, limit: int) -> list[dict[str, Any]]:
        """What the newest events of some kinds have to tell, newest first."""
        found = await self._session.scalars(
            select(DeskEventRow.detail)
            .where(DeskEventRow.kind.in_(kinds), DeskEventRow.at >= since)
            .order_by(DeskEventRow.id.desc())
            .limit(limit)
        )
        return list(found.all())

    async def of_tickets(
        self, kinds: Iterable[str], dated: Iterable[str], begin: dt.datetime, end: dt.datetime
    ) -> AsyncIterator[DeskEvent]:
        """All events of `kinds` of each ticket that is open now, or had one of `dated` from `begin` until before `end`.

        In order of their sequence. They come in portions, between which others get their turn.
        """
        touched = select(DeskEventRow.ticket_id).where(
            DeskEventRow.kind.in_(list(dated)), DeskEventRow.at >= begin, DeskEventRow.at < end
        )
        is_open = select(TicketRow.id).where(TicketRow.state != "resolved")
        asking = _told().where(DeskEventRow.kind.in_(list(kinds)), DeskEventRow.ticket_id.in_(union(touched, is_open)))
        found = await self._session.stream(asking)
        async for rows in found.partitions(AT_ONCE):
            for row in rows:
                yield DeskEvent(*row)


def _told() -> Select[Any]:
    """What a DeskEvent holds, in order of the sequence."""
    return select(
        DeskEventRow.kind,
        DeskEventRow.at,
        func.coalesce(DeskEventRow.steady_at, DeskEventRow.at),
        DeskEventRow.ticket_id,
        DeskEventRow.helper,
        DeskEventRow.detail,
    ).order_by(DeskEventRow.id)
