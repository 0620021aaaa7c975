"""What the two searches say about one message, per item and per entry, before anything is weighed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knowledge.base import KnowledgeBase
from knowledge.schema import Facet
from retrieval.forms import Form
from retrieval.language import normalise

NEAREST = 400
"""How many nearest forms are looked at; what lies beyond counts as far as the last of them."""


@dataclass(frozen=True)
class Signals:
    """Similarities of one message: to the nearest form of each item, shape (items,), and entry, shape (entries,).

    `…_dense` are cosines, `…_lexical` logarithms of 1 + BM25, `item_named` how much of the message is one of the item's
    names, 0..1 (0 where none of them stands in it).
    """

    item_dense: np.ndarray
    item_lexical: np.ndarray
    item_named: np.ndarray
    entry_dense: np.ndarray
    entry_lexical: np.ndarray


class Layout:
    """Where each form's item and entry stand in the arrays, for the forms of one language."""

    def __init__(self, base: KnowledgeBase, forms: tuple[Form, ...], language: str) -> None:
        self.item_ids = tuple(base.items)
        self.entry_ids = tuple(base.entries)
        item_at = {item_id: place for place, item_id in enumerate(self.item_ids)}
        entry_at = {entry_id: place for place, entry_id in enumerate(self.entry_ids)}
        self.form_item = np.array([item_at[form.item_id] for form in forms], dtype=np.int64)
        self.form_entry = np.array([entry_at[form.entry_id] if form.entry_id else -1 for form in forms], dtype=np.int64)
        self.entry_item = np.array([item_at[entry.item_id] for entry in base.entries.values()], dtype=np.int64)
        self.entry_facet = np.array([list(Facet).index(entry.facet) for entry in base.entries.values()], dtype=np.int64)
        self.is_situation = np.array([entry.is_situation for entry in base.entries.values()], dtype=np.float32)
        self.names = tuple(
            tuple(normalise(name) for name in (item.name[language], *item.aliases[language])) for item in base.items.values()
        )
        self.spaced = language == "en"

    def signals(self, text: str, found: np.ndarray, cosines: np.ndarray, lexical: np.ndarray) -> Signals:
        """The signals of a normalised text from the nearest forms (positions and cosines) and every form's BM25."""
        floor = float(cosines.min()) if len(cosines) else 0.0
        item_dense = np.full(len(self.item_ids), floor, dtype=np.float32)
        entry_dense = np.full(len(self.entry_ids), floor, dtype=np.float32)
        item_lexical = np.zeros(len(self.item_ids), dtype=np.float32)
        entry_lexical = np.zeros(len(self.entry_ids), dtype=np.float32)
        np.maximum.at(item_dense, self.form_item[found], cosines)
        np.maximum.at(item_lexical, self.form_item, lexical)
        of_entry = self.form_entry[found] >= 0
        np.maximum.at(entry_dense, self.form_entry[found][of_entry], cosines[of_entry])
        of_entry = self.form_entry >= 0
        np.maximum.at(entry_lexical, self.form_entry[of_entry], lexical[of_entry])
        return Signals(item_dense, np.log1p(item_lexical), self._named(text), entry_dense, np.log1p(entry_lexical))

    def _named(self, text: str) -> np.ndarray:
        padded = f" {text} " if self.spaced else text
        named = np.zeros(len(self.names), dtype=np.float32)
        for place, names in enumerate(self.names):
            inside = [len(name) for name in names if (f" {name} " if self.spaced else name) in padded]
            named[place] = max(inside, default=0) / max(len(text), 1)
        return named
