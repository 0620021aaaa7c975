"""Word search: jieba's words for Chinese, stemless lower-case words for Latin script, BM25 over forms."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import bm25s
import jieba
import numpy as np

jieba.setLogLevel(logging.WARNING)

_WORD = re.compile(r"[a-z0-9]+|[㐀-䶿一-鿿豈-﫿]+")
_PLURAL = re.compile(r"(?<=[a-z]{3})(?:es|s)$")


class Segmenter:
    """Splits normalised text into words; knows `names`, those of the items, as words of their own."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self._cut = jieba.Tokenizer()
        self._lock = threading.Lock()
        self._cut.initialize()
        for name in self.names:
            self._cut.add_word(name)

    def words(self, text: str) -> list[str]:
        """The words of a normalised text; long Chinese words also give their parts, English plurals their singular."""
        found: list[str] = []
        for run in _WORD.findall(text):
            if run[0].isascii():
                found.append(_PLURAL.sub("", run))
            else:
                with self._lock:
                    found += self._cut.cut_for_search(run)
        return found


class LexicalIndex:
    """BM25 (Lucene's variant) over a sequence of texts, addressed by position."""

    def __init__(self, segmenter: Segmenter, bm25: bm25s.BM25 | None) -> None:
        self._segmenter, self._bm25 = segmenter, bm25

    @classmethod
    def build(cls, segmenter: Segmenter, texts: Sequence[str]) -> LexicalIndex:
        """An index of the texts; without texts every search finds nothing."""
        if not texts:
            return cls(segmenter, None)
        bm25 = bm25s.BM25(method="lucene")
        bm25.index([segmenter.words(text) for text in texts], show_progress=False)
        return cls(segmenter, bm25)

    @classmethod
    def load(cls, segmenter: Segmenter, folder: Path) -> LexicalIndex:
        """The index that `save` wrote to `folder`."""
        return cls(segmenter, bm25s.BM25.load(folder) if any(folder.iterdir()) else None)

    def save(self, folder: Path) -> None:
        """Write the index into `folder`."""
        folder.mkdir()
        if self._bm25 is not None:
            self._bm25.save(folder)

    def scores(self, text: str) -> np.ndarray:
        """The BM25 score of every indexed text, float32, shape (texts,); zeros where no word is known."""
        if self._bm25 is None:
            return np.zeros(0, dtype=np.float32)
        known = [word for word in self._segmenter.words(text) if word in self._bm25.vocab_dict]
        if not known:
            return np.zeros(self._bm25.scores["num_docs"], dtype=np.float32)
        return np.asarray(self._bm25.get_scores(known), dtype=np.float32)
