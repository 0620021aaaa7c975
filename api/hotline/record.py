"""Writes down what happens in a call, and reads from it how the call's telephones stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from api.clock import now
from api.hotline.life import OPEN, CallFailure, CallState, Kind, LegFailure, LegState, Party
from api.storage.database import Work
from api.storage.hotline_models import HotlineEventRow


@dataclass(frozen=True)
class Leg:
    """One telephone of a call, as the last event about it has it."""

    id: str
    party: Party
    duty_id: str | None
    state: LegState
    failure: LegFailure | None
    began_at: dt.datetime
    moved_at: dt.datetime
    note: str | None


async def leg_moved(
    work: Work,
    call_id: str,
    leg_id: str,
    party: Party,
    duty_id: str | None,
    state: LegState,
    failure: LegFailure | None = None,
    *,
    by: str | None = None,
    note: str | None = None,
) -> None:
    """Keep what became of a telephone. `by`: the user who says so; `note` is masked already."""
    await work.hotline.append(
        HotlineEventRow(
            at=now(),
            call_id=call_id,
            kind=Kind.LEG.value,
            leg_id=leg_id,
            party=party.value,
            duty_id=duty_id,
            state=state.value,
            failure=failure.value if failure else None,
            by=by,
            note=note,
        )
    )


async def call_moved(
    work: Work,
    call_id: str,
    kind: Kind,
    failure: CallFailure | None = None,
    *,
    by: str | None = None,
    note: str | None = None,
) -> None:
    """Keep what became of the call."""
    await work.hotline.append(
        HotlineEventRow(
            at=now(),
            call_id=call_id,
            kind=kind.value,
            failure=failure.value if failure else None,
            by=by,
            note=note,
        )
    )


async def finish(
    work: Work, call_id: str, state: CallState, failure: CallFailure | None = None, by: str | None = None
) -> bool:
    """Let an open call be ENDED or FAILED; whether it was open. A call that talked needs no number to call back."""
    values: dict[str, object] = {"state": state.value, "ended_at": now()}
    values["failure"] = failure.value if failure else None
    if state is CallState.ENDED:
        values["callback_sealed"] = None
    if not await work.hotline.move(call_id, [open_state.value for open_state in OPEN], **values):
        return False
    await call_moved(work, call_id, Kind.FAILED if state is CallState.FAILED else Kind.ENDED, failure, by=by)
    return True


def legs(events: Sequence[HotlineEventRow]) -> list[Leg]:
    """The telephones of one call in the order in which they were rung, from its events in order."""
    seen: dict[str, Leg] = {}
    for event in events:
        if event.leg_id is None or event.party is None or event.state is None:
            continue
        before = seen.get(event.leg_id)
        seen[event.leg_id] = Leg(
            event.leg_id,
            Party(event.party),
            event.duty_id,
            LegState(event.state),
            LegFailure(event.failure) if event.failure else None,
            before.began_at if before else event.at,
            event.at,
            event.note or (before.note if before else None),
        )
    return list(seen.values())
