from dataclasses import asdict

import pytest

from evaluation import gates
from evaluation.rates import Rate
from evaluation.replay import measures


@pytest.fixture
def limit(tmp_path):
    path = tmp_path / "gates.toml"
    path.write_text('[[gate]]\nmeasure = "wrong"\nlanguage = "all"\nmost = 0.03\n')
    return path


def told(numerator, denominator):
    value = numerator / denominator if denominator else float("nan")
    return {"wrong": {"all": asdict(Rate(value, 0.0, 1.0, numerator, denominator))}}


def test_a_missed_limit_is_named_with_its_bound_and_what_was_counted(limit):
    assert gates.missed("gate", told(5, 100), limit) == ["wrong (all) is 0.050 (5/100), should be at most 0.03"]
    assert gates.missed("gate", told(3, 100), limit) == []


def test_a_share_of_nothing_misses_no_limit(limit):
    assert gates.missed("gate", told(0, 0), limit) == []


def test_every_limit_on_a_publish_is_on_something_that_a_replay_measures():
    plain = {name: {lang: asdict(one) for lang, one in own.items()} for name, own in measures([]).items()}
    assert gates.missed("publish", plain) == []
