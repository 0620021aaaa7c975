"""When the desk is open: Chinese working days, with public holidays and make-up days, and this desk's own hours.

The days come from the State Council's yearly notices (chinesecalendar). A year that the installed release does not know
yet counts Monday to Friday without the holidays whose dates the law itself fixes (1 January, 1 and 2 May, 1 to 3
October); the others, and make-up days, are then wrong until the package is updated. What hangs on it is small: with
nobody online a visitor gets a ticket in any case, and any helper may accept at any hour. Nobody is told when the desk
opens next where that day may be a holiday, and `bangban doctor` says a month ahead that the calendar ends.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import chinese_calendar

from api.clock import SHANGHAI

FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Months and days. Source: 全国年节及纪念日放假办法, as revised in 2024."""
FARTHEST_DAYS = 30
_HOURS = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class OfficeHours:
    """From `opens` to `closes`, in minutes of a day in Shanghai, on working days or on every day."""

    opens: int
    closes: int
    every_day: bool = False

    @classmethod
    def of(cls, told: str, every_day: bool = False) -> OfficeHours:
        """The hours written as "9:00-17:00" ("0:00-24:00": round the clock). Raises ValueError for anything else."""
        found = _HOURS.fullmatch(told.strip())
        if found:
            hour, minute, end_hour, end_minute = map(int, found.groups())
            opens, closes = hour * 60 + minute, end_hour * 60 + end_minute
            if minute < 60 and end_minute < 60 and opens < closes <= _DAY_MINUTES:
                return cls(opens, closes, every_day)
        raise ValueError('hours are written like "9:00-17:00", within one day')

    def is_open(self, moment: dt.datetime) -> bool:
        """Whether the desk is open at this moment (any zone)."""
        local = moment.astimezone(SHANGHAI)
        return self._serves(local.date()) and self.opens <= local.hour * 60 + local.minute < self.closes

    def next_opening(self, moment: dt.datetime) -> dt.datetime | None:
        """The next time that it opens, in UTC; None while it is open, and where the calendar does not reach so far."""
        if self.is_open(moment):
            return None
        local = moment.astimezone(SHANGHAI)
        for days in range(FARTHEST_DAYS):
            day = local.date() + dt.timedelta(days)
            if not (self.every_day or is_published(day.year)):
                return None
            opening = dt.datetime.combine(day, dt.time(self.opens // 60, self.opens % 60), SHANGHAI)
            if self._serves(day) and opening > local:
                return opening.astimezone(dt.UTC)
        return None

    def _serves(self, day: dt.date) -> bool:
        return self.every_day or is_working_day(day)


def is_working_day(day: dt.date) -> bool:
    """Whether people work in China on this day; for a year without a published calendar, see the module."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5 and (day.month, day.day) not in FIXED_HOLIDAYS


def working_day_after(day: dt.date, count: int) -> dt.date:
    """The `count`-th working day after a day, which itself is not counted; `count` is at least 1."""
    while count:
        day += dt.timedelta(1)
        count -= is_working_day(day)
    return day


def is_published(year: int) -> bool:
    """Whether the installed calendar knows the year."""
    try:
        chinese_calendar.is_workday(dt.date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def unpublished_year(day: dt.date) -> int | None:
    """The year that the installed calendar does not know, where the day or one of the next FARTHEST_DAYS lies in it."""
    return next((year for year in (day.year, (day + dt.timedelta(FARTHEST_DAYS)).year) if not is_published(year)), None)
