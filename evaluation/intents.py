"""Rasa's cross-validation of the intents, read from the files that it writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.metrics import precision_recall_fscore_support

from retrieval.language import detect, normalise

REPORT, RIGHT, WRONG = "intent_report.json", "intent_successes.json", "intent_errors.json"
_AVERAGES = ("macro avg", "weighted avg")


def figures(folder: Path, folds: int) -> dict[str, Any]:
    """ "summary" (averages, also by language) and "by_intent", each name → precision, recall, f1, examples.

    Rasa's own report knows no languages: the averages by language are counted from its lists of right and wrong
    predictions, over the intents that have examples in that language. Raises OSError or ValueError for files that are
    not Rasa's.
    """
    reported = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    judged = [
        (normalise(one["text"]), one["intent"], one["intent_prediction"]["name"])
        for name in (RIGHT, WRONG)
        if (folder / name).is_file()
        for one in json.loads((folder / name).read_text(encoding="utf-8"))
    ]
    languages = {language: [one for one in judged if detect(one[0]) == language] for language in ("zh", "en")}
    return {
        "folds": folds,
        "examples": len(judged),
        "summary": {name: _score(reported[name]) for name in _AVERAGES if name in reported}
        | {f"macro avg, {language}": _macro(own) for language, own in languages.items() if own},
        "by_intent": {
            name: _score(told)
            for name, told in sorted(reported.items())
            if isinstance(told, dict) and not name.endswith(" avg")
        },
    }


def _score(told: dict[str, Any]) -> dict[str, float]:
    return {
        "precision": told["precision"], "recall": told["recall"], "f1": told["f1-score"], "examples": told["support"],
    }  # fmt: skip


def _macro(judged: Sequence[tuple[str, str, str]]) -> dict[str, float]:
    meant, told = [one[1] for one in judged], [one[2] for one in judged]
    precision, recall, f1, _ = precision_recall_fscore_support(
        meant, told, labels=sorted(set(meant)), average="macro", zero_division=0
    )
    return {"precision": float(precision), "recall": float(recall), "f1": float(f1), "examples": len(judged)}
