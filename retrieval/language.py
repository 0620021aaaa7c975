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


def detect(text: str) -> LanguageCode | None:
    """The language of the text: Han characters against Latin words; None where it has neither ("2", "👍").

    One Latin word weighs as much as two Han characters, so that 「我的 billboard 要不要 permit」 stays Chinese and
    "what is 渣土证" stays English.
    """
    han, latin = len(_HAN.findall(text)), len(_LATIN_WORD.findall(text))
    if not han and not latin:
        return None
    return "zh" if han >= 2 * latin or (han >= latin and han >= 4) else "en"


def normalise(text: str) -> str:
    """The text in simplified characters, half width, lower case, single blanks.

    Unicode NFKC folds full-width forms; OpenCC's t2s folds traditional characters.
    """
    folded = _BLANKS.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    return _to_simplified().convert(folded).lower() if _HAN.search(folded) else folded.lower()


@cache
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
