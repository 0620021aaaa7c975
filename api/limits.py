"""How much one session or one address may ask for."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.problems import TooManyRequests

RATES = {
    "session": {"address": "20/minute;200/hour"},
    "message": {"session": "20/minute", "address": "120/minute"},
    "read": {"session": "120/minute"},
    "feedback": {"session": "20/minute"},
    "handoff": {"session": "5/minute", "address": "30/minute"},
    "callback": {"session": "5/minute", "address": "20/minute"},
    "search": {"address": "60/minute"},
    "sign_in": {"address": "60/minute"},
    "events": {"address": "60/minute"},
}
"""Per kind of request, how often each session and each address may; an office shares one, so that is generous."""


class Limits:
    """Counts within this process; `on=False` lets everything through."""

    def __init__(self, on: bool) -> None:
        self._on = on
        self._counters = MovingWindowRateLimiter(MemoryStorage())
        self._rates: dict[tuple[str, str], list[RateLimitItem]] = {
            (kind, holder): parse_many(rates) for kind, holders in RATES.items() for holder, rates in holders.items()
        }

    def count(self, kind: str, **holders: str) -> None:
        """Count one request of a kind (a key of RATES) for its session and address. Raises TooManyRequests."""
        if not self._on:
            return
        for holder, name in holders.items():
            for rate in self._rates.get((kind, holder), ()):
                if not self._counters.hit(rate, kind, holder, name):
                    resets_at = self._counters.get_window_stats(rate, kind, holder, name).reset_time
                    raise TooManyRequests(max(1, math.ceil(resets_at - time.time())))
