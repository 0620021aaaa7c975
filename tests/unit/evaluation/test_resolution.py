from hypothesis import given
from hypothesis import strategies as st

from evaluation.resolution import APART, Outcome, Step, outcome

STEPS = st.lists(st.sampled_from(Step), min_size=1, max_size=6)
SAID = st.sampled_from((None, True, False))
A, Q, F, R, H, T = (
    Step.ANSWERED, Step.ASKED_BACK, Step.FAILED, Step.REFERRED, Step.HANDED_OVER, Step.SMALL_TALK,
)  # fmt: skip


def test_an_answer_that_nobody_spoke_about_is_unconfirmed_and_never_resolved():
    assert outcome([Q, A, T], None) is Outcome.UNCONFIRMED


def test_leaving_after_a_question_back_or_a_failure_is_abandoned_even_after_an_earlier_answer():
    assert outcome([Q], None) is outcome([A, F], None) is outcome([A, Q], None) is Outcome.ABANDONED


def test_only_the_visitors_word_confirms():
    assert outcome([A], True) is Outcome.CONFIRMED
    assert outcome([A], False) is Outcome.UNRESOLVED


def test_a_question_wrongly_sent_away_counts_against_where_the_visitor_says_so():
    assert outcome([R], None) is Outcome.REFERRED
    assert outcome([R], False) is Outcome.UNRESOLVED


def test_talk_without_a_question_is_kept_apart():
    assert outcome([T, T], None) is Outcome.SMALL_TALK


@given(STEPS, SAID, st.booleans())
def test_a_conversation_that_called_a_person_is_escalated_whatever_else_happened(steps, said, again):
    assert outcome([*steps, H], said, again) is Outcome.ESCALATED


@given(STEPS, st.sampled_from((None, True)))
def test_asking_again_is_never_better_than_not_asking_again(steps, said):
    assert outcome(steps, said, asked_again=True) in {Outcome.UNRESOLVED, Outcome.ESCALATED}


@given(STEPS)
def test_nothing_said_is_never_confirmed(steps):
    assert outcome(steps, None) is not Outcome.CONFIRMED


@given(STEPS, SAID)
def test_what_was_answered_is_never_counted_apart(steps, said):
    assert outcome([A, *steps], said) not in APART
