"""Suite questions that are nearly the same as a text of the base: such a question proves nothing.

Texts are compared by their sets of character trigrams (Jaccard similarity), folded as a visitor's message is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from retrieval.language import normalise

NEARLY_THE_SAME = 0.8


@dataclass(frozen=True)
class NearCopy:
    """A suite's question and the text of the base that it nearly is; `likeness` is 1 for the same text."""

    case_id: str
    question: str
    text: str
    likeness: float


def near_copies(questions: Sequence[tuple[str, str]], texts: Iterable[str]) -> Iterator[NearCopy]:
    """The questions (id, text) that are at least NEARLY_THE_SAME as one of the texts, each with the nearest."""
    known = list(dict.fromkeys(texts))
    grams = [_trigrams(text) for text in known]
    holders: dict[str, list[int]] = defaultdict(list)
    for place, own in enumerate(grams):
        for gram in own:
            holders[gram].append(place)
    for case_id, question in questions:
        asked = _trigrams(question)
        # At most a fifth of the trigrams may be missing, so that of more than a fifth one is shared: the rarest are
        # looked up (prefix filtering; Chaudhuri, Ganti and Kaushik 2006), one more than that for what rounding takes.
        rarest = sorted(asked, key=lambda gram: len(holders[gram]))[: int(len(asked) * (1 - NEARLY_THE_SAME)) + 2]
        candidates = {place for gram in rarest for place in holders[gram]}
        likeness, nearest = max(((_jaccard(asked, grams[place]), place) for place in candidates), default=(0.0, -1))
        if likeness >= NEARLY_THE_SAME:
            yield NearCopy(case_id, question, known[nearest], likeness)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def _trigrams(text: str) -> frozenset[str]:
    plain = "".join(character for character in normalise(text) if character.isalnum())
    return frozenset(plain[i : i + 3] for i in range(max(1, len(plain) - 2)))
