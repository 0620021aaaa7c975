"""Which language a message is in, and one spelling for what looks different and means the same."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

import opencc

LanguageCode = Literal["zh", "en"]

_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ÿ]+(?:['’][a-z]+)?")
_BLANKS = re.compile(r"\s+")


_CHINESE_GRAMMAR = re.compile(r"[的了吗呢吧啊嘛要怎么什哪谁几多少不是在我你他您能可有没去到和跟被把给就也都还想请这那]")
_ENGLISH_GRAMMAR = re.compile(
    r"\b(?:what|which|who|whom|where|when|why|how|do|does|is|are|can|must|should|need|any|after|before|for|of|to|the|an?"
    r"|my|our|we|with|without|in|by|papers?|documents?|docs|forms?|fees?|costs?|price|days|deadline|permit|licen[cs]e)\b"
)


def detect(text: str) -> LanguageCode | None:
    """The language of the text: Han characters against Latin words; None where it has neither ("2", "👍").

    One Latin word weighs as much as two Han characters, so that 「我的 billboard 要不要 permit」 stays Chinese and
    "what is 渣土证" stays English. Where only English has words of grammar or asking, a Chinese name stands in an
    English sentence, however long it is: "环卫设施竣工验收, any fee" (the matrix language; Myers-Scotton 1993).
    """
    han, latin = len(_HAN.findall(text)), len(_LATIN_WORD.findall(text))
    if not han and not latin:
        return None
    if han and _ENGLISH_GRAMMAR.search(text) and not _CHINESE_GRAMMAR.search(text):
        return "en"
    return "zh" if han >= 2 * latin or (han >= latin and han >= 4) else "en"


def has_chinese(text: str) -> bool:
    """Whether there are Chinese characters in the text."""
    return _HAN.search(text) is not None


def normalise(text: str) -> str:
    """The text in simplified characters, half width, lower case, single blanks.

    Unicode NFKC folds full-width forms; OpenCC's t2s folds traditional characters.
    """
    folded = _BLANKS.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    return _to_simplified().convert(folded).lower() if has_chinese(folded) else folded.lower()


@cache
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
