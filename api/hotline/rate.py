"""The connection rate: the share of calls in which somebody at a window was connected. The one definition.

A call counts on the day (Shanghai) on which it began. It was asked for when it is over and a window was to be rung; it
was connected when somebody at a window was. Calls given up, hung up, or begun with nobody on duty are asked for and not
connected: the caller got nobody. Only where the operator's own telephone did not answer was no caller let down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from api.hotline.life import CallFailure, Kind
from api.hotline.schemas import RateOut
from api.oversight.counting import Days
from api.storage.database import Work

TARGET = 0.9


async def rate(work: Work, days: Days) -> RateOut:
    """The rate of the calls that began on these days."""
    return count(await work.hotline.outcomes(days.begin, days.end), days)


def count(outcomes: Sequence[tuple[str, str, str | None]], days: Days) -> RateOut:
    """The rate from (call, kind, failure) of the events that decide."""
    started = {call for call, kind, _ in outcomes if kind == Kind.STARTED}
    connected = {call for call, kind, _ in outcomes if kind == Kind.CONNECTED}
    failed = {call: CallFailure(why) for call, kind, why in outcomes if kind == Kind.FAILED and why is not None}
    not_counted = {call for call, why in failed.items() if why is CallFailure.OPERATOR_UNREACHABLE}
    asked = (connected | failed.keys()) - not_counted
    share = len(connected) / len(asked) if asked else None
    return RateOut(
        from_day=days.first,
        to_day=days.last,
        connected=len(connected),
        asked=len(asked),
        rate=share,
        target=TARGET,
        is_met=share >= TARGET if share is not None else None,
        still_open=len(started - connected - failed.keys()),
        not_counted=len(not_counted),
        failures=dict(Counter(why for call, why in failed.items() if call not in not_counted)),
    )
