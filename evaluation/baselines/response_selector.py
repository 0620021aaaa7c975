"""Rasa's own ResponseSelector, trained on the same questions: each entry is a response of one retrieval intent.

One model a language, as Rasa assistants are built, from Rasa's recommended features (words, and n-grams of 1 to 4
characters, which need no words in Chinese). Rasa's defaults are made for tens of responses: at 1,400 an epoch of them
takes three minutes on two cores. Narrower layers over the commonest n-grams take some seven seconds; with a wider
embedding, more wrong responses to tell the right one from, and the plain cross-entropy, they also find more (right
entry first on the Chinese `tune`: .09 with Rasa's embedding of 20, 20 negatives and constrained similarities, .28 so).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evaluation.baselines.corpus import DEPTH, Corpus
from evaluation.baselines.inside_rasa import INTENT
from evaluation.service import CHECKOUT

EPOCHS = 20
PYTHON = CHECKOUT / "bot" / ".venv" / "bin" / "python"
_WIDTH = {"text": 256, "label": 256}


class RasaFailed(Exception):
    """Rasa could not be trained or asked; the sentence says where its log is."""

    def __init__(self, step: str, log: Path) -> None:
        super().__init__(
            f"Rasa's ResponseSelector could not {step}: see {log}. `make install` sets its environment up; "
            "delete that folder to train anew."
        )
        self.step, self.log = step, log


def response_selector(
    corpus: Corpus, questions: Sequence[str], kept: Path, say: Callable[[str], None], epochs: int = EPOCHS
) -> list[list[str]]:
    """Entries by the confidence of their response.

    The model is kept below `kept`, named after what it was trained on; that of another base goes. Raises RasaFailed.
    """
    files = {
        "config.json": _config(epochs),
        "nlu.json": _training_data(corpus),
        "domain.json": {
            "version": "3.1",
            "intents": [INTENT],
            "responses": {f"utter_{INTENT}/{entry_id}": [{"text": entry_id}] for entry_id in _entry_ids(corpus)},
        },
    }
    texts = {name: json.dumps(content, ensure_ascii=False) for name, content in files.items()}
    folder = kept / f"{corpus.language}-{hashlib.sha256(''.join(texts.values()).encode()).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    for other in kept.glob(f"{corpus.language}-*"):
        if other != folder:
            shutil.rmtree(other)
    if not (folder / "model.tar.gz").is_file():
        say(f"training Rasa's ResponseSelector ({corpus.language}, {epochs} epochs; some minutes, then kept)")
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        _run("train", folder)
    (folder / "questions.json").write_text(json.dumps(list(questions), ensure_ascii=False), encoding="utf-8")
    _run("rank", folder)
    ranked: list[list[str]] = json.loads((folder / "ranked.json").read_text(encoding="utf-8"))
    return ranked


def _config(epochs: int) -> dict[str, Any]:
    return {
        "recipe": "default.v1",
        "assistant_id": "response-selector-baseline",
        "language": "en",  # With "zh" Rasa refuses the tokenizer; the character n-grams need no words.
        "pipeline": [
            {"name": "WhitespaceTokenizer"},
            {"name": "CountVectorsFeaturizer", "min_df": 2, "max_features": 4000},
            {
                "name": "CountVectorsFeaturizer",
                "analyzer": "char_wb",
                "min_ngram": 1,
                "max_ngram": 4,
                "min_df": 2,
                "max_features": 8000,
            },
            {
                "name": "ResponseSelector",
                "epochs": epochs,
                "random_seed": 0,
                "constrain_similarities": False,
                "embedding_dimension": 64,
                "number_of_negative_examples": 100,
                "ranking_length": DEPTH,
                "batch_size": 128,
                "batch_strategy": "sequence",
                "dense_dimension": _WIDTH,
                "concat_dimension": _WIDTH,
            },
        ],
    }


def _training_data(corpus: Corpus) -> dict[str, Any]:
    return {
        "rasa_nlu_data": {
            "common_examples": [
                {"text": form.text, "intent": f"{INTENT}/{form.entry_id}", "entities": []} for form in corpus.questions
            ]
        }
    }


def _entry_ids(corpus: Corpus) -> list[str]:
    return list(dict.fromkeys(form.entry_id for form in corpus.questions if form.entry_id is not None))


def _run(step: str, folder: Path) -> None:
    log = folder / f"{step}.log"
    script = Path(__file__).with_name("inside_rasa.py")
    with log.open("wb") as told:
        try:
            done = subprocess.run([PYTHON, script, step, folder.resolve()], cwd=folder, stdout=told, stderr=told)
        except OSError as error:
            raise RasaFailed(step, log) from error
    if done.returncode:
        raise RasaFailed(step, log)
