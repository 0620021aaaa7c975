"""Queries about the hotline: the roster, calls, and what happened in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.hotline_models import CallRow, DutyRow, HotlineEventRow


class CallEvent(NamedTuple):
    """A stored event that decides over a call, as the figures read it, with who began the call and its item family."""

    call_id: str
    kind: str
    failure: str | None
    operator: str
    family: str | None


class Hotline:
    """The hotline's tables within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def roster(self) -> Sequence[DutyRow]:
        """Everyone who can be rung, in order."""
        return (await self._session.scalars(select(DutyRow).order_by(DutyRow.position))).all()

    async def replace_roster(self, rows: Sequence[DutyRow]) -> None:
        """Put a new roster in the place of the old one."""
        self._session.expunge_all()
        await self._session.execute(delete(DutyRow))
        self._session.add_all(rows)
        await self._session.flush()

    async def add(self, row: CallRow) -> None:
        """Keep a new call."""
        self._session.add(row)
        await self._session.flush()

    async def call(self, call_id: str) -> CallRow | None:
        """A call as it is now."""
        return await self._session.get(CallRow, call_id, populate_existing=True)

    async def calls(self, states: Collection[str], limit: int) -> Sequence[CallRow]:
        """The newest calls in some states (none named: in any)."""
        wanted = select(CallRow).order_by(CallRow.started_at.desc(), CallRow.id).limit(limit)
        return (await self._session.scalars(wanted.where(CallRow.state.in_(states)) if states else wanted)).all()

    async def move(self, call_id: str, from_states: Collection[str], **values: object) -> bool:
        """Set columns of a call that is still in one of the states; whether it was."""
        changed = await self._session.execute(
            update(CallRow)
            .where(CallRow.id == call_id, CallRow.state.in_(from_states))
            .values(**values)
            .returning(CallRow.id)
            .execution_options(synchronize_session=False)
        )
        return changed.scalar_one_or_none() is not None

    async def mark_called_back(self, call_id: str, at: dt.datetime) -> bool:
        """Note that the caller was called back and forget the number; whether that was still to be done."""
        changed = await self._session.execute(
            update(CallRow)
            .where(CallRow.id == call_id, CallRow.callback_sealed.is_not(None), CallRow.state == "failed")
            .values(called_back_at=at, callback_sealed=None)
            .returning(CallRow.id)
            .execution_options(synchronize_session=False)
        )
        return changed.scalar_one_or_none() is not None

    async def forget_callbacks(self, over_before: dt.datetime) -> int:
        """Erase the numbers of callers whose calls ended, or never did and began, before a moment; how many."""
        erased = await self._session.execute(
            update(CallRow)
            .where(
                CallRow.callback_sealed.is_not(None), func.coalesce(CallRow.ended_at, CallRow.started_at) < over_before
            )
            .values(callback_sealed=None)
            .returning(CallRow.id)
            .execution_options(synchronize_session=False)
        )
        return len(erased.all())

    async def append(self, row: HotlineEventRow) -> None:
        """Keep what happened."""
        self._session.add(row)
        await self._session.flush()

    async def events(self, call_ids: Collection[str]) -> Sequence[HotlineEventRow]:
        """What happened in these calls, in order."""
        found = await self._session.scalars(
            select(HotlineEventRow).where(HotlineEventRow.call_id.in_(call_ids)).order_by(HotlineEventRow.id)
        )
        return found.all()

    async def deciding(self, since: dt.datetime, until: dt.datetime) -> list[CallEvent]:
        """The events that decide over calls which started from `since` to before `until`."""
        started = select(HotlineEventRow.call_id).where(
            HotlineEventRow.kind == "started", HotlineEventRow.at >= since, HotlineEventRow.at < until
        )
        found = await self._session.execute(
            select(CallRow.id, HotlineEventRow.kind, HotlineEventRow.failure, CallRow.operator, CallRow.family)
            .join(CallRow, CallRow.id == HotlineEventRow.call_id)
            .where(HotlineEventRow.call_id.in_(started), HotlineEventRow.kind.in_(("started", "connected", "failed")))
        )
        return [CallEvent(*row) for row in found]
