"""Which language a conversation goes on in."""

from __future__ import annotations

import re

from api.conversation import LanguageName
from retrieval.language import detect, normalise

_TOO_SHORT_TO_TELL = re.compile(r"^[^\w]*[A-Za-z]{1,3}[^\w]*$")
"""One short Latin word ("ok", "hi", "PDF") is typed by people of either language."""

_PREFERRED = re.compile(r"^\s*(zh|en)\b", re.IGNORECASE)


def follow(text: str, current: LanguageName) -> LanguageName:
    """The language of the text ("zh" or "en"); the current one where the text does not tell."""
    return current if _TOO_SHORT_TO_TELL.match(text) else detect(normalise(text)) or current


_ASKED_FOR: dict[LanguageName, re.Pattern[str]] = {
    "zh": re.compile(
        r"中文|[汉漢华]语|漢語|普通[话話]|[国國][语語]|\b(?:chinese|mandarin|zhongwen|putonghua)\b", re.IGNORECASE
    ),
    "en": re.compile(r"英文|英[语語]|洋文|\b(?:english|yingwen|yingyu)\b", re.IGNORECASE),
}
_CANNOT = re.compile(
    r"[看听聽]不懂|我(?:不会|不會|不懂)|不识|[别別](?:说|說|用|讲|講)|不要(?:说|說|用|讲|講)?"
    r"|\b(?:i|we)\b.{0,12}(?:n'?t|not|no|never)\b|^(?:no|not)\b",
    re.IGNORECASE,
)
"""Says which language it is not to be."""


_CLAUSE = re.compile(r"[，,。.;；!！?？]+\s*")
_REQUEST = re.compile(
    r"(?:请|那|就|还是|麻烦|改|换|切换|转|用|说|讲|成|到|回|可以|能|你|好|我们)*(?:中文|英文|[汉漢]语|英[语語]|普通话)"
    r"(?:吧|来|回答|回复|说|讲|问|聊|继续|好了|哈|啊|呀)*"
    r"|(?:(?:ok|okay|and|now|please|so|but|can|could|we|you|i|it|go|on|to|back|switch|speak|reply|answer|continue|in|into"
    r"|use|do|this|let's|for me)\s+)*(?:english|chinese|mandarin)(?:\s+(?:please|pls|now|again|instead|thanks|then))*",
    re.IGNORECASE,
)


def beside_request(text: str) -> tuple[str, str]:
    """The text without a clause that does nothing but ask for a language, and that clause: "in English, how long?".

    The clause is empty where there is none, and where there is nothing else.
    """
    for clause in _CLAUSE.split(text):
        rest = text.replace(clause, "", 1).strip(" ，,。.;；!！") if clause else ""
        if len(rest) > 1 and _REQUEST.fullmatch(clause.strip()):
            return rest, clause
    return text, ""


def asked_for(text: str, current: LanguageName) -> LanguageName:
    """The language that a request for another one means: the one named, or the other one of "I don't read …".

    The current one where none of ours is named, or both are.
    """
    named: list[LanguageName] = [language for language, names in _ASKED_FOR.items() if names.search(text)]
    if len(named) != 1:
        return current
    if _CANNOT.search(text):
        return "en" if named[0] == "zh" else "zh"
    return named[0]


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
