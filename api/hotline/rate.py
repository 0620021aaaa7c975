"""The connection rate: the share of calls in which somebody at a window was connected. The one definition.

A call counts on the day (Shanghai) on which it began, for the operator who began it and for the item family that it was
begun for. It was asked for when it is over and a window was to be rung; it was connected when somebody at a window was.
Calls given up, hung up, or begun with nobody on duty are asked for and not connected: the caller got nobody. Only where
the operator's own telephone did not answer was no caller let down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.hotline.life import CallFailure, Kind
from api.hotline.schemas import ConnectionOut, RateOut
from api.oversight.counting import Days, Share
from api.storage.database import Work
from api.storage.hotline import CallEvent

TARGET = 0.9


@dataclass(frozen=True)
class Rates:
    """The rate of all calls, and of those of each operator and family that are counted; None: about no known item."""

    total: RateOut
    operators: Mapping[str | None, ConnectionOut]
    families: Mapping[str | None, ConnectionOut]


async def rates(work: Work, days: Days) -> Rates:
    """The rates of the calls that began on these days."""
    return count(await work.hotline.deciding(days.begin, days.end), days)


def count(events: Sequence[CallEvent], days: Days) -> Rates:
    """The rates from the events that decide."""
    calls = {event.call_id: event for event in events}  # whose it is and what about, each of its events tells alike
    connected = {event.call_id for event in events if event.kind == Kind.CONNECTED}
    failed = {
        event.call_id: CallFailure(event.failure) for event in events if event.kind == Kind.FAILED and event.failure
    }
    not_counted = {call for call, why in failed.items() if why is CallFailure.OPERATOR_UNREACHABLE}
    asked = (connected | failed.keys()) - not_counted
    total = _connection(Share(len(connected), len(asked)))
    return Rates(
        RateOut(
            **total.model_dump(),
            from_day=days.first,
            to_day=days.last,
            target=TARGET,
            is_met=total.rate >= TARGET if total.rate is not None else None,
            still_open=len(calls.keys() - connected - failed.keys()),
            not_counted=len(not_counted),
            failures=dict(Counter(why for call, why in failed.items() if call not in not_counted)),
        ),
        _each({call: calls[call].operator for call in asked}, connected),
        _each({call: calls[call].family for call in asked}, connected),
    )


def _each(asked: Mapping[str, str | None], connected: set[str]) -> dict[str | None, ConnectionOut]:
    of, met = Counter(asked.values()), Counter(whose for call, whose in asked.items() if call in connected)
    return {whose: _connection(Share(met[whose], count)) for whose, count in of.items()}


def _connection(share: Share) -> ConnectionOut:
    low, high = share.bounds  # The rate itself is exact, so that rounding never makes it reach its target.
    return ConnectionOut(connected=share.count, asked=share.of, rate=share.share, low=low, high=high)


NO_CALLS = _connection(Share())
"""Of whom no call is counted."""
