"""What the desk's figures mean, by worked examples, and what calls for a follow-up."""

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.desk.hours import is_working_day, working_day_after
from api.desk.life import Happening
from api.oversight.counting import Days, Share, count
from api.oversight.follow_ups import Word
from api.oversight.measures import MEASURES
from api.oversight.reasons import TAKEN_BACK, ClosingReason
from api.oversight.schemas import SharesOut
from api.oversight.stories import DATED, TELLING, stories
from api.oversight.supervision import days_of
from api.problems import NoSuchDays
from api.settings import CHECKOUT
from api.storage.desk_events import DeskEvent

NOON = dt.datetime(2026, 11, 24, 4, tzinfo=dt.UTC)  # 12:00 in Shanghai
TODAY = Days(dt.date(2026, 11, 24), dt.date(2026, 11, 24))
MUCH_LATER = 3600.0


def told(ticket, kind, after_s, helper=None, wall_ahead_s=0.0, **detail):
    steady_at = NOON + dt.timedelta(seconds=after_s)
    return DeskEvent(kind, steady_at + dt.timedelta(seconds=wall_ahead_s), steady_at, ticket, helper, detail)


def opened(ticket="a", after_s=0.0, live=True, family="trees"):
    return told(ticket, "opened", after_s, live=live, family=family)


def accepted(after_s, helper="li", ticket="a"):
    return told(ticket, "accepted", after_s, helper)


def replied(after_s, helper="li", ticket="a"):
    return told(ticket, "first_reply", after_s, helper)


def ended(after_s, outcome="resolved", helper="li", ticket="a"):
    return told(ticket, "resolved", after_s, helper, outcome=outcome)


def counted(*events, now_s=MUCH_LATER, days=TODAY):
    return count(stories(events).values(), days, NOON + dt.timedelta(seconds=now_s))


def share(name, *events, now_s=MUCH_LATER):
    found = counted(*events, now_s=now_s).total.shares[name]
    return found.count, found.of


def test_of_two_tickets_answered_after_40_and_70_seconds_one_of_two_kept_the_minute():
    events = (
        opened("a"),
        opened("b", 10, family="waste"),
        accepted(20),
        replied(40),
        accepted(50, "wang", "b"),
        replied(80, "wang", "b"),
    )
    found = counted(*events)
    name = "first_reply_within_60s"
    assert found.total.shares[name] == Share(1, 2)
    assert {helper: tally.shares[name] for helper, tally in found.helpers.items()} == {
        "li": Share(1, 1),
        "wang": Share(0, 1),
    }
    assert {family: tally.shares[name] for family, tally in found.families.items()} == {
        "trees": Share(1, 1),
        "waste": Share(0, 1),
    }


@pytest.mark.parametrize(
    ("rule", "events", "now_s", "expected"),
    [
        ("exactly a minute keeps it", [opened(), accepted(1), replied(60)], MUCH_LATER, (1, 1)),
        ("a hair more breaks it", [opened(), accepted(1), replied(60.001)], MUCH_LATER, (0, 1)),
        ("who waits for 59 s is not counted yet", [opened()], 59, (0, 0)),
        ("who waits for 61 s was let down", [opened()], 61, (0, 1)),
        ("who left within the minute is not counted", [opened(), told("a", "abandoned", 30)], MUCH_LATER, (0, 0)),
        ("who left after it was let down", [opened(), told("a", "abandoned", 61)], MUCH_LATER, (0, 1)),
        ("who was told to come back was let down", [opened(), told("a", "unstaffed", 75)], MUCH_LATER, (0, 1)),
        ("nothing is promised with nobody on duty", [opened(live=False), accepted(900), replied(950)], 999, (0, 0)),
        (
            "whoever comes back and is told to wait counts from then",
            [opened(live=False), told("a", "resumed", 900), accepted(910), replied(930)],
            MUCH_LATER,
            (1, 1),
        ),
        (
            "a helper who vanishes does not start the minute anew",
            [opened(), accepted(5), told("a", "requeued", 40, "li"), accepted(70, "wang"), replied(75, "wang")],
            MUCH_LATER,
            (0, 1),
        ),
        ("ended without a word is no reply", [opened(), accepted(5), ended(20)], MUCH_LATER, (0, 1)),
        (
            "a service that starts anew with its clock set back makes no reply late",
            [opened(after_s=100), accepted(5), replied(20)],
            200,
            (1, 1),
        ),
    ],
    ids=lambda told: told if isinstance(told, str) else "",
)
def test_a_first_reply_within_the_minute(rule, events, now_s, expected):
    assert share("first_reply_within_60s", *events, now_s=now_s) == expected, rule


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (ended(90), (1, 1)),
        (ended(90, "unresolved"), (0, 1)),
        (ended(90, "callback"), (0, 1)),
        (told("a", "returned", 90, "li"), (0, 1)),
        (ended(90, "erased"), (0, 0)),
        (told("a", "abandoned", 90), (0, 0)),
    ],
)
def test_of_what_helpers_ended_only_the_outcome_resolved_counts_as_resolved(ending, expected):
    assert share("resolved", opened(), accepted(10), replied(20), ending) == expected


def test_the_visitors_last_word_counts_and_three_is_content():
    rated = [
        told("a", "rated", at, "li", rating=rating, resolved=ok) for at, rating, ok in [(99, 1, False), (120, 3, True)]
    ]
    events = [opened(), accepted(10), replied(20), ended(90), *rated]
    assert share("content", *events) == share("resolved_by_visitors_word", *events) == (1, 1)
    assert share("content", *events[:-1]) == share("resolved_by_visitors_word", *events[:-1]) == (0, 1)


def test_a_word_without_levels_counts_only_as_to_whether_it_was_resolved():
    events = [opened(), accepted(10), replied(20), ended(90), told("a", "rated", 99, "li", rating=None, resolved=True)]
    assert share("content", *events) == (0, 0) and share("resolved_by_visitors_word", *events) == (1, 1)


def test_who_waits_and_for_how_long_starts_anew_when_a_ticket_is_passed_on_after_the_first_words():
    found = counted(
        opened("a"),
        opened("b", 20),
        opened("c", 30, live=False),
        opened("d", 40),
        accepted(45, ticket="d"),
        accepted(50),
        replied(55),
        told("a", "transferred", 100, "li", to="wang"),
        now_s=130,
    )
    assert (found.total.waiting, found.total.to_be_called, found.total.active) == (2, 1, 1)
    assert found.total.longest_wait_s == 110
    assert found.helpers["li"].active == 1


@pytest.mark.parametrize("returning", ["transferred", "requeued"])
def test_until_the_first_words_it_is_one_wait_whoever_had_the_ticket(returning):
    back = told("a", returning, 40, "li", to="wang")
    assert counted(opened(), accepted(5), back, now_s=70).total.longest_wait_s == 70
    assert counted(opened(live=False), accepted(5), back, now_s=70).total.longest_wait_s == 65
    once_more = (accepted(45, "wang"), replied(50, "wang"), told("a", returning, 60, "wang", to="li"))
    assert counted(opened(), accepted(5), back, *once_more, now_s=70).total.longest_wait_s == 10


@pytest.mark.parametrize("ahead_s", [3600, -3600])
def test_a_wall_clock_that_jumps_meanwhile_makes_no_wait_longer_or_shorter(ahead_s):
    quick = [opened(), told("a", "accepted", 5, "li", ahead_s), told("a", "first_reply", 40, "li", ahead_s)]
    late = [opened("b"), told("b", "accepted", 5, "li", ahead_s), told("b", "first_reply", 70, "li", ahead_s)]
    assert share("first_reply_within_60s", *quick) == (1, 1)
    assert share("first_reply_within_60s", *late) == (0, 1)
    again = told("a", "transferred", 50, "li", ahead_s, to="wang")
    assert counted(*quick, again, now_s=70).total.longest_wait_s == 20


def test_a_ticket_counts_in_the_days_of_each_thing_that_happened_to_it():
    before_midnight = (dt.datetime(2026, 11, 24, 15, 59, 50, tzinfo=dt.UTC) - NOON).total_seconds()
    events = [opened(after_s=before_midnight), accepted(before_midnight + 5), replied(before_midnight + 15)]
    events.append(ended(before_midnight + 60))
    tomorrow = Days(dt.date(2026, 11, 25), dt.date(2026, 11, 25))
    first, second = counted(*events, now_s=90_000).total, counted(*events, now_s=90_000, days=tomorrow).total
    assert (first.opened, first.shares["first_reply_within_60s"], first.shares["resolved"]) == (1, Share(1, 1), Share())
    assert (second.opened, second.shares["first_reply_within_60s"], second.shares["resolved"]) == (
        0,
        Share(),
        Share(1, 1),
    )


def test_a_share_of_nothing_is_nothing_and_one_of_two_lies_between_a_tenth_and_nine_tenths():
    assert Share().share is None and Share().interval is None
    assert Share(1, 2).share == 0.5
    # Wilson, by hand: (1/2 + z²/4 ± z·√(1/8 + z²/16)) / (1 + z²/2), z = 1.959964
    assert Share(1, 2).interval == pytest.approx((0.0945, 0.9055), abs=1e-4)


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_holds_the_share_and_stays_a_share(numbers):
    low, high = Share(*numbers).interval
    assert 0 <= low <= Share(*numbers).share + 1e-9 and Share(*numbers).share - 1e-9 <= high <= 1


KINDS = st.sampled_from([kind for kind in Happening if kind in TELLING])


@given(st.lists(st.tuples(KINDS, st.sampled_from("ab"), st.floats(0, 500)), max_size=25))
def test_whatever_order_events_come_in_helpers_and_families_add_up_to_the_whole(happenings):
    detail = {"live": True, "outcome": "resolved", "resolved": True, "rating": 4, "family": "trees"}
    found = counted(*(told(one, kind, s, "li", **detail) for kind, one, s in happenings))
    for name in MEASURES:
        parts = [tally.shares[name] for tally in found.families.values()]
        assert Share(sum(part.count for part in parts), sum(part.of for part in parts)) == found.total.shares[name]
        assert found.total.shares[name].count <= found.total.shares[name].of
    assert found.total.active == sum(tally.active for tally in found.helpers.values())


def test_the_guide_and_the_page_name_every_measure_and_every_reason():
    guide = (CHECKOUT / "docs" / "supervisors-guide.md").read_text("utf-8")
    page = (CHECKOUT / "api" / "web" / "desk" / "supervision-texts.js").read_text("utf-8")
    listed = page[page.index("REASONS = [") : page.index("]", page.index("REASONS = ["))]
    assert re.findall(r'"(\w+)"', listed) == [reason.value for reason in ClosingReason]
    for name in (*ClosingReason, TAKEN_BACK):
        assert f"`{name}`" in guide and f"  reason_{name}: {{ zh:" in page, name
    for name in MEASURES:
        assert name in guide and f"  {name}: {{ zh:" in page, name


def test_the_api_and_the_figures_have_the_same_measures():
    assert list(SharesOut.model_fields) == list(MEASURES)
    assert DATED <= TELLING


@pytest.mark.parametrize(
    ("word", "is_bad"),
    [
        (Word(True, 5, None), False),
        (Word(True, 3, None), False),
        (Word(True, None, None), False),
        (Word(True, 2, None), True),
        (Word(True, 1, None), True),
        (Word(False, None, None), True),
        (Word(False, 5, None), True),
    ],
)
def test_not_resolved_or_one_of_the_two_lowest_levels_calls_for_a_follow_up(word, is_bad):
    assert word.is_bad is is_bad


@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2026-11-24", "2026-11-27"),  # Tuesday → Friday
        ("2026-11-27", "2026-12-02"),  # Friday → Wednesday
        ("2026-11-28", "2026-12-02"),  # Saturday, the same
        ("2026-02-13", "2026-02-25"),  # before the Spring Festival; the Saturday after it makes up and counts
    ],
)
def test_the_third_working_day_jumps_over_weekends_and_holidays(day, due):
    assert working_day_after(dt.date.fromisoformat(day), 3) == dt.date.fromisoformat(due)


@given(st.dates(dt.date(2025, 1, 1), dt.date(2026, 11, 30)), st.integers(1, 20))
def test_as_many_working_days_lie_up_to_the_due_day_as_were_asked_for(day, days):
    due = working_day_after(day, days)
    between = [day + dt.timedelta(step) for step in range(1, (due - day).days + 1)]
    assert is_working_day(due) and sum(map(is_working_day, between)) == days


def test_days_that_end_before_they_begin_or_are_more_than_a_year_are_refused():
    assert days_of(dt.date(2026, 1, 1), dt.date(2026, 12, 31)).last == dt.date(2026, 12, 31)
    for first, last in [("2026-11-24", "2026-11-23"), ("2025-01-01", "2026-12-31")]:
        with pytest.raises(NoSuchDays):
            days_of(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


def test_days_begin_and_end_at_midnight_in_shanghai():
    assert TODAY.begin == dt.datetime(2026, 11, 23, 16, tzinfo=dt.UTC)
    assert TODAY.hold(TODAY.begin) and not TODAY.hold(TODAY.end)
