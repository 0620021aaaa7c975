"""The desk's rules that need no database: hours, waits, offers, elapsed time, sealing, transitions, figures."""

import datetime as dt
import os
from zoneinfo import ZoneInfo

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from api.desk.elapsed import Elapsed
from api.desk.hours import OfficeHours, is_published, is_working_day, unpublished_year
from api.desk.life import TRANSITIONS, TicketState
from api.desk.offers import Candidate, choose
from api.desk.promotions import figures
from api.desk.sealing import ContactKeyUnusable, Sealer
from api.desk.waiting import STEP_S, Pace, expected_wait_s
from api.settings import Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
MEASURED = Pace([20.0] * 5, [300.0] * 5)


def at(day: str, clock: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=SHANGHAI).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-11-24", True),
        ("2026-11-28", False),
        ("2026-02-14", True),  # a Saturday that makes up for the Spring Festival
        ("2026-02-17", False),  # the Spring Festival, a Tuesday
        ("2026-10-10", True),
    ],
)
def test_holidays_and_make_up_days_are_those_of_the_state_councils_notice(day, works):
    assert is_published(2026) and is_working_day(dt.date.fromisoformat(day)) is works


LAST_KNOWN = max(year for year in range(2026, 2100) if is_published(year))


def test_a_year_without_a_published_calendar_has_weekdays_and_the_holidays_that_the_law_fixes():
    assert not is_published(2099)
    assert not is_working_day(dt.date(2099, 1, 1)) and not is_working_day(dt.date(2099, 10, 1))
    assert is_working_day(dt.date(2099, 1, 2)) and not is_working_day(dt.date(2099, 1, 3))


def test_the_desk_opens_and_closes_by_shanghais_clock():
    hours = OfficeHours.of("9:00-17:00")
    assert not hours.is_open(at("2026-11-24", "08:59")) and hours.is_open(at("2026-11-24", "09:00"))
    assert hours.is_open(at("2026-11-24", "16:59")) and not hours.is_open(at("2026-11-24", "17:00"))


def test_the_next_opening_jumps_over_weekends_and_holidays():
    hours = OfficeHours.of("9:00-17:00")
    assert hours.next_opening(at("2026-11-27", "18:00")) == at("2026-11-30", "09:00")
    assert hours.next_opening(at("2026-02-14", "18:00")) == at("2026-02-24", "09:00")
    assert hours.next_opening(at("2026-11-24", "10:00")) is None


def test_no_opening_is_promised_on_a_day_that_may_be_a_holiday_for_all_the_calendar_knows():
    new_years_eve, spring = at(f"{LAST_KNOWN}-12-31", "23:00"), at(f"{LAST_KNOWN + 1}-03-10", "23:00")
    assert OfficeHours.of("9:00-17:00").next_opening(new_years_eve) is None
    assert OfficeHours.of("9:00-17:00").next_opening(spring) is None
    every_day = OfficeHours.of("9:00-17:00", every_day=True)
    assert every_day.next_opening(new_years_eve) == at(f"{LAST_KNOWN + 1}-01-01", "09:00")


def test_that_the_calendar_ends_is_told_a_month_ahead():
    assert unpublished_year(dt.date(LAST_KNOWN, 12, 1)) is None
    assert unpublished_year(dt.date(LAST_KNOWN, 12, 2)) == LAST_KNOWN + 1
    assert unpublished_year(dt.date(LAST_KNOWN + 1, 6, 1)) == LAST_KNOWN + 1


@pytest.mark.parametrize("told", ["", "9-17", "17:00-9:00", "9:00-24:01", "9:61-10:00", "always"])
def test_hours_that_make_no_sense_are_refused(told):
    with pytest.raises(ValueError, match="hours are written like"):
        OfficeHours.of(told)


def test_whoever_finds_a_free_place_waits_as_long_as_offers_take():
    assert expected_wait_s(1, online=1, busy=0, pace=MEASURED) == 20
    assert expected_wait_s(2, online=1, busy=1, pace=MEASURED) == 20


def test_whoever_finds_none_also_waits_for_conversations_to_end():
    # One helper with 3 places, all taken: the second in line needs two ends, of which one comes every 300 / 3 s.
    assert expected_wait_s(2, online=1, busy=3, pace=MEASURED) == 20 + 2 * 100


@pytest.mark.parametrize(
    ("online", "busy", "pace"),
    [(0, 0, MEASURED), (1, 0, Pace([20.0] * 4, [300.0] * 5)), (1, 3, Pace([20.0] * 5, [300.0] * 4))],
)
def test_what_was_not_measured_is_not_promised(online, busy, pace):
    assert expected_wait_s(1, online, busy, pace) is None


@given(st.integers(1, 50), st.integers(1, 20), st.integers(0, 80), st.lists(st.floats(0, 600), min_size=5))
def test_a_later_place_never_waits_less_and_another_helper_never_makes_it_longer(position, online, busy, waits):
    pace = Pace(waits, [240.0] * 5)
    wait_s = expected_wait_s(position, online, busy, pace)
    assert wait_s is not None and wait_s % STEP_S == 0
    assert wait_s <= expected_wait_s(position + 1, online, busy, pace)
    assert wait_s >= expected_wait_s(position, online + 1, busy, pace)


def candidate(name, load=0, skills="", languages=""):
    return Candidate(name, frozenset(skills.split()), frozenset(languages.split()), load)


def test_an_offer_goes_to_the_least_loaded_of_those_who_fit_best():
    helpers = [candidate("li", 2, "trees"), candidate("wang", 1, "trees"), candidate("zhao", 0, "parks")]
    assert choose(helpers, "trees", "zh", []) == "wang"
    assert choose(helpers, None, "zh", []) == "zhao"


def test_the_language_comes_before_the_family():
    helpers = [candidate("li", 0, "trees", "zh"), candidate("wang", 5, "parks", "zh en")]
    assert choose(helpers, "trees", "en", []) == "wang"


def test_who_let_an_offer_lapse_is_asked_again_only_after_everybody():
    helpers = [candidate("li"), candidate("wang", 3)]
    assert choose(helpers, None, "zh", ["li"]) == "wang"
    assert choose(helpers, None, "zh", ["li", "wang"]) == "li"
    assert choose([], None, "zh", []) is None


def test_elapsed_time_is_measured_on_the_monotonic_clock_whatever_the_stored_moments_say():
    ticking = [100.0]
    elapsed = Elapsed(lambda: ticking[0])
    assert elapsed.since_change("li", "a moment next year") == 0.0
    ticking[0] += 27.0
    assert elapsed.since_change("li", "a moment next year") == 27.0
    assert elapsed.since_change("li", "a moment last year") == 0.0  # the wall clock was set back: still a sign of life


def test_a_contact_is_unreadable_without_its_key_and_the_key_file_is_its_owners_alone(tmp_path):
    sealer = Sealer(Settings(data_dir=tmp_path))
    sealed = sealer.seal("13812345678")
    assert "138" not in sealed and Sealer(Settings(data_dir=tmp_path)).open(sealed) == "13812345678"
    assert os.stat(tmp_path / "contact.key").st_mode & 0o777 == 0o600
    with pytest.raises(ContactKeyUnusable, match="another key"):
        Sealer(Settings(data_dir=tmp_path, contact_key=Fernet.generate_key().decode())).open(sealed)


def test_a_key_can_be_changed_without_losing_what_it_sealed(tmp_path):
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    sealed = Sealer(Settings(data_dir=tmp_path, contact_key=old)).seal("a@b.cn")
    assert Sealer(Settings(data_dir=tmp_path, contact_key=f"{new},{old}")).open(sealed) == "a@b.cn"
    assert not (tmp_path / "contact.key").exists()


def test_every_way_through_a_tickets_life_starts_queued_and_can_end():
    reachable = {TicketState.QUEUED}
    for _ in TicketState:
        reachable |= {after for before, after in TRANSITIONS.values() if before in reachable}
    assert reachable == set(TicketState)
    assert all(before is not TicketState.RESOLVED for before, _ in TRANSITIONS.values())


def test_figures_are_compared_within_their_unit():
    assert figures("20个工作日内，收费100元") == {"工作日": {20.0}, "元": {100.0}}
    assert figures("within 20 working days, 100 yuan") == {"working day": {20.0}, "yuan": {100.0}}
