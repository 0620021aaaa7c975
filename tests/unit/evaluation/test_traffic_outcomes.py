"""What becomes of real visitors' questions: told in minutes after noon, one letter for each thing that happens."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from evaluation.resolution import Outcome, Step
from evaluation.traffic import Turn, Word, enquiries, resolution

NOON = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
MONTH_LATER = NOON + dt.timedelta(days=30)


def after(minutes):
    return NOON + dt.timedelta(minutes=minutes)


def turn(minutes, step=Step.ANSWERED, item="felling", facet="fee", session="s", **more):
    return Turn(session, after(minutes), "zh", step, item, facet, **more)


def said(minutes, resolved, session="s"):
    return Word(session, after(minutes), after(minutes), resolved)


def outcomes(turns, *words):
    return [one.outcome for one in enquiries(turns, words)]


def test_a_question_back_and_the_answer_chosen_are_one_enquiry():
    turns = [turn(0, Step.ASKED_BACK, item="other"), turn(1, typed=False)]
    assert outcomes(turns) == [Outcome.UNCONFIRMED]


def test_follow_ups_about_other_facets_belong_to_the_enquiry():
    assert outcomes([turn(0), turn(1, facet="time_limit"), turn(2, facet="where")]) == [Outcome.UNCONFIRMED]


def test_another_item_begins_another_enquiry():
    found = enquiries([turn(0), turn(1, item="signboard")], [])
    assert [(one.item_id, one.outcome) for one in found] == [
        ("felling", Outcome.UNCONFIRMED), ("signboard", Outcome.UNCONFIRMED),
    ]  # fmt: skip


def test_the_visitors_word_is_about_the_enquiry_whose_reply_it_names():
    turns = [turn(0), turn(2, item="signboard")]
    assert outcomes(turns, said(1, True)) == [Outcome.CONFIRMED, Outcome.UNCONFIRMED]
    assert outcomes(turns, said(3, False)) == [Outcome.UNCONFIRMED, Outcome.UNRESOLVED]


def test_the_last_word_about_an_enquiry_counts():
    words = [Word("s", after(0), after(5), True), Word("s", after(0), after(1), False)]
    assert outcomes([turn(0)], *words) == [Outcome.CONFIRMED]


def test_asking_again_for_what_was_answered_counts_against_the_first_answer():
    assert outcomes([turn(0), turn(1)]) == [Outcome.UNRESOLVED, Outcome.UNCONFIRMED]
    assert outcomes([turn(0), turn(1)], said(0.5, True)) == [Outcome.UNRESOLVED, Outcome.UNCONFIRMED]


def test_choosing_an_option_that_leads_to_the_same_answer_is_not_asking_again():
    assert outcomes([turn(0), turn(1, typed=False)]) == [Outcome.UNCONFIRMED]


def test_coming_back_to_an_item_within_seven_days_counts_against_and_later_does_not():
    day = 24 * 60
    assert outcomes([turn(0), turn(6 * day, facet="where")]) == [Outcome.UNRESOLVED, Outcome.UNCONFIRMED]
    assert outcomes([turn(0), turn(8 * day)]) == [Outcome.UNCONFIRMED, Outcome.UNCONFIRMED]


def test_comparing_two_items_to_and_fro_is_not_asking_again():
    turns = [turn(0), turn(1, item="relocation"), turn(2, facet="time_limit")]
    assert outcomes(turns) == [Outcome.UNCONFIRMED] * 3


def test_what_happens_in_another_session_says_nothing_about_this_one():
    assert outcomes([turn(0), turn(1, session="t")]) == [Outcome.UNCONFIRMED] * 2


def test_leaving_after_a_failure_is_abandoned_and_thanks_change_nothing():
    assert outcomes([turn(0, Step.FAILED), turn(1, Step.SMALL_TALK)]) == [Outcome.ABANDONED]
    assert outcomes([turn(0), turn(1, Step.SMALL_TALK)]) == [Outcome.UNCONFIRMED]


def test_a_person_called_by_the_pages_button_escalates_the_enquiry():
    assert outcomes([turn(0), turn(1, Step.HANDED_OVER, item=None)]) == [Outcome.ESCALATED]


def test_what_is_none_of_the_desks_business_is_counted_apart():
    found = enquiries([turn(0), turn(1, Step.REFERRED, item=None), turn(100, Step.SMALL_TALK, item=None)], [])
    told = resolution(found, MONTH_LATER)
    assert told.apart == {Outcome.REFERRED: 1, Outcome.SMALL_TALK: 1}
    assert (told.at_most.numerator, told.at_most.denominator) == (1, 1)


def test_an_enquiry_that_goes_on_is_in_no_share():
    told = resolution(enquiries([turn(0)], []), after(10))
    assert (told.still_open, told.at_most.denominator) == (1, 0)
    assert resolution(enquiries([turn(0)], []), after(31)).unsettled == 1


TURNS = st.lists(
    st.builds(
        turn,
        st.integers(0, 20_000),
        st.sampled_from(Step),
        st.sampled_from(("felling", "signboard", None)),
        st.sampled_from(("fee", "where")),
        st.sampled_from(("s", "t")),
        typed=st.booleans(),
        new_topic=st.booleans(),
    ),
    max_size=25,
)
WORDS = st.lists(st.builds(said, st.integers(0, 20_000), st.booleans(), st.sampled_from(("s", "t"))), max_size=5)


@given(TURNS, WORDS)
def test_every_enquiry_ends_in_exactly_one_way_and_none_is_lost(turns, words):
    told = resolution(enquiries(turns, words), MONTH_LATER)
    counted = told.at_most.denominator
    assert sum(share.numerator for share in told.shares.values()) == counted
    assert {share.denominator for share in told.shares.values()} == {counted}
    assert counted + sum(told.apart.values()) + told.still_open == len(enquiries(turns, words))
    assert told.shares[Outcome.CONFIRMED].numerator <= told.spoke.numerator


@given(TURNS)
def test_without_a_word_nothing_is_confirmed(turns):
    assert resolution(enquiries(turns, []), MONTH_LATER).shares[Outcome.CONFIRMED].numerator == 0
