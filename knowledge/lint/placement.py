"""Each similar question stands under the entry that it is nearest to, and no two entries ask nearly the same.

A question is compared with the *mean* of each entry's other questions, in the space of the encoder that has learnt this
domain. A question between two entries of one item is normal and left alone, and so are bare fragments that sound like
many entries; one that is clearly nearer to an entry of another item than to its own is in the wrong place, or asks in
words that only the other entry answers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from knowledge.lint.written import Written
from knowledge.loader import Fault
from knowledge.schema import Language

NEARER_BY = 0.5
"""By how much more another item's entry must be nearer; docs/decisions/0004 has how many questions that finds."""
NEARLY_THE_SAME = 0.985
"""From which cosine on two questions of different entries are the same question."""
_BLOCK = 1024


def faults(written: Written) -> Iterator[Fault]:
    """Questions nearer to another item's entry than to their own, and near-duplicates across entries."""
    if written.embed is None:
        return
    for language in Language:
        places = [
            (item_id, slug, number, text)
            for item_id, slug, spec, _ in written.specs()
            for number, text in enumerate((spec.question[language], *spec.similar[language]))
        ]
        if places:
            yield from _of_language(written, language, places)


def _of_language(written: Written, language: Language, places: list[tuple[str, str, int, str]]) -> Iterator[Fault]:
    assert written.embed is not None
    vectors = written.embed([text for *_, text in places])
    names = [f"{item_id}.{slug}" for item_id, slug, _, _ in places]
    entries = list(dict.fromkeys(names))
    owner = np.array([entries.index(name) for name in names])
    item_of_entry = np.array([name.partition(".")[0] for name in entries])
    counts = np.bincount(owner)
    sums = np.zeros((len(entries), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, owner, vectors)
    means = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    without = sums[owner] - vectors
    own = (vectors * without).sum(axis=1) / np.maximum(np.linalg.norm(without, axis=1), 1e-9)
    for begin in range(0, len(places), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        to_means = vectors[block] @ means.T
        to_means[item_of_entry[None, :] == item_of_entry[owner[block]][:, None]] = -1.0
        twins = vectors[block] @ vectors.T
        twins[owner[None, :] == owner[block][:, None]] = -1.0
        for row, place in enumerate(range(begin, min(begin + _BLOCK, len(places)))):
            item_id, slug, number, text = places[place]
            path = (
                ("entries", slug, "similar", language.value, number - 1)
                if number
                else ("entries", slug, "question", language.value)
            )
            nearest = int(to_means[row].argmax())
            if number and counts[owner[place]] > 1 and to_means[row, nearest] > own[place] + NEARER_BY:
                yield written.fault(
                    item_id, path, f"{text!r} is nearer to {entries[nearest]} than to its own entry; move or reword it"
                )
            twin = int(twins[row].argmax())
            if twins[row, twin] >= NEARLY_THE_SAME and twin < place:
                yield written.fault(
                    item_id, path, f"{text!r} is nearly {places[twin][3]!r} of {names[twin]}; keep one of them"
                )
