"""Which language a conversation goes on in."""

from __future__ import annotations

import re

from api.conversation import LanguageName
from retrieval.language import detect

_TOO_SHORT_TO_TELL = re.compile(r"^[^\w]*[A-Za-z]{1,3}[^\w]*$")
"""One short Latin word ("ok", "hi", "PDF") is typed by people of either language."""

_PREFERRED = re.compile(r"^\s*(zh|en)\b", re.IGNORECASE)


def follow(text: str, current: LanguageName) -> LanguageName:
    """The language of the text ("zh" or "en"); the current one where the text does not tell."""
    return current if _TOO_SHORT_TO_TELL.match(text) else detect(text) or current


def preferred(accept_language: str | None) -> LanguageName:
    """The language that the browser asks for first, of the two that we speak; Chinese where it asks for neither."""
    ranges: list[tuple[float, int, LanguageName]] = []
    for place, part in enumerate((accept_language or "").split(",")[:20]):
        name, _, weight = part.partition(";q=")
        if match := _PREFERRED.match(name):
            ranges.append((-_weight(weight), place, "en" if match[1].lower() == "en" else "zh"))
    return min(ranges)[2] if ranges else "zh"


def _weight(told: str) -> float:
    try:
        return float(told) if told.strip() else 1.0
    except ValueError:
        return 0.0
