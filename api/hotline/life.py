"""The life of a call and of its legs, and the closed lists that go with them.

A leg is one telephone that is rung for a call: the operator's, the caller's, or that of somebody at a window.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class LegState(StrEnum):
    """Where one telephone is."""

    DIALLING = "dialling"
    RINGING = "ringing"
    ANSWERED = "answered"
    BRIDGED = "bridged"  # it hears the others
    ENDED = "ended"  # it was answered and has hung up
    FAILED = "failed"  # it was never answered; a LegFailure says why


class LegFailure(StrEnum):
    """Why a telephone was not answered."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    EXCHANGE_FAILED = "exchange_failed"
    WITHDRAWN = "withdrawn"  # the call ended while it rang
    INTERRUPTED = "interrupted"  # the service stopped while it rang


class Party(StrEnum):
    """Whose telephone it is."""

    OPERATOR = "operator"
    CALLER = "caller"
    WINDOW = "window"


class CallState(StrEnum):
    """Where a call is."""

    RINGING = "ringing"  # somebody at a window is looked for
    CONNECTED = "connected"  # they talk
    ENDED = "ended"  # they talked
    FAILED = "failed"  # they never did; a CallFailure says why


class CallFailure(StrEnum):
    """Why nobody at a window was connected."""

    NOBODY_ON_DUTY = "nobody_on_duty"
    NOBODY_ANSWERED = "nobody_answered"
    OPERATOR_UNREACHABLE = "operator_unreachable"
    CALLER_UNREACHABLE = "caller_unreachable"
    HUNG_UP = "hung_up"  # operator or caller left while windows were rung
    GIVEN_UP = "given_up"  # the operator ended it on the page
    INTERRUPTED = "interrupted"  # the service stopped


class Kind(StrEnum):
    """What hotline_events tell; every figure is counted from these alone."""

    STARTED = "started"
    LEG = "leg"
    BY_HAND = "by_hand"  # the exchange did not answer: the operator goes on by hand
    CONNECTED = "connected"
    ENDED = "ended"
    FAILED = "failed"
    CALLED_BACK = "called_back"


FOLLOWING: Mapping[LegState, frozenset[LegState]] = {
    LegState.DIALLING: frozenset({LegState.RINGING, LegState.ANSWERED, LegState.FAILED}),
    LegState.RINGING: frozenset({LegState.ANSWERED, LegState.FAILED}),
    LegState.ANSWERED: frozenset({LegState.BRIDGED, LegState.ENDED}),
    LegState.BRIDGED: frozenset({LegState.ENDED}),
    LegState.ENDED: frozenset(),
    LegState.FAILED: frozenset(),
}
"""What may come after what. Anything else is late news (an answer after the time-out, say) and is dropped."""

OVER = frozenset({LegState.ENDED, LegState.FAILED})
OPEN = frozenset({CallState.RINGING, CallState.CONNECTED})


def over(state: LegState) -> LegState:
    """What a leg becomes when its telephone is put down: ended where somebody had answered, else failed."""
    return LegState.ENDED if LegState.ENDED in FOLLOWING[state] else LegState.FAILED
