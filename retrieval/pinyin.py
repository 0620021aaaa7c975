"""Chinese that was typed in pinyin, without tones and with or without blanks: "zhuangxiu laji zenme ban" →
装修垃圾怎么办.

The words of the base and of told situations, spelt in pinyin, make a small dictionary. The letters are cut into the
likeliest sequence of its words by dynamic programming (a unigram model; Viterbi 1967). What is not nearly all pinyin
is left alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from copy import copy
from functools import cache

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PINYIN_DICT
from pypinyin.style import convert

from knowledge.base import KnowledgeBase
from knowledge.schema import Language
from retrieval.language import normalise
from retrieval.lexical import Segmenter

LEAST_SYLLABLES, LEAST_SHARE = 3, 0.85
"""From how many syllables, and which share of its letters in whole syllables, a text counts as pinyin."""
LEAST_IN_WORDS = 0.4
"""Which share of the characters must belong to words of several."""
LEAST_WITHIN = 0.7
"""The same where the pinyin stands within an English sentence, whose words may look like it."""
LONGEST_WORD = 24
_HAN_WORD = re.compile(r"^[㐀-䶿一-鿿]+$")
_LETTERS = re.compile(r"[a-zü]+")
_LATIN_RUN = re.compile(r"[a-z]+(?: [a-z]+)*")


class PinyinReader:
    """Reads pinyin with the words of one base: the Chinese ones, with how often they occur, and the English ones."""

    def __init__(self, words: Mapping[str, int], english: Iterable[str] = ()) -> None:
        self._english = frozenset(english)
        best: dict[str, tuple[float, str]] = {}
        total = sum(words.values()) or 1
        for word, count in words.items():
            spelt = "".join(lazy_pinyin(word, errors="ignore")).replace("ü", "v")
            # A longer word explains more letters at once, which its lower frequency must not outweigh.
            cost = -math.log(count / total) - 1.5 * (len(word) - 1)
            if spelt and (spelt not in best or cost < best[spelt][0]):
                best[spelt] = cost, word
        self._words = best

    def beside(self, english: Iterable[str]) -> PinyinReader:
        """A reader with the same Chinese words, beside other English ones."""
        other = copy(self)
        other._english = frozenset(english)
        return other

    def read(self, text: str) -> str | None:
        """The Chinese that a normalised text spells; None where it is not nearly all pinyin."""
        tokens = [token.replace("ü", "v") for token in _LETTERS.findall(text)]
        syllables = [_syllables(token) for token in tokens]
        letters = sum(map(len, tokens))
        spelt = sum(len(token) for token, count in zip(tokens, syllables, strict=True) if count)
        if not letters or spelt < LEAST_SHARE * letters or sum(syllables) < LEAST_SYLLABLES:
            return None
        words = [word for run in _runs(text) for word in self._cut("".join(run))]
        # "are you sure" spells syllables, too: whole words must explain them, not characters one by one.
        in_words = sum(len(word) for word in words if len(word) > 1)
        return "".join(words) if in_words >= LEAST_IN_WORDS * sum(map(len, words)) > 0 else None

    def read_within(self, text: str) -> str | None:
        """A normalised English text with the pinyin in it read ("the zhatu zheng" → "the 渣土证"); None without any."""
        read = _LATIN_RUN.sub(lambda run: self._read_run(run[0]), text)
        return read if read != text else None

    def _read_run(self, run: str) -> str:
        """The longest stretches of tokens that are foreign to English and spell whole words, in Chinese."""
        tokens, read = run.split(" "), []
        while tokens:
            size = next((n for n in range(len(tokens), 0, -1) if self._spells(tokens[:n])), 0)
            read.append("".join(self._cut("".join(tokens[:size]))) if size else tokens[0])
            tokens = tokens[size or 1 :]
        return " ".join(read)

    def _spells(self, tokens: list[str]) -> bool:
        if any(token in self._english for token in tokens):
            return False
        syllables = [_syllables(token) for token in tokens]
        if not all(syllables) or sum(syllables) < LEAST_SYLLABLES:
            return False
        words = self._cut("".join(tokens))
        return bool(words) and sum(len(word) for word in words if len(word) > 1) >= LEAST_WITHIN * sum(map(len, words))

    def _cut(self, letters: str) -> list[str]:
        """The likeliest words that spell the letters; none where no sequence does."""
        costs, cuts = [0.0] + [math.inf] * len(letters), [(0, "")] * (len(letters) + 1)
        for end in range(1, len(letters) + 1):
            for begin in range(max(0, end - LONGEST_WORD), end):
                found = self._words.get(letters[begin:end])
                if found is not None and costs[begin] + max(found[0], 0.1) < costs[end]:
                    costs[end], cuts[end] = costs[begin] + max(found[0], 0.1), (begin, found[1])
        words: list[str] = []
        end = len(letters) if math.isfinite(costs[-1]) else 0
        while end:
            end, word = cuts[end]
            words.insert(0, word)
        return words


def words_of(base: KnowledgeBase, segmenter: Segmenter) -> Counter[str]:
    """How often each Chinese word, and each character, stands in the questions and situations of a base."""
    counts: Counter[str] = Counter()
    for text in chinese(base):
        for word in segmenter.words(normalise(text)):
            if _HAN_WORD.match(word):
                counts[word] += 1
                counts.update(dict.fromkeys(word, 1) if len(word) > 1 else {})
    return counts


def chinese(base: KnowledgeBase) -> Iterable[str]:
    """The texts whose words are counted."""
    for item in base.items.values():
        yield from item.names(Language.ZH)
    for entry in base.entries.values():
        yield entry.question.zh
        yield from entry.similar.zh
    for spec in base.facets.values():
        yield from spec.asked.zh
    for told in base.situations:
        if told.language == Language.ZH:
            yield told.text


def _runs(text: str) -> Iterable[list[str]]:
    """Tokens between punctuation marks: a word may cross a blank, but no mark."""
    for part in re.split(r"[^a-zü\s]+", text):
        tokens = [token.replace("ü", "v") for token in _LETTERS.findall(part)]
        if tokens:
            yield tokens


def _syllables(token: str) -> int:
    """How many syllables a token is made of, the fewest; 0 where it is not."""
    known = _all_syllables()
    fewest = [0] + [99] * len(token)
    for end in range(1, len(token) + 1):
        for begin in range(max(0, end - 6), end):
            if token[begin:end] in known:
                fewest[end] = min(fewest[end], fewest[begin] + 1)
    return fewest[-1] if fewest[-1] < 99 else 0


@cache
def _all_syllables() -> frozenset[str]:
    """Every syllable of Mandarin without tones; single letters but a, e, o are interjections, not words."""
    toned = {one for several in PINYIN_DICT.values() for one in several.split(",")}
    plain = {convert(one, Style.NORMAL, strict=False).replace("ü", "v") for one in toned}
    return frozenset(one for one in plain if len(one) > 1 or one in "aeo") - {"hm", "hng", "ng"}
