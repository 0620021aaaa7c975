"""Texts cut into words, as arrays: what was cut for one index need not be cut again for the next."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.text_keys import keys_of, places_of


@dataclass(frozen=True)
class CutTexts:
    """The words of a sequence of texts, as numbers.

    `keys` and `lengths` have a row for each text; `words` are the numbers of the first text's words, then the second's…
    """

    keys: np.ndarray
    lengths: np.ndarray
    words: np.ndarray

    @classmethod
    def load(cls, path: Path) -> CutTexts | None:
        """What `save` wrote; None where there is no such file, or a damaged one."""
        with contextlib.suppress(OSError, ValueError, KeyError, EOFError), np.load(path, allow_pickle=False) as parts:
            return cls(parts["keys"], parts["lengths"], parts["words"])
        return None

    def save(self, path: Path) -> None:
        """Write everything to one .npz file."""
        np.savez(path, allow_pickle=False, keys=self.keys, lengths=self.lengths, words=self.words)

    def of_each(self) -> list[list[int]]:
        """The words of each text."""
        words, ends = self.words.tolist(), np.cumsum(self.lengths).tolist()
        return [words[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def cut(texts: Sequence[str], words_of: Callable[[str], Sequence[int]], known: CutTexts | None) -> CutTexts:
    """The texts cut by `words_of`, but for those that are `known`."""
    keys = keys_of(texts)
    known = known or CutTexts(keys_of([]), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32))
    order = np.argsort(known.keys)
    places = places_of(keys, known.keys[order])
    new = [words_of(text) for text, place in zip(texts, places, strict=True) if place < 0]

    # Every text is a run in what was known and what is new, one after the other; the runs are then put together.
    stock = np.concatenate([known.words, np.array([word for words in new for word in words], dtype=np.int32)])
    known_starts = np.cumsum(known.lengths, dtype=np.int64) - known.lengths
    new_lengths = np.array([len(words) for words in new], dtype=np.int32)
    lengths, starts = np.empty(len(texts), dtype=np.int32), np.empty(len(texts), dtype=np.int64)
    is_known = places >= 0
    lengths[is_known] = known.lengths[order][places[is_known]]
    starts[is_known] = known_starts[order][places[is_known]]
    lengths[~is_known] = new_lengths
    starts[~is_known] = len(known.words) + np.cumsum(new_lengths, dtype=np.int64) - new_lengths
    shift = starts - (np.cumsum(lengths, dtype=np.int64) - lengths)
    return CutTexts(keys, lengths, stock[np.arange(lengths.sum()) + np.repeat(shift, lengths)])
