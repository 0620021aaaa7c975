"""What every baseline may search: the base's own texts, one language at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.base import KnowledgeBase
from knowledge.schema import Language
from retrieval.forms import Form, forms

DEPTH = 20
"""How many entries of a ranking are kept."""

Vectors = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Corpus:
    """The texts of one language that lead to an entry: standard and similar questions, and answers.

    `names` are the items' names in it; `vectors` gives unit vectors of texts by the plain packaged encoder.
    """

    language: str
    texts: tuple[Form, ...]
    names: tuple[str, ...]
    vectors: Vectors

    @property
    def questions(self) -> tuple[Form, ...]:
        """The texts without the answers."""
        return tuple(form for form in self.texts if not form.is_answer)


Ranker = Callable[[Corpus, Sequence[str]], list[list[str]]]
"""For each question (normalised) the ids of entries, best first, each once, at most DEPTH."""


def corpora(base: KnowledgeBase, vectors: Vectors) -> dict[str, Corpus]:
    """Language → what there is to search in it."""
    found = forms(base)
    return {
        language.value: Corpus(
            language.value,
            tuple(form for form in found if form.language == language and form.entry_id is not None),
            tuple(form.text for form in found if form.language == language and form.entry_id is None),
            vectors,
        )
        for language in Language
    }


def entries_in_order(ranked: Sequence[Form]) -> list[str]:
    """The entries that ranked texts lead to, each where its best text stands; at most DEPTH."""
    return list(dict.fromkeys(form.entry_id for form in ranked if form.entry_id is not None))[:DEPTH]
