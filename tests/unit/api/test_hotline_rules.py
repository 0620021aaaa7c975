"""The hotline's rules without a service: what a leg can become, what can be dialled, and how the rate is counted."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from api.clock import now
from api.hotline.address import AddressKind, parse
from api.hotline.life import FOLLOWING, OVER, CallFailure, CallState, Kind, LegState, over
from api.hotline.rate import count
from api.hotline.record import call_moved, finish
from api.oversight.counting import Days
from api.storage.hotline import CallEvent
from api.storage.hotline_models import CallRow

DAY = Days(dt.date(2026, 11, 24), dt.date(2026, 11, 24))
CALL = "0" * 32


@given(st.lists(st.sampled_from(LegState), max_size=12))
def test_whatever_news_comes_in_whatever_order_a_leg_is_over_once_and_stays_so(news):
    state, passed = LegState.DIALLING, [LegState.DIALLING]
    for told in news:
        if told in FOLLOWING[state]:
            state = told
            passed.append(state)
    assert len(set(passed)) == len(passed)
    assert sum(seen in OVER for seen in passed) <= 1
    assert (LegState.FAILED in passed) <= (LegState.ANSWERED not in passed)


@pytest.mark.parametrize("state", sorted(set(LegState) - OVER))
def test_a_telephone_that_is_put_down_has_ended_if_it_was_answered_and_failed_otherwise(state):
    answered = state in (LegState.ANSWERED, LegState.BRIDGED)
    assert over(state) is (LegState.ENDED if answered else LegState.FAILED)


@pytest.mark.parametrize(
    ("told", "kind", "dialled"),
    [
        ("021 5208 1234", AddressKind.PHONE, "+862152081234"),
        ("138-0013-8000", AddressKind.PHONE, "+8613800138000"),
        ("8101", AddressKind.EXTENSION, "8101"),
        ("sip:window.1@10.0.0.5:5070", AddressKind.SIP, "sip:window.1@10.0.0.5:5070"),
    ],
)
def test_chinese_numbers_extensions_and_sip_addresses_can_be_dialled(told, kind, dialled):
    assert (parse(told).kind, parse(told).text) == (kind, dialled)


@given(st.text(max_size=40))
def test_what_is_dialled_never_holds_a_character_that_means_something_to_an_exchange(text):
    try:
        dialled = parse(text).text
    except ValueError:
        return
    assert not set(dialled) & set(",&()|/\\${}<>\"'; \n")
    assert dialled.isascii()


def events_of(call, operator, family, fate):
    """A call that began and was then connected, has failed for a reason, or (None) still rings."""
    kind, failure = (Kind.CONNECTED, None) if fate == "connected" else (Kind.FAILED, fate)
    decided = [CallEvent(call, kind, failure, operator, family)] if fate else []
    return [CallEvent(call, Kind.STARTED, None, operator, family), *decided]


def test_the_rate_leaves_out_only_calls_whose_operator_did_not_answer():
    fates = {"a": "connected", "b": "connected", "c": CallFailure.GIVEN_UP, "d": CallFailure.NOBODY_ON_DUTY}
    fates |= {"e": CallFailure.OPERATOR_UNREACHABLE, "f": None}
    told = [event for call, fate in fates.items() for event in events_of(call, "li", "trees", fate)]
    rates = count(told, DAY)
    rate = rates.total
    assert (rate.connected, rate.asked, rate.rate) == (2, 4, 2 / 4)
    assert (rate.not_counted, rate.still_open, rate.is_met) == (1, 1, False)
    for of_all in (rates.operators["li"], rates.families["trees"]):
        assert (of_all.connected, of_all.asked, of_all.low, of_all.high) == (2, 4, rate.low, rate.high)


def test_a_call_counts_for_who_began_it_and_for_what_it_was_about():
    told = [
        *events_of("a", "li", "trees", "connected"),
        *events_of("b", "li", None, CallFailure.NOBODY_ANSWERED),
        *events_of("c", "wang", "trees", CallFailure.HUNG_UP),
        *events_of("d", "chen", "waste", CallFailure.OPERATOR_UNREACHABLE),
    ]
    rates = count(told, DAY)
    of = {name: (found.connected, found.asked) for name, found in (rates.operators | rates.families).items()}
    assert of == {"li": (1, 2), "wang": (0, 1), "trees": (1, 2), None: (0, 1)}


@given(
    st.dictionaries(
        st.text("0123456789abcdef", min_size=1, max_size=2),
        st.tuples(
            st.sampled_from(["li", "wang"]),
            st.sampled_from(["trees", "waste", None]),
            st.sampled_from(["connected", None, *CallFailure]),
        ),
    )
)
def test_operators_and_families_each_add_up_to_all_calls(calls):
    rates = count([event for call, told in calls.items() for event in events_of(call, *told)], DAY)
    for parts in (rates.operators.values(), rates.families.values()):
        assert sum(part.connected for part in parts) == rates.total.connected
        assert sum(part.asked for part in parts) == rates.total.asked


async def test_a_call_is_finished_once_and_nothing_of_it_can_be_changed(database):
    row = CallRow(
        id=CALL, operator="li", purpose="", item_id=None, family=None, by_hand=True, state=CallState.RINGING.value,
        failure=None, line=[], callback_sealed="x", called_back_at=None, started_at=now(), ended_at=None,
    )  # fmt: skip
    async with database.writing() as work:
        await work.hotline.add(row)
        await call_moved(work, CALL, Kind.STARTED)
        assert await finish(work, CALL, CallState.FAILED, CallFailure.GIVEN_UP)
        assert not await finish(work, CALL, CallState.ENDED)
        await work.commit()
    async with database.writing() as work:
        assert await work.hotline.mark_called_back(CALL, now())
        assert not await work.hotline.mark_called_back(CALL, now())
        await work.commit()
    async with database.writing() as work:
        (started, failed) = await work.hotline.events([CALL])
        assert (started.kind, failed.kind) == (Kind.STARTED, Kind.FAILED)
        failed.kind = Kind.CONNECTED.value
        with pytest.raises(DBAPIError, match="only ever added to"):
            await work.commit()
