import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import metrics
from evaluation.run import missed_gates
from evaluation.runner import QuestionOutcome
from evaluation.suites import Question

QUESTION = Question(id="q", language="zh", text="砍树", item="felling", facet="fee", style="plain")


def outcome(first=True, wrong=False, confidence=0.9, ranked=(("felling", "fee"),), **more):
    told = {
        "question": QUESTION, "resolved": first, "first": first, "wrong": wrong, "choices": 0, "kinds": ("answer",),
        "given": ("felling", "fee"), "confidence": confidence, "ranked": ranked, "language_right": True,
    }  # fmt: skip
    return QuestionOutcome(**{**told, **more})


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_a_rate_lies_within_its_interval_and_shows_what_it_was_counted_from(hits):
    told = metrics.rate(hits)
    assert 0 <= told.low <= told.value <= told.high <= 1
    assert (told.numerator, told.denominator) == (sum(hits), len(hits))


def test_a_rate_that_saw_no_failure_still_has_a_width():
    told = metrics.rate([True] * 20)
    assert told.value == 1 and told.low == pytest.approx(0.8316, abs=1e-3)


def test_a_rate_of_nothing_is_no_number():
    assert math.isnan(metrics.rate([]).value)


def test_ranking_counts_the_place_of_the_first_right_entry():
    told = metrics.ranking([outcome(ranked=(("a", "fee"), ("felling", "fee")))])
    assert told["R@1"] == 0 and told["R@3"] == 1 and told["RR@10"] == 0.5


def test_calibration_error_is_the_gap_between_confidence_and_truth():
    told = [outcome(confidence=0.75, first=place < 1) for place in range(2)]
    bins, error = metrics.reliability(told)
    assert [(one.count, one.right) for one in bins] == [(2, 0.5)] and error == pytest.approx(0.25)


def test_risk_grows_as_less_sure_answers_are_counted():
    told = [outcome(confidence=0.9), outcome(confidence=0.5, first=False)]
    assert metrics.risk_and_coverage(told) == [(0.5, 0.0), (1.0, 0.5)]


def test_a_difference_that_may_be_chance_has_a_large_p_value():
    better, worse, p_value = metrics.better_or_worse([True, False] * 5, [False, True] * 5)
    assert (better, worse) == (5, 5) and p_value == pytest.approx(1.0)
    assert metrics.better_or_worse([False] * 12, [True] * 12)[2] < 0.001


def test_a_missed_gate_is_named_with_its_bound(tmp_path):
    gates = tmp_path / "gates.toml"
    gates.write_text('[[gate]]\nmeasure = "wrong"\nlanguage = "all"\nmost = 0.03\n')
    figures = {"test": {"wrong": {"all": {"value": 0.05}}}}
    assert missed_gates(figures, gates) == ["wrong (all) is 0.050, should be at most 0.03"]
    figures["test"]["wrong"]["all"]["value"] = 0.03
    assert missed_gates(figures, gates) == []
