"""Queries about tickets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.models import MessageRow, TicketRow


class Tickets:
    """The table of tickets within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, ticket_id: str) -> TicketRow | None:
        """The ticket as it is now."""
        return await self._session.get(TicketRow, ticket_id, populate_existing=True)

    async def open_of(self, session_id: str) -> TicketRow | None:
        """The session's open ticket."""
        return await self._session.scalar(
            select(TicketRow).where(TicketRow.session_id == session_id, TicketRow.state != "resolved")
        )

    async def last_of(self, session_id: str, until: dt.datetime) -> TicketRow | None:
        """The session's last ticket that was opened until then, open or not."""
        return await self._session.scalar(
            select(TicketRow)
            .where(TicketRow.session_id == session_id, TicketRow.opened_at <= until)
            .order_by(TicketRow.opened_at.desc(), TicketRow.serial.desc())
            .limit(1)
        )

    async def add(self, row: TicketRow) -> None:
        """Keep a new ticket under the day's next serial, which is set on it."""
        last = await self._session.scalar(select(func.max(TicketRow.serial)).where(TicketRow.day == row.day))
        row.serial = (last or 0) + 1
        self._session.add(row)
        await self._session.flush()

    async def move(self, ticket_id: str, before: str, values: Mapping[str, object], held_by: str | None = None) -> bool:
        """Set columns where the ticket is in the state `before` (and with `held_by`, if named); whether it was.

        This one UPDATE decides every race between helpers, visitors and the desk's own clockwork.
        """
        changing = update(TicketRow).where(TicketRow.id == ticket_id, TicketRow.state == before)
        if held_by is not None:
            changing = changing.where(TicketRow.helper == held_by)
        changed = await self._session.execute(
            changing.values(dict(values)).returning(TicketRow.id).execution_options(synchronize_session=False)
        )
        return changed.scalar_one_or_none() is not None

    async def offer(self, ticket_id: str, offered_to: str | None, before: str | None, **values: object) -> bool:
        """Offer a queued ticket to somebody else than before; False where it has moved on meanwhile."""
        changed = await self._session.execute(
            update(TicketRow)
            .where(TicketRow.id == ticket_id, TicketRow.state == "queued")
            .where(TicketRow.offered_to.is_not_distinct_from(before))
            .values(offered_to=offered_to, **values)
            .returning(TicketRow.id)
            .execution_options(synchronize_session=False)
        )
        return changed.scalar_one_or_none() is not None

    async def in_state(self, state: str, helper: str | None = None, newest: int | None = None) -> Sequence[TicketRow]:
        """The tickets in a state, in the order of the queue; `newest`: only so many, the newest first."""
        asking = select(TicketRow).where(TicketRow.state == state)
        if helper is not None:
            asking = asking.where(TicketRow.helper == helper)
        if newest is not None:
            asking = asking.order_by(TicketRow.resolved_at.desc(), TicketRow.id).limit(newest)
        else:
            asking = asking.order_by(TicketRow.place)
        return (await self._session.scalars(asking)).all()

    async def open_by_helper(self) -> dict[str, int]:
        """How many conversations each helper has."""
        found = await self._session.execute(
            select(TicketRow.helper, func.count()).where(TicketRow.state == "active").group_by(TicketRow.helper)
        )
        return {helper: count for helper, count in found if helper is not None}

    async def ahead_of(self, row: TicketRow) -> int:
        """How many visitors who wait here were told to wait before."""
        found = await self._session.scalar(
            select(func.count()).where(TicketRow.state == "queued", TicketRow.live, TicketRow.place < row.place)
        )
        return found or 0

    async def search(self, words: str, items: Sequence[str], limit: int) -> Sequence[TicketRow]:
        """The newest tickets with the words in number, summary, resolution or transcript, or about one of the items."""
        pattern = f"%{words.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        holds = [
            column.ilike(pattern, escape="!")
            for column in (TicketRow.summary, TicketRow.summary_en, TicketRow.resolution, TicketRow.helper)
        ]
        told = select(MessageRow.session_id).where(MessageRow.text.ilike(pattern, escape="!"))
        asking = or_(*holds, TicketRow.session_id.in_(told), TicketRow.item_id.in_(items), _numbered(words))
        found = await self._session.scalars(
            select(TicketRow).where(asking).order_by(TicketRow.opened_at.desc(), TicketRow.id).limit(limit)
        )
        return found.all()

    async def erase_of(self, session_id: str, at: dt.datetime) -> TicketRow | None:
        """Forget what the visitor said in tickets of the session, and close the open one, returned as it was."""
        open_one = await self.open_of(session_id)
        if open_one is not None:
            self._session.expunge(open_one)
        of_session = update(TicketRow).where(TicketRow.session_id == session_id)
        await self._session.execute(
            of_session.where(TicketRow.state != "resolved").values(
                state="resolved", outcome="erased", resolved_at=at, offered_to=None, offered_at=None
            )
        )
        await self._session.execute(
            of_session.values(wish=None, summary=None, summary_en=None, resolution=None, transfer_note=None)
        )
        return open_one

    async def ids_of(self, session_id: str) -> list[str]:
        """The ids of all tickets of a session."""
        found = await self._session.scalars(select(TicketRow.id).where(TicketRow.session_id == session_id))
        return list(found.all())


def _numbered(words: str) -> ColumnElement[bool]:
    """Whether the ticket is the one whose number (or its day, or its serial) the words are."""
    parts = words.upper().removeprefix("BB").strip("- ").split("-")
    day = parts[0] if len(parts[0]) == 8 else None
    serial = next((int(part) for part in parts if part.isascii() and part.isdecimal() and len(part) <= 6), None)
    if day is not None and serial is not None:
        return (TicketRow.day == day) & (TicketRow.serial == serial)
    return TicketRow.day == day if day is not None else TicketRow.serial == (serial if serial is not None else -1)
