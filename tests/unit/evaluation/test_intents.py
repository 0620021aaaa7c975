"""Rasa's files as it writes them, three examples in two languages, one of them told wrong."""

import json

import pytest

from evaluation import intents


@pytest.fixture
def written(tmp_path):
    def row(text, meant, told):
        return {"text": text, "intent": meant, "intent_prediction": {"name": told, "confidence": 0.9}}

    score = {"precision": 1.0, "recall": 0.5, "f1-score": 2 / 3, "support": 2, "confused_with": {"greet": 1}}
    report = {"ask": score, "accuracy": 0.66, "macro avg": {**score, "support": 3}}
    (tmp_path / intents.REPORT).write_text(json.dumps(report))
    (tmp_path / intents.RIGHT).write_text(json.dumps([row("砍树要多久", "ask", "ask"), row("hello", "greet", "greet")]))
    (tmp_path / intents.WRONG).write_text(json.dumps([row("how long", "ask", "greet")]))
    return tmp_path


def test_rasas_own_averages_are_kept_and_single_figures_left_out(written):
    told = intents.figures(written, folds=5)
    assert told["summary"]["macro avg"] == {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "examples": 3}
    assert list(told["by_intent"]) == ["ask"] and told["examples"] == 3


def test_each_language_is_averaged_over_the_intents_that_it_has_examples_of(written):
    told = intents.figures(written, folds=5)["summary"]
    assert told["macro avg, zh"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "examples": 1}
    assert told["macro avg, en"]["recall"] == 0.5


def test_a_run_without_a_single_error_has_no_file_of_errors(written):
    (written / intents.WRONG).unlink()
    assert intents.figures(written, folds=5)["examples"] == 2
