"""Word search: jieba's words for Chinese, stemless lower-case words for Latin script, BM25 over forms."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import bm25s
import jieba
import numpy as np

from retrieval.cut_texts import CutTexts, cut

CUT_TEXTS, NAMES = "cut-texts.npz", "names.json"

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

    def __init__(self, segmenter: Segmenter, bm25: bm25s.BM25 | None, cut_texts: CutTexts | None = None) -> None:
        self._segmenter, self._bm25, self._cut_texts = segmenter, bm25, cut_texts

    @classmethod
    def build(cls, segmenter: Segmenter, texts: Sequence[str], before: Path | None = None) -> LexicalIndex:
        """An index of the texts; without texts every search finds nothing.

        Texts that stand in the index that was saved in `before` are not cut into words again, where that knew the same
        names; the index is the same with and without.
        """
        if not texts:
            return cls(segmenter, None)
        known, vocabulary = _known(before, segmenter)

        def words_of(text: str) -> list[int]:
            return [vocabulary.setdefault(word, len(vocabulary)) for word in segmenter.words(text)]

        cut_texts = cut(texts, words_of, known)
        bm25 = bm25s.BM25(method="lucene")
        bm25.index((cut_texts.of_each(), vocabulary), show_progress=False)
        return cls(segmenter, bm25, cut_texts)

    @classmethod
    def load(cls, segmenter: Segmenter, folder: Path) -> LexicalIndex:
        """The index that `save` wrote to `folder`."""
        return cls(segmenter, bm25s.BM25.load(folder) if any(folder.iterdir()) else None)

    def save(self, folder: Path) -> None:
        """Write the index that was built into `folder`."""
        folder.mkdir()
        if self._bm25 is not None and self._cut_texts is not None:
            self._bm25.save(folder)
            self._cut_texts.save(folder / CUT_TEXTS)
            (folder / NAMES).write_text(json.dumps(self._segmenter.names, ensure_ascii=False), encoding="utf-8")

    def scores(self, text: str) -> np.ndarray:
        """The BM25 score of every indexed text, float32, shape (texts,); zeros where no word is known."""
        if self._bm25 is None:
            return np.zeros(0, dtype=np.float32)
        known = [word for word in self._segmenter.words(text) if word in self._bm25.vocab_dict]
        if not known:
            return np.zeros(self._bm25.scores["num_docs"], dtype=np.float32)
        return np.asarray(self._bm25.get_scores(known), dtype=np.float32)


def _known(before: Path | None, segmenter: Segmenter) -> tuple[CutTexts | None, dict[str, int]]:
    """The texts that the index in `before` cut with the same names, and its vocabulary."""
    with contextlib.suppress(OSError, ValueError):
        if before is not None and json.loads((before / NAMES).read_text(encoding="utf-8")) == list(segmenter.names):
            vocabulary = bm25s.BM25.load(before, mmap=True).vocab_dict
            if (known := CutTexts.load(before / CUT_TEXTS)) is not None:
                return known, vocabulary
    return None, {}
