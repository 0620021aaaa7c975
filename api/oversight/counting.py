"""Counts tickets' stories: for the desk as a whole, per helper, per item family."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scipy.stats import binomtest

from api.clock import SHANGHAI, steady_now
from api.desk.life import TicketState
from api.desk.record import seconds
from api.oversight.measures import MEASURES, OF_NO_HELPER
from api.oversight.stories import DATED, TELLING, Story, hear
from api.storage.database import Work

CONFIDENCE, DIGITS = 0.95, 4


@dataclass(frozen=True)
class Days:
    """Whole days in Shanghai, both included."""

    first: dt.date
    last: dt.date

    @property
    def begin(self) -> dt.datetime:
        """The first moment, in UTC."""
        return dt.datetime.combine(self.first, dt.time(), SHANGHAI).astimezone(dt.UTC)

    @property
    def end(self) -> dt.datetime:
        """The first moment after it, in UTC."""
        return dt.datetime.combine(self.last + dt.timedelta(1), dt.time(), SHANGHAI).astimezone(dt.UTC)

    def hold(self, moment: dt.datetime) -> bool:
        """Whether the moment lies within."""
        return self.begin <= moment < self.end


@dataclass(frozen=True)
class Share:
    """`count` of `of`. The interval is Wilson's score interval, doi:10.1080/01621459.1927.10502953."""

    count: int = 0
    of: int = 0

    @property
    def share(self) -> float | None:
        """0 to 1; None where there is nothing to count."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the share lies, as sure as CONFIDENCE; None where there is nothing to count."""
        if not self.of:
            return None
        found = binomtest(self.count, self.of).proportion_ci(CONFIDENCE, method="wilson")
        return float(found.low), float(found.high)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The interval as it is told: rounded to DIGITS, None where there is nothing to count."""
        found = self.interval
        return (round(found[0], DIGITS), round(found[1], DIGITS)) if found else (None, None)


@dataclass
class Tally:
    """What was counted for the desk, a helper or a family: how it stands now, and the shares by measure.

    `waiting` are those who were told to wait here, `to_be_called` the others that no helper has; `longest_wait_s` is of
    those who wait.
    """

    waiting: int = 0
    to_be_called: int = 0
    active: int = 0
    longest_wait_s: float | None = None
    opened: int = 0
    _met: Counter[str] = field(default_factory=Counter)
    _all: Counter[str] = field(default_factory=Counter)

    @property
    def shares(self) -> Mapping[str, Share]:
        """Every measure's share."""
        return {name: Share(self._met[name], self._all[name]) for name in MEASURES}

    def see(self, story: Story, moment: dt.datetime) -> None:
        """Count how the ticket stands at this moment of the steady clock."""
        if story.state is TicketState.ACTIVE:
            self.active += 1
        elif story.state is TicketState.QUEUED and story.live:
            self.waiting += 1
            self.longest_wait_s = max(self.longest_wait_s or 0.0, seconds(story.waiting_since, moment))
        elif story.state is TicketState.QUEUED:
            self.to_be_called += 1

    def judge(self, measure: str, met: bool) -> None:
        """Count one verdict."""
        self._all[measure] += 1
        self._met[measure] += met


@dataclass(frozen=True)
class Counts:
    """The desk's tally, and those per helper and per family; None: no helper had a hand in it, no item was known."""

    total: Tally
    helpers: Mapping[str | None, Tally]
    families: Mapping[str | None, Tally]


async def count_stored(work: Work, days: Days) -> Counts:
    """What the stored events come to in these days, and how it stands now."""
    told: dict[str, Story] = {}
    async for event in work.desk_events.of_tickets(TELLING, DATED, days.begin, days.end):
        hear(told, event)
    return count(told.values(), days, steady_now())


def count(stories: Iterable[Story], days: Days, moment: dt.datetime) -> Counts:
    """What the tickets come to in these days; how they stand is as of `moment` (steady), whatever the days are."""
    total, helpers, families = Tally(), defaultdict[str | None, Tally](Tally), defaultdict[str | None, Tally](Tally)
    for story in stories:
        if story.state is not TicketState.RESOLVED:
            total.see(story, moment)
            families[story.family].see(story, moment)
            if story.state is TicketState.ACTIVE:
                helpers[story.helper].see(story, moment)
        if days.hold(story.opened.at):
            total.opened += 1
            families[story.family].opened += 1
        for name, measure in MEASURES.items():
            verdict = measure(story, moment)
            if verdict is not None and days.hold(verdict.at):
                total.judge(name, verdict.met)
                families[story.family].judge(name, verdict.met)
                if name not in OF_NO_HELPER:
                    helpers[verdict.helper].judge(name, verdict.met)
    return Counts(total, dict(helpers), dict(families))
