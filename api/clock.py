"""The time of day and the time that things take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, perf_counter, time
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> dt.datetime:
    """This moment in UTC, to the millisecond."""
    moment = dt.datetime.now(dt.UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def today() -> dt.date:
    """This day in Shanghai."""
    return now().astimezone(SHANGHAI).date()


class SteadyClock:
    """The wall clock as it was when this was made, carried on by the monotonic clock: nobody can set it.

    For how long ago something stored was, also before a restart. Between two such clocks the wall clock may have been
    set back, so a stored moment can lie ahead: whoever reads one takes it for now at the latest.
    """

    def __init__(self, wall: Callable[[], float] = time, steady: Callable[[], float] = monotonic) -> None:
        self._steady = steady
        self._began = wall() - steady()

    def now(self) -> dt.datetime:
        """This moment in UTC, as this clock has it."""
        return dt.datetime.fromtimestamp(self._began + self._steady(), dt.UTC)


steady_now = SteadyClock().now
"""This process's steady clock."""


class Stopwatch:
    """How long each stage of a turn took, in milliseconds; a stage that comes twice adds up."""

    def __init__(self) -> None:
        self._took: dict[str, float] = {}

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Add the time until the end of the block to the stage."""
        start = perf_counter()
        try:
            yield
        finally:
            self._took[stage] = self._took.get(stage, 0.0) + (perf_counter() - start) * 1000

    def __getitem__(self, stage: str) -> float:
        """Milliseconds of the stage so far."""
        return round(self._took.get(stage, 0.0), 3)
