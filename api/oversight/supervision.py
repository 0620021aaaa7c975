"""The desk's figures for any days: read from the stored events, counted, and shaped for the API and the CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping

from api.clock import now, today
from api.desk.schemas import both
from api.hotline import rate
from api.hotline.schemas import ConnectionOut
from api.oversight.counting import DIGITS, Days, Share, Tally, count_stored
from api.oversight.measures import MEASURES
from api.oversight.schemas import (
    FamilyFiguresOut,
    FiguresOut,
    HelperFiguresOut,
    ShareOut,
    SharesOut,
    StandingOut,
    SupervisionOut,
)
from api.problems import NoSuchDays
from api.schemas import BothOut
from api.services import Services
from knowledge.schema import Family

MOST_DAYS = 366
_STANDING = ("waiting", "to_be_called", "active", "longest_wait_s", "opened")
_SHARE = ("count", "of", "share", "low", "high")
_HOTLINE = ("connected", "asked", "rate", "low", "high", "target")
HEADINGS = (
    "from", "to", "scope", "id", "name_zh", "name_en", *_STANDING,
    *(f"{measure}_{part}" for measure in MEASURES for part in _SHARE), *(f"hotline_{part}" for part in _HOTLINE),
)  # fmt: skip
"""The CSV's columns: the API's names, so that what reads one can read the other."""


def days_of(first: dt.date | None, last: dt.date | None) -> Days:
    """The days asked for: today in Shanghai unless told otherwise. Raises NoSuchDays."""
    last = last or max(today(), first or today())
    first = first or min(today(), last)
    if first > last or (last - first).days >= MOST_DAYS:
        raise NoSuchDays(MOST_DAYS)
    return Days(first, last)


async def supervise(services: Services, days: Days) -> SupervisionOut:
    """Everything that supervisors see."""
    moment = now()
    async with services.database.reading() as work:
        counted = await count_stored(work, days)
        calls = await rate.rates(work, days)
        names = {row.username: row.display_name for row in await work.accounts.everyone()}
        is_open, overdue = await work.follow_ups.open_and_overdue(today())
    return SupervisionOut(
        at=moment,
        first=days.first,
        last=days.last,
        total=FiguresOut(now=_standing(counted.total), opened=counted.total.opened, shares=_shares(counted.total)),
        helpers=[
            HelperFiguresOut(
                helper=helper,
                helper_name=names.get(helper or ""),
                active=tally.active,
                shares=_shares(tally),
                hotline=connection,
            )
            for helper, tally, connection in _side_by_side(counted.helpers, calls.operators)
        ],
        families=[
            FamilyFiguresOut(
                family=family,
                name=_family_name(services, family),
                now=_standing(tally),
                opened=tally.opened,
                shares=_shares(tally),
                hotline=connection,
            )
            for family, tally, connection in _side_by_side(counted.families, calls.families)
        ],
        hotline=calls.total,
        follow_ups_open=is_open,
        follow_ups_overdue=overdue,
    )


def as_csv(told: SupervisionOut) -> bytes:
    """The same as CSV (RFC 4180), in UTF-8 with the mark by which Excel knows it."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow(HEADINGS)
    writer.writerow(_row(told, "total", "", "", "", told.total, told.total.now, told.hotline))
    for one in told.helpers:
        name = one.helper_name or ""
        standing = StandingOut(waiting=0, to_be_called=0, active=one.active, longest_wait_s=None)
        writer.writerow(_row(told, "helper", one.helper, name, name, one, standing, one.hotline))
    for each in told.families:
        names_of = each.name or BothOut(zh="", en="")
        writer.writerow(_row(told, "family", each.family, names_of.zh, names_of.en, each, each.now, each.hotline))
    return ("\ufeff" + sheet.getvalue()).encode()


def _row(
    told: SupervisionOut,
    scope: str,
    name: str | None,
    zh: str,
    en: str,
    figures: FiguresOut | HelperFiguresOut,
    now: StandingOut,
    hotline: ConnectionOut,
) -> list[object]:
    opened = figures.opened if isinstance(figures, FiguresOut) else None
    shares = figures.shares.model_dump()
    cells = [share[part] for share in (shares[measure] for measure in MEASURES) for part in _SHARE]
    calls = hotline.model_dump()
    return [
        told.first,
        told.last,
        scope,
        *map(_plain, (name or "", zh, en)),
        *now.model_dump().values(),
        opened,
        *cells,
        *(calls.get(part) for part in _HOTLINE),  # only the rate of all calls has a target
    ]


def _plain(text: str) -> str:
    """The text as a spreadsheet must show it: a name like "=1+1" is a name, not a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _standing(tally: Tally) -> StandingOut:
    return StandingOut(
        waiting=tally.waiting,
        to_be_called=tally.to_be_called,
        active=tally.active,
        longest_wait_s=tally.longest_wait_s,
    )


def _shares(tally: Tally) -> SharesOut:
    return SharesOut(**{measure: _share(share) for measure, share in tally.shares.items()})


def _share(share: Share) -> ShareOut:
    low, high = share.bounds
    told = None if share.share is None else round(share.share, DIGITS)
    return ShareOut(count=share.count, of=share.of, share=told, low=low, high=high)


def _side_by_side(
    tallies: Mapping[str | None, Tally], calls: Mapping[str | None, ConnectionOut]
) -> Iterable[tuple[str | None, Tally, ConnectionOut]]:
    """Everyone who has tickets or calls, by name; who has none, last."""
    for name in sorted(tallies.keys() | calls.keys(), key=lambda name: (name is None, name or "")):
        yield name, tallies.get(name, Tally()), calls.get(name, rate.NO_CALLS)


def _family_name(services: Services, family: str | None) -> BothOut | None:
    return both(services.texts.families[Family(family)]) if family in set(Family) else None
