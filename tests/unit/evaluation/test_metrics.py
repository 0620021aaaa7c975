import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import metrics
from evaluation.outcomes import CaseOutcome, QuestionOutcome, TurnOutcome
from evaluation.rates import better_or_worse, rate
from evaluation.suites import Gold, Question

QUESTION = Question(id="q", language="zh", text="砍树", item="felling", facet="fee", style="plain")


def outcome(first=True, wrong=False, confidence=0.9, ranked=(("felling", "fee"),), **more):
    told = {
        "question": QUESTION, "resolved": first, "first": first, "wrong": wrong, "choices": 0, "kinds": ("answer",),
        "given": ("felling", "fee"), "confidence": confidence, "ranked": ranked, "language_right": True,
    }  # fmt: skip
    return QuestionOutcome(**{**told, **more})


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_a_rate_lies_within_its_interval_and_shows_what_it_was_counted_from(hits):
    told = rate(hits)
    assert 0 <= told.low <= told.value <= told.high <= 1
    assert (told.numerator, told.denominator) == (sum(hits), len(hits))


def test_a_rate_that_saw_no_failure_still_has_a_width():
    told = rate([True] * 20)
    assert told.value == 1 and told.low == pytest.approx(0.8316, abs=1e-3)


def test_a_rate_of_nothing_is_no_number():
    assert math.isnan(rate([]).value)


def test_ranking_counts_the_place_of_the_first_right_entry():
    told = metrics.ranking([outcome(ranked=(("a", "fee"), ("felling", "fee")))])
    assert told["entry"]["R@1"] == 0 and told["entry"]["R@3"] == 1 and told["entry"]["RR@10"] == 0.5


def test_ranking_asks_for_one_of_the_accepted_entries_and_not_for_all_of_them():
    question = QUESTION.model_copy(update={"also": (Gold(item="relocation", facet="fee"),)})
    told = metrics.ranking([outcome(question=question, ranked=(("relocation", "fee"), ("a", "fee")))])
    assert told["entry"] == told["item"] == {"R@1": 1, "R@3": 1, "R@5": 1, "RR@10": 1, "nDCG@10": 1}


def test_a_right_item_with_another_facet_first_is_right_for_the_item_alone():
    told = metrics.ranking([outcome(ranked=(("felling", "where"), ("felling", "fee")))])
    assert told["item"]["R@1"] == 1 and told["entry"]["RR@10"] == 0.5


def case(*turns):
    told = tuple(TurnOutcome(kind, accepted, True, 10.0) for kind, accepted in turns)
    return CaseOutcome("d", "zh", "ask-human", True, "", "", told)


def test_offering_a_person_is_precise_where_the_suite_accepts_it_and_recalled_where_nothing_else_would_do():
    told = metrics.escalation(
        [outcome(kinds=("clarify", "handoff"))],
        [case(("handoff", ("handoff",)), ("text", ("handoff",)), ("handoff", ("text", "handoff")), ("handoff", ()))],
    )
    assert (told.precision.numerator, told.precision.denominator) == (2, 3)
    assert (told.recall.numerator, told.recall.denominator) == (1, 2)


def test_latency_counts_every_reply_that_somebody_waited_for():
    told = metrics.latency([outcome(waited_ms=(10.0, 30.0))], [case(("answer", ()))])
    assert (told.p50_ms, told.replies) == (10.0, 3)
    assert math.isnan(metrics.latency([], []).p95_ms)


def test_a_reply_that_calls_a_person_is_not_contained_whatever_came_before():
    told = [outcome(), outcome(kinds=("clarify", "handoff"))]
    assert metrics.QUESTION_MEASURES["contained"](told).numerator == 1


def test_a_distortion_is_shown_beside_the_clean_question():
    told = metrics.robustness([((("a", "fee"),), outcome()), ((("felling", "where"),), outcome())])
    assert [told.item.numerator, told.item_clean.numerator] == [1, 2]
    assert [told.entry.numerator, told.entry_clean.numerator] == [0, 2]


def test_calibration_error_is_the_gap_between_confidence_and_truth():
    told = [outcome(confidence=0.75, first=place < 1) for place in range(2)]
    bins, error = metrics.reliability(told)
    assert [(one.count, one.right) for one in bins] == [(2, 0.5)] and error == pytest.approx(0.25)


def test_risk_grows_as_less_sure_answers_are_counted():
    told = [outcome(confidence=0.9), outcome(confidence=0.5, first=False)]
    assert metrics.risk_and_coverage(told) == [(0.5, 0.0), (1.0, 0.5)]


def test_a_difference_that_may_be_chance_has_a_large_p_value():
    better, worse, p_value = better_or_worse([True, False] * 5, [False, True] * 5)
    assert (better, worse) == (5, 5) and p_value == pytest.approx(1.0)
    assert better_or_worse([False] * 12, [True] * 12)[2] < 0.001
