"""How long a visitor will wait, from what was measured; None rather than a guess.

`pickup + max(0, position - free) * service / (online * PLACES_EACH)`: whoever finds a free place waits until the offer
is accepted; whoever does not also waits until that many conversations have ended, of which all helpers together end one
every service / (online * PLACES_EACH) seconds. Pickup and service are medians of recent events.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

PLACES_EACH = 3
"""Conversations that one helper is counted on to hold at once; anyone may accept more."""
LEAST_KNOWN = 5
RECENT, RECENT_DAYS = 50, 30
"""How many of the newest acceptances and ends count, and from how many days."""
STEP_S = 5


@dataclass(frozen=True)
class Pace:
    """How quickly offers were accepted and conversations ended lately, in seconds."""

    pickups_s: Sequence[float]
    services_s: Sequence[float]


def expected_wait_s(position: int, online: int, busy: int, pace: Pace) -> int | None:
    """Seconds that the visitor at `position` (1: next) will wait, rounded up to STEP_S; None where too little is known.

    `online` helpers have `busy` conversations between them.
    """
    if online < 1 or len(pace.pickups_s) < LEAST_KNOWN:
        return None
    places = online * PLACES_EACH
    must_end = max(0, position - max(0, places - busy))
    if must_end and len(pace.services_s) < LEAST_KNOWN:
        return None
    wait_s = median(pace.pickups_s) + (must_end * median(pace.services_s) / places if must_end else 0.0)
    return math.ceil(wait_s / STEP_S) * STEP_S
