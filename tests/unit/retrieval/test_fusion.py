import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.fusion import fit, risk_controlled_threshold


def test_the_join_learns_which_feature_tells_the_right_option():
    random = np.random.default_rng(0)
    features = random.normal(size=(300, 4, 2))
    gold = np.zeros((300, 4), dtype=bool)
    gold[np.arange(300), features[:, :, 0].argmax(axis=1)] = True
    join = fit(features, gold, np.ones(300))
    assert join.weights[0] > 5 * abs(join.weights[1])
    picked = join.log_probabilities(features).argmax(axis=1)
    assert gold[np.arange(300), picked].mean() > 0.97


def test_probabilities_sum_to_one_over_the_options_that_there_are():
    features = np.random.default_rng(1).normal(size=(20, 3, 2))
    gold, available = np.zeros((20, 3), dtype=bool), np.ones((20, 3), dtype=bool)
    gold[:, 0], available[:, 2] = True, False
    logs = fit(features, gold, np.ones(20), available).log_probabilities(features, available)
    assert np.allclose(np.exp(logs).sum(axis=1), 1) and np.all(np.exp(logs[:, 2]) == 0)


def test_a_question_that_weighs_nothing_teaches_nothing():
    features = np.array([[[1.0], [0.0]], [[1.0], [0.0]]])
    gold = np.array([[True, False], [False, True]])
    assert (
        fit(features, gold, np.array([1.0, 0.0])).weights[0] > 0 > fit(features, gold, np.array([0.0, 1.0])).weights[0]
    )


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80),
    st.sampled_from([0.03, 0.1, 0.5]),
)
def test_answering_from_the_threshold_keeps_the_stated_risk(questions, risk):
    confidence = np.array([one for one, _ in questions])
    wrong = np.array([one for _, one in questions])
    threshold = risk_controlled_threshold(confidence, wrong, risk)
    answered = confidence >= threshold
    assert not answered.any() or (wrong[answered].sum() + 1) / (len(questions) + 1) <= risk


def test_the_threshold_answers_as_much_as_the_risk_allows():
    confidence = np.linspace(1, 0, 100)
    wrong = np.arange(100) >= 90
    assert risk_controlled_threshold(confidence, wrong, 0.05) == pytest.approx(confidence[93])


def test_where_no_threshold_keeps_the_promise_nothing_is_answered():
    assert risk_controlled_threshold(np.array([0.9, 0.8]), np.array([True, False]), 0.03) > 1
