"""Every baseline on the questions of `test`, beside what our own search found for them in the same run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.baselines import haystack_fusion, response_selector, searches
from evaluation.baselines.corpus import Corpus, Ranker, corpora
from evaluation.baselines.measures import LANGUAGES, RANKING_MEASURES, of_language
from evaluation.baselines.response_selector import RasaFailed
from evaluation.outcomes import QuestionOutcome, Ranked
from evaluation.rates import Rate, rate
from evaluation.suites import Part, Question, part_of
from knowledge import loader
from knowledge.base import KnowledgeBase
from retrieval.embedding_cache import EmbeddingCache
from retrieval.encoder import open_encoder
from retrieval.language import normalise

Say = Callable[[str], None]
Row = Mapping[str, Any]
MEASURED = Part.TEST
"""The part that is compared: Haystack takes a second a question, and nothing is improved by looking at a baseline."""
OURS = {"zh": "帮办", "en": "Bangban"}
OUR_MEASURES: Mapping[str, Callable[[QuestionOutcome], bool]] = {
    "resolved": lambda one: one.resolved,
    "resolved_in_first_reply": lambda one: one.first,
    "wrong": lambda one: one.wrong,
}
"""What only a desk that can ask back and decline can be measured by."""


@dataclass(frozen=True)
class Baseline:
    """A way to rank entries. `code` is the module that does it: when it changes, the kept rankings are made anew."""

    id: str
    name: Mapping[str, str]
    rank: Ranker
    code: Path


def measure(
    told: Sequence[QuestionOutcome], revision: str, data_dir: Path, knowledge_dir: Path, say: Say
) -> tuple[Row, ...]:
    """A row for each method, ours first: {"part", "method", "name", "rates": {measure: {language: rate}}}.

    Empty where the service that was asked serves another revision than `knowledge_dir` holds: nothing could be compared
    then. A baseline that cannot run is told of and left out. What is encoded, trained and ranked is kept below
    `data_dir`, so that a second run over the same base takes seconds.
    """
    if (here := loader.revision_of(knowledge_dir)) != revision:
        say(f"leaving the baselines out: the service serves revision {revision}, the base here is {here}")
        return ()
    asked = [one for one in told if part_of(one.question.id) is MEASURED]
    questions = [one.question for one in asked]
    kept = data_dir / "baselines"
    encoder = _PlainEncoder(data_dir, kept / "embeddings")
    base = loader.load(knowledge_dir)
    searched = corpora(base, encoder.vectors)
    methods: list[tuple[str, Mapping[str, str], list[Ranked]]] = [("bangban", OURS, [one.ranked for one in asked])]
    for baseline in baselines(kept, say):
        try:
            ranked = rankings(baseline, base, searched, questions, kept, say)
        except RasaFailed as failed:
            say(f"leaving {baseline.name['en']} out: {failed}")
            continue
        methods.append((baseline.id, baseline.name, ranked))
    encoder.save()
    return tuple(rows(methods, asked))


def baselines(kept: Path, say: Say) -> tuple[Baseline, ...]:
    """The baselines, in the order of the table; what they train is kept below `kept`."""
    selector = partial(response_selector.response_selector, kept=kept / "response-selector", say=say)
    return (
        Baseline("lexical", {"zh": "只用词（BM25）", "en": "Words alone (BM25)"}, searches.lexical, _file(searches)),
        Baseline(
            "dense",
            {"zh": "只用向量（原编码器）", "en": "Vectors alone (plain encoder)"},
            searches.dense,
            _file(searches),
        ),
        Baseline(
            "haystack",
            {"zh": "Haystack（词与向量，倒数排名融合）", "en": "Haystack (words and vectors, rank fusion)"},
            haystack_fusion.hybrid,
            _file(haystack_fusion),
        ),
        Baseline(
            "response-selector",
            {"zh": "Rasa 的 ResponseSelector", "en": "Rasa's ResponseSelector"},
            selector,
            _file(response_selector),
        ),
    )


def rankings(
    baseline: Baseline,
    base: KnowledgeBase,
    searched: Mapping[str, Corpus],
    questions: Sequence[Question],
    kept: Path,
    say: Say,
) -> list[Ranked]:
    """What a baseline finds for each question, as (item, facet); every question is searched in its own language.

    Raises RasaFailed. The entry ids are kept below `kept`.
    """
    ranked: list[Ranked] = [()] * len(questions)
    for language, corpus in searched.items():
        places = of_language(questions, language)
        texts = [normalise(questions[place].text) for place in places]
        found = _kept_or_made(kept / "rankings" / f"{baseline.id}-{language}.json", baseline, corpus, texts, say)
        for place, entry_ids in zip(places, found, strict=True):
            entries = (base.entries[entry_id] for entry_id in entry_ids)
            ranked[place] = tuple((entry.item_id, entry.facet.value) for entry in entries)
    return ranked


def rows(
    methods: Sequence[tuple[str, Mapping[str, str], Sequence[Ranked]]], asked: Sequence[QuestionOutcome]
) -> Iterator[Row]:
    """The rows of measure(), of each method's id, name and rankings in the order of what was asked."""
    questions = [one.question for one in asked]
    for method, name, ranked in methods:
        rates = rates_of(questions, ranked)
        if method == "bangban":
            rates |= {
                measured: _by_language(questions, [hit(one) for one in asked]) for measured, hit in OUR_MEASURES.items()
            }
        told = {measured: {lang: asdict(value) for lang, value in by.items()} for measured, by in rates.items()}
        yield {"part": MEASURED.value, "method": method, "name": name, "rates": told}


def rates_of(questions: Sequence[Question], ranked: Sequence[Ranked]) -> dict[str, dict[str, Rate]]:
    """Measure → language → rate, of rankings in the order of the questions."""
    return {
        name: _by_language(questions, [hit(found, one) for found, one in zip(ranked, questions, strict=True)])
        for name, hit in RANKING_MEASURES.items()
    }


def _kept_or_made(kept: Path, baseline: Baseline, corpus: Corpus, questions: list[str], say: Say) -> list[list[str]]:
    made_from = hashlib.sha256(baseline.code.read_bytes())
    for text in (
        *corpus.names,
        *(f"{form.entry_id}|{form.is_answer}|{form.text}" for form in corpus.texts),
        *questions,
    ):
        made_from.update(f"{text}\0".encode())
    fingerprint = made_from.hexdigest()
    if kept.is_file():
        told = json.loads(kept.read_text(encoding="utf-8"))
        if told["made_from"] == fingerprint:
            return told["ranked"]  # type: ignore[no-any-return]
    say(f"ranking with {baseline.name['en']} ({corpus.language})")
    ranked = baseline.rank(corpus, questions)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"made_from": fingerprint, "ranked": ranked}), encoding="utf-8")
    return ranked


def _by_language(questions: Sequence[Question], hits: Sequence[bool]) -> dict[str, Rate]:
    return {language: rate([hits[place] for place in of_language(questions, language)]) for language in LANGUAGES}


class _PlainEncoder:
    """The packaged encoder without what it has learnt of this domain; opened at the first text, its vectors kept."""

    def __init__(self, data_dir: Path, kept: Path) -> None:
        self._data_dir, self._kept = data_dir, kept

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), dimensions)."""
        return self._cache.vectors(texts)

    def save(self) -> None:
        """Keep the vectors, if there were any to make."""
        if "_cache" in self.__dict__:
            self._cache.save()

    @cached_property
    def _cache(self) -> EmbeddingCache:
        return EmbeddingCache(self._kept, open_encoder(self._data_dir, adapted=False))


def _file(module: Any) -> Path:
    return Path(module.__file__)
