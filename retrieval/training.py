"""Fitting the reader to a base: heads on all examples, joins and thresholds on what the heads had not seen."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from knowledge.base import KnowledgeBase
from knowledge.schema import Facet
from retrieval import fusion
from retrieval.embedding_cache import EmbeddingCache
from retrieval.forms import SILENT, Example, composed, examples, held_out, situations
from retrieval.fusion import ConditionalLogit
from retrieval.heads import Committee, NgramHead, fit_committee, fit_ngram_head
from retrieval.lexical import Segmenter
from retrieval.reading import Reader, Thresholds, entry_features, item_features, logs
from retrieval.signals import Layout, Signals

if TYPE_CHECKING:
    from retrieval.index import LanguageIndex

WRONG_ITEM_RISK = 0.05
"""Stated bound on the share of questions that get an entry of another item as their answer.

It holds for questions told like the held-out situations, most of which avoid every official word; on the suites, which
are asked as visitors ask, the share is well below (docs/evaluation.md)."""
WRONG_FACET_RISK = 0.075
"""Stated bound on the share of questions that get another facet of the right item; the right one is then offered."""
MISSED_RISK = 0.03
"""Stated bound on the share of our own questions that are taken for none of ours."""

SHARES = {"told": 0.5, "composed": 0.15, "silent": 0.1, "none": 0.25}
"""What is expected at the desk: told questions about our items, plain ones, bare follow-ups, and what is not ours.

The join learns from it how likely each is before a word is read; the corpus has them in other proportions."""


@dataclass(frozen=True)
class JoinLessons:
    """What the joins and thresholds are fitted on: messages that the heads had not learnt from, as features with gold.

    The arrays are shaped as retrieval.fusion.fit takes them: `item_x` and `item_gold` have a row for every message,
    `entry_x`, `entry_gold`, `available` and `entry_facet` one for every message with a right entry, over the entries of
    its own item. `kinds` and `entry_kinds` (keys of SHARES) say what each row is; composed messages come last.
    """

    item_x: np.ndarray
    item_gold: np.ndarray
    kinds: tuple[str, ...]
    entry_x: np.ndarray
    entry_gold: np.ndarray
    available: np.ndarray
    entry_facet: np.ndarray
    entry_kinds: tuple[str, ...]


def fit_reader(
    base: KnowledgeBase,
    languages: Mapping[str, LanguageIndex],
    segmenter: Segmenter,
    cache: EmbeddingCache,
    progress: Callable[[str], None] = lambda step: None,
) -> Reader:
    """The reader for a base.

    The joins and thresholds are fitted on the fifth of told situations, bare facet questions and composed ones that
    neither the encoder (retrieval.adaptation) nor, at that point, the heads have learnt from: they are new to them,
    as a visitor's messages are. The heads that are kept then learn from everything.
    """
    progress("embedding situations")
    lessons = join_lessons(base, languages, segmenter, cache)
    progress("fitting the joins")
    item_join, entry_join, thresholds = fit_joins(lessons)
    written, told = _taught(base)
    everything = [*written, *told, *composed(base)]
    progress("fitting the heads")
    heads = _heads(everything, cache.vectors([one.text for one in everything]))
    return Reader(*heads, item_join, entry_join, thresholds)


def join_lessons(
    base: KnowledgeBase, languages: Mapping[str, LanguageIndex], segmenter: Segmenter, cache: EmbeddingCache
) -> JoinLessons:
    """The held-out messages as the joins see them, by heads that learnt from all the others."""
    written, told = _taught(base)
    turns = [*told, *composed(base)]
    written_vectors, vectors = (cache.vectors([one.text for one in group]) for group in (written, turns))
    layouts = {language: Layout(base, found.forms, language, segmenter) for language, found in languages.items()}

    unseen = np.array([held_out(one.text) for one in turns])
    seen = [one for one, is_unseen in zip(turns, unseen, strict=True) if not is_unseen]
    committee, ngrams = _heads([*written, *seen], np.vstack([written_vectors, vectors[~unseen]]))
    asked, asked_vectors = [one for one, is_unseen in zip(turns, unseen, strict=True) if is_unseen], vectors[unseen]
    item_logs, facet_logs = logs(committee, ngrams, [one.text for one in asked], asked_vectors)
    kinds = [_kind(one, base, place < len(told)) for place, one in enumerate(turns) if unseen[place]]

    signals = [_signals(one, vector, languages, layouts) for one, vector in zip(asked, asked_vectors, strict=True)]
    item_x = np.stack(
        [
            item_features(head, committee.items, found, layouts[one.language])
            for one, head, found in zip(asked, item_logs, signals, strict=True)
        ]
    )
    item_gold = np.stack([_gold_item(one, tuple(base.items)) for one in asked])
    ours = [place for place, one in enumerate(asked) if one.item_id in base.items and one.facet is not None]
    entry_x, entry_gold, available, entry_facet, kept = _entry_questions(
        [asked[i] for i in ours],
        [facet_logs[i] for i in ours],
        [signals[i] for i in ours],
        base,
        layouts,
    )
    entry_kinds = tuple(kinds[ours[place]] for place in kept)
    return JoinLessons(item_x, item_gold, tuple(kinds), entry_x, entry_gold, available, entry_facet, entry_kinds)


def fit_joins(lessons: JoinLessons) -> tuple[ConditionalLogit, ConditionalLogit, Thresholds]:
    """The join of items, the join of entries of an item, and the thresholds on what they make of the told messages.

    Without told messages nothing can be promised, so that nothing is answered at once and nothing taken for outside.
    """
    item_join = fusion.fit(lessons.item_x, lessons.item_gold, _importance(lessons.kinds))
    entry_join = fusion.fit(lessons.entry_x, lessons.entry_gold, _importance(lessons.entry_kinds), lessons.available)
    # Only told messages calibrate: what is put together from names is too easy to promise anything by.
    spoken = lessons.kinds.index("composed")
    of_told = [row for row, kind in enumerate(lessons.entry_kinds) if kind == "told"]
    facets = np.exp(entry_join.log_probabilities(lessons.entry_x, lessons.available))
    thresholds = _thresholds(
        np.exp(item_join.log_probabilities(lessons.item_x[:spoken])), lessons.item_gold[:spoken],
        _facet_masses(facets, lessons.entry_facet)[of_told],
        _facet_masses(lessons.entry_gold, lessons.entry_facet)[of_told] > 0,
        [kind == "told" for kind in lessons.kinds[:spoken]],
    )  # fmt: skip
    return item_join, entry_join, thresholds


def _taught(base: KnowledgeBase) -> tuple[list[Example], list[Example]]:
    """What is written in the base and names an item, and what is told: situations and bare facet questions."""
    written: list[Example] = []
    bare: list[Example] = []
    for example in examples(base):
        (bare if example.item_id == SILENT else written).append(example)
    return written, [*situations(base), *bare]


def lessons_of(base: KnowledgeBase) -> str:
    """A hash of everything that the reader learns from: two bases with the same one get the same reader.

    Answers are not among it: they are searched, not learnt.
    """
    digest = hashlib.sha256()
    for one in (*examples(base), *situations(base), *composed(base)):
        digest.update(f"{one.language}|{one.item_id}|{one.also}|{one.facet}|{one.text}\0".encode())
    for entry in base.entries.values():
        digest.update(f"{entry.entry_id}|{entry.facet}|{entry.is_situation}\0".encode())
    return digest.hexdigest()[:32]


def _heads(taught: Sequence[Example], vectors: np.ndarray) -> tuple[Committee, NgramHead]:
    """What may be about several items teaches each of them. Both kinds of head use one core each, side by side."""
    with_facet = [(one.text, one.facet.value) for one in taught if one.facet is not None]
    texts, facets = zip(*with_facet, strict=True)
    rows = [(row, item_id) for row, one in enumerate(taught) for item_id in (one.item_id, *one.also)]
    facets_of_rows = [facet.value if (facet := taught[row].facet) else None for row, _ in rows]
    with ThreadPoolExecutor(1) as beside:
        ngrams = beside.submit(fit_ngram_head, texts, facets)
        committee = fit_committee(vectors[[row for row, _ in rows]], [item_id for _, item_id in rows], facets_of_rows)
        return committee, ngrams.result()


def _signals(
    one: Example, vector: np.ndarray, languages: Mapping[str, LanguageIndex], layouts: Mapping[str, Layout]
) -> Signals:
    found = languages[one.language]
    cosines, places = found.nearest(vector)
    return layouts[one.language].signals(one.text, places, cosines, found.lexical.scores(one.text))


def _kind(one: Example, base: KnowledgeBase, is_told: bool) -> str:
    if not is_told:
        return "composed"
    if one.item_id == SILENT:
        return "silent"
    return "told" if one.item_id in base.items else "none"


def _importance(kinds: Sequence[str]) -> np.ndarray:
    counts = Counter(kinds)
    return np.array([SHARES[kind] / counts[kind] for kind in kinds])


def _gold_item(one: Example, item_ids: tuple[str, ...]) -> np.ndarray:
    gold = np.zeros(len(item_ids) + 2, dtype=bool)
    place = len(item_ids) if one.item_id == SILENT else len(item_ids) + 1
    ours = [item_ids.index(item_id) for item_id in (one.item_id, *one.also) if item_id in item_ids]
    gold[ours or [place]] = True
    return gold


def _entry_questions(
    questions: Sequence[Example],
    facets: Sequence[np.ndarray],
    signals: Sequence[Signals],
    base: KnowledgeBase,
    layouts: Mapping[str, Layout],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, list[int]]:
    """Features, gold, availability and facets of the entries of each question's own item, padded to the largest item.

    Last, the positions of the questions that have a right entry at all.
    """
    rows, kept = [], []
    for place, (one, of_facets, found) in enumerate(zip(questions, facets, signals, strict=True)):
        layout = layouts[one.language]
        own = np.flatnonzero(layout.entry_item == layout.item_ids.index(one.item_id))
        assert one.facet is not None
        gold: np.ndarray = layout.entry_facet[own] == list(Facet).index(one.facet)
        if gold.any():
            rows.append((entry_features(of_facets, found, layout)[own], gold, layout.entry_facet[own]))
            kept.append(place)
    widest = max(len(gold) for _, gold, _ in rows)
    features = np.zeros((len(rows), widest, rows[0][0].shape[1]))
    golds, available = np.zeros((2, len(rows), widest), dtype=bool)
    entry_facet = np.zeros((len(rows), widest), dtype=np.int64)
    for place, (own_features, gold, own_facet) in enumerate(rows):
        width = len(gold)
        features[place, :width], golds[place, :width], entry_facet[place, :width] = own_features, gold, own_facet
        available[place, :width] = True
    return features, golds, available, entry_facet, kept


def _facet_masses(values: np.ndarray, entry_facet: np.ndarray) -> np.ndarray:
    """Each facet's sum over the entries of it, shape (questions, facets); padding holds zeros."""
    masses = np.zeros((len(values), len(Facet)))
    np.add.at(masses, (np.arange(len(values))[:, None], entry_facet), values)
    return masses


def _thresholds(
    items: np.ndarray, item_gold: np.ndarray, facets: np.ndarray, facet_gold: np.ndarray, ours: Sequence[bool]
) -> Thresholds:
    """`items` and `item_gold` have a column for each item, "names no item" and "none of ours"; `facets` one a facet."""
    best = items[:, :-2].argmax(axis=1)
    confidence = items[np.arange(len(items)), best]
    wrong_item = ~item_gold[np.arange(len(items)), best]
    picked = facets.argmax(axis=1)
    wrong_facet = ~facet_gold[np.arange(len(facets)), picked]
    none = items[np.array(ours), -1]
    return Thresholds(
        item=fusion.risk_controlled_threshold(confidence, wrong_item, WRONG_ITEM_RISK),
        facet=fusion.risk_controlled_threshold(facets.max(axis=1), wrong_facet, WRONG_FACET_RISK),
        none=float(np.quantile(none, 1 - MISSED_RISK, method="higher")) if len(none) else 1.0,
    )
