"""What the two searches say about one message, per item and per entry, before anything is weighed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from knowledge.base import KnowledgeBase
from knowledge.schema import Facet
from retrieval.forms import Form
from retrieval.language import normalise
from retrieval.lexical import Segmenter
from retrieval.places import is_elsewhere, is_here

TEMPERATURE = 0.1
"""How soft the maximum over an item's forms is, in units of cosine; this encoder's cosines lie within 0.7..1."""

ASKED_OFTEN = 4
"""In how many of the ways to ask for a facet a word must stand to be one that only asks: a rarer one may be what these
are about, and would make them a proof of themselves."""

NEAREST = 400
"""How many nearest forms are looked at; what lies beyond counts as far as the last of them."""


@dataclass(frozen=True)
class Signals:
    """Similarities of one message: to the nearest form of each item, shape (items,), and entry, shape (entries,).

    `…_dense` are cosines, `…_lexical` logarithms of 1 + BM25, `item_named` how much of the message is one of the item's
    names, 0..1 (0 where none of them stands in it). `asking` is the share of its words that only ask (「多久」, "how",
    "fee") and name nothing. `elsewhere` is 1 where it names a place that is not this desk's, `here` where it names one
    that is.
    """

    item_dense: np.ndarray
    item_lexical: np.ndarray
    item_named: np.ndarray
    asking: float
    elsewhere: float
    here: float
    entry_dense: np.ndarray
    entry_lexical: np.ndarray


class Layout:
    """Where each form's item and entry stand in the arrays, for the forms of one language."""

    def __init__(self, base: KnowledgeBase, forms: tuple[Form, ...], language: str, segmenter: Segmenter) -> None:
        self.item_ids = tuple(base.items)
        self.entry_ids = tuple(base.entries)
        item_at = {item_id: place for place, item_id in enumerate(self.item_ids)}
        entry_at = {entry_id: place for place, entry_id in enumerate(self.entry_ids)}
        self.form_item = np.array([item_at[form.item_id] for form in forms], dtype=np.int64)
        self.form_entry = np.array([entry_at[form.entry_id] if form.entry_id else -1 for form in forms], dtype=np.int64)
        self._by_item, self._by_entry = _grouped(self.form_item), _grouped(self.form_entry)
        self.entry_item = np.array([item_at[entry.item_id] for entry in base.entries.values()], dtype=np.int64)
        self.entry_facet = np.array([list(Facet).index(entry.facet) for entry in base.entries.values()], dtype=np.int64)
        self.is_situation = np.array([entry.is_situation for entry in base.entries.values()], dtype=np.float32)
        self.names = tuple(tuple(normalise(name) for name in item.names(language)) for item in base.items.values())
        self.compared = tuple(_neighbours(base))
        """For each item, where the items stand that it is compared with."""
        self.spaced = language == "en"
        self._segmenter = segmenter
        spoken = Counter(
            word
            for spec in base.facets.values()
            for phrase in spec.asked[language]
            for word in set(segmenter.words(normalise(phrase)))
        )
        self._asking_words = frozenset(word for word, count in spoken.items() if count >= ASKED_OFTEN)

    def signals(self, text: str, found: np.ndarray, cosines: np.ndarray, lexical: np.ndarray) -> Signals:
        """The signals of a normalised text from the nearest forms (positions and cosines) and every form's BM25."""
        lexical = np.log1p(lexical)
        of_entry = self.form_entry[found] >= 0
        return Signals(
            item_dense=_pooled(self.form_item[found], cosines, len(self.item_ids)),
            item_lexical=_highest(lexical, *self._by_item, len(self.item_ids)),
            item_named=self._named(text),
            asking=self._asking(text),
            elsewhere=float(is_elsewhere(text)),
            here=float(is_here(text)),
            entry_dense=_pooled(self.form_entry[found][of_entry], cosines[of_entry], len(self.entry_ids)),
            entry_lexical=_highest(lexical, *self._by_entry, len(self.entry_ids)),
        )

    def _asking(self, text: str) -> float:
        words = self._segmenter.words(text)
        return sum(word in self._asking_words for word in words) / len(words) if words else 1.0

    def _named(self, text: str) -> np.ndarray:
        padded = f" {text} " if self.spaced else text
        named = np.zeros(len(self.names), dtype=np.float32)
        for place, names in enumerate(self.names):
            inside = [len(name) for name in names if (f" {name} " if self.spaced else name) in padded]
            named[place] = max(inside, default=0) / max(len(text), 1)
        return named


def _neighbours(base: KnowledgeBase) -> Iterator[np.ndarray]:
    place = {item_id: number for number, item_id in enumerate(base.items)}
    compared = [{entry.item_id, *entry.compares} for entry in base.entries.values() if entry.compares]
    for item_id in base.items:
        beside = {other for several in compared if item_id in several for other in several} - {item_id}
        yield np.array(sorted(place[other] for other in beside if other in place), dtype=np.int64)


def _pooled(owners: np.ndarray, cosines: np.ndarray, count: int) -> np.ndarray:
    """Each owner's cosines pooled by a soft maximum: several near forms count for more than one; shape (count,).

    Owners without a form among them get the lowest cosine, as far as was looked.
    """
    if not len(cosines):
        return np.zeros(count, dtype=np.float32)
    highest, lowest = cosines.max(), cosines.min()
    masses = np.bincount(owners, weights=np.exp((cosines - highest) / TEMPERATURE), minlength=count)
    return highest + TEMPERATURE * np.log(masses + np.exp((lowest - highest) / TEMPERATURE))


def _highest(scores: np.ndarray, order: np.ndarray, owners: np.ndarray, starts: np.ndarray, count: int) -> np.ndarray:
    """Each owner's highest score, 0 for owners without one; shape (count,)."""
    highest = np.zeros(count, dtype=np.float32)
    if len(scores):
        highest[owners] = np.maximum.reduceat(scores[order], starts)
    return highest


def _grouped(owners: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The positions sorted by owner, the owners that there are, and where each one's run starts; negatives left out."""
    order = np.argsort(owners, kind="stable")
    order = order[owners[order] >= 0]
    present, starts = np.unique(owners[order], return_index=True)
    return order, present, starts
