"""How long something has stayed as it is, whatever the clock on the wall does, and across restarts."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Hashable


class Elapsed:
    """Watches stored values and measures, on the monotonic clock, since when each has not changed.

    Stored moments are compared for equality only, never subtracted, so a wall clock that jumps makes nobody look gone
    or late. A process that starts counts from its start: the time that the service itself was down is nobody's delay.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[Hashable, tuple[object, float]] = {}

    def since_change(self, key: Hashable, value: object) -> float:
        """Seconds since the value at `key` was first seen to be this one."""
        moment = self._clock()
        known = self._seen.get(key)
        if known is None or known[0] != value:
            self._seen[key] = (value, moment)
            return 0.0
        return moment - known[1]

    def keep_only(self, keys: Collection[Hashable]) -> None:
        """Forget everything else."""
        self._seen = {key: held for key, held in self._seen.items() if key in keys}
