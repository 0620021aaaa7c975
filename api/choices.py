"""Recognising that a visitor picks one of the options: by its payload, its number, its place or its words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from api.conversation import Option
from knowledge.base import Entry, KnowledgeBase
from knowledge.schema import Facet

MOST_WORDS = 40
"""A longer text tells a story; it is searched, not matched against the options."""
ALIKE = 0.86
"""How alike a text and an option's words are when one is a slip of the other; measured by SequenceMatcher."""


class Kind(StrEnum):
    """What a payload asks for; the part before its colon."""

    ENTRY = "entry"
    ITEM = "item"
    ASK = "ask"
    HUMAN = "human"
    NONE = "none"


@dataclass(frozen=True)
class Pick:
    """What a chosen option leads to. `entry` is None where the base says nothing (or, by now, no more) about it."""

    option: Option
    kind: Kind
    item_id: str | None = None
    facet: Facet | None = None
    entry: Entry | None = None


def entry_payload(entry: Entry) -> str:
    """The payload that gives this entry."""
    return f"{Kind.ENTRY}:{entry.entry_id}"


def item_payload(item_id: str) -> str:
    """The payload that gives the item's overview."""
    return f"{Kind.ITEM}:{item_id}"


def ask_payload(item_id: str, facet: Facet) -> str:
    """The payload that asks a facet of an item."""
    return f"{Kind.ASK}:{item_id}/{facet.value}"


def pick(option: Option, base: KnowledgeBase) -> Pick | None:
    """What the option leads to in this base; None where its item is gone since it was offered."""
    kind_name, _, target = option.payload.partition(":")
    kind = Kind(kind_name)
    if kind in (Kind.HUMAN, Kind.NONE):
        return Pick(option, kind)
    if kind is Kind.ENTRY and (entry := base.entries.get(target)):
        return Pick(option, kind, entry.item_id, entry.facet, entry)
    item_id, _, facet_name = target.partition("/")
    if kind is Kind.ENTRY:
        item_id, facet_name = target.partition(".")[0], option.facet or Facet.OVERVIEW
    facet = Facet(facet_name or Facet.OVERVIEW)
    return Pick(option, kind, item_id, facet, base.entry_for(item_id, facet)) if item_id in base.items else None


def by_payload(payload: str, offered: Sequence[Option]) -> Option | None:
    """The offered option with this payload."""
    return next((option for option in offered if option.payload == payload), None)


def by_words(text: str, options: Sequence[Option], asked: bool) -> Option | None:
    """The option that the text names, by number, place or words; None where it names none, or more than one.

    `asked` says that the options were a question ("which of these?"); then a part of an option's words is enough.
    """
    said = _plain(text)
    if not options or not said or len(said) > MOST_WORDS:
        return None
    place = _place(text, len(options))
    if place is not None:
        return options[place] if 0 <= place < len(options) else None
    titles = [_plain(option.title) for option in options]
    exact = [number for number, title in enumerate(titles) if title == said]
    if not exact and asked:
        said = _plain(_FRAME.sub("", unicodedata.normalize("NFKC", text).strip())) or said
        exact = [number for number, title in enumerate(titles) if title == said]
        telling = len(said) >= (4 if said.isascii() else 2)
        exact = exact or _unique([n for n, title in enumerate(titles) if telling and said in title])
        exact = exact or _unique(
            [n for n, title in enumerate(titles) if title in said and len(title) > 0.6 * len(said)]
        )
        exact = exact or _unique([n for n, title in enumerate(titles) if _alike(said, title)])
    return options[exact[0]] if exact else None


_HAN_NUMBERS = {character: number for number, character in enumerate("零一二三四五六七八九")} | {"两": 2, "俩": 2}
_WORDS = {word: n for n, word in enumerate(("first", "second", "third", "fourth", "fifth", "sixth"), start=1)}
_WORDS |= {word: n for n, word in enumerate(("one", "two", "three", "four", "five", "six"), start=1)}
_WORDS |= {word: n for n, word in enumerate(("1st", "2nd", "3rd", "4th", "5th", "6th"), start=1)}
_N = r"(\d{1,2}|[一二三四五六七八九两])"
_POLITE_ZH = r"[吧呀啊哦嘛呢的。.!,、~ ]*"
_ZH = (
    re.compile(
        rf"^(?:我|就|要|我要|我想|我想要|请)?(?:选择?|点|要|看)?(?:第)?{_N}(?:个|项|号|条|种|点)?(?:选项)?{_POLITE_ZH}$"
    ),
    re.compile(rf"^(?:选项|答案|序号|编号){_N}{_POLITE_ZH}$"),
)
_ZH_LAST = re.compile(
    rf"^(?:我?(?:选择?|要|看))?(?:最后|最末|末尾|最下面|最底下)(?:的)?(?:那|一|这)?(?:一)?(?:个|项|条|种)?{_POLITE_ZH}$"
)
_ZH_FROM_END = re.compile(rf"^(?:我?(?:选择?|要|看))?倒数第{_N}(?:个|项|条|种)?{_POLITE_ZH}$")
_ZH_TOP = re.compile(
    rf"^(?:我?(?:选择?|要|看))?(?:最上面|最前面|头)(?:的)?(?:那|一|这)?(?:一)?(?:个|项|条|种){_POLITE_ZH}$"
)
_EN_N = r"(\d{1,2}(?:st|nd|rd|th)?|first|second|third|fourth|fifth|sixth|one|two|three|four|five|six)"
_EN_LEAD = (
    r"(?:(?:i(?:'d| would)? (?:like|choose|pick|want|mean|take)|i'll take|let's take|choose|pick|take|it'?s|please) )?"
)
_EN = re.compile(
    rf"^{_EN_LEAD}(?:the )?(?:number|no\.?|option|choice|#)? ?{_EN_N}(?: (?:one|option|choice))?(?:,? please)?[.!)]*$"
)
_EN_LAST = re.compile(rf"^{_EN_LEAD}(?:the )?last(?: (?:one|option|choice))?(?:,? please)?[.!]*$")
_EN_FROM_END = re.compile(rf"^{_EN_LEAD}(?:the )?(?:second|2nd)(?: to |-to-| )last(?: (?:one|option))?[.!]*$")
_TWO = {"前者": 0, "前一个": 0, "上面那个": 0, "后者": 1, "后一个": 1, "下面那个": 1, "the former": 0, "the latter": 1}
_FRAME = re.compile(
    r"^(?:我(?:是|说|指|选|要|想|问)的?(?:是|问|要)?|就是|应该是|是|选|i (?:mean|meant|want|choose)|it'?s|the)\s*"
    r"|(?:那个|这个|吧|呀|啊| one| please)$",
    re.IGNORECASE,
)


def _place(text: str, count: int) -> int | None:
    """The place (from 0) that the text points at among `count` options; -1 for one that is not there; None for none."""
    said = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().lower().strip("()[]<>“”\"' ")
    said = re.sub(r"^(\d{1,2})[.、,:)。]+$", r"\1", said)
    if count == 2 and said in _TWO:
        return _TWO[said]
    if _ZH_LAST.match(said) or _EN_LAST.match(said):
        return count - 1
    if _ZH_TOP.match(said):
        return 0
    if from_end := _ZH_FROM_END.match(said):
        return _within(count - _number(from_end[1]), count)
    if _EN_FROM_END.match(said):
        return _within(count - 2, count)
    for pattern in (*_ZH, _EN):
        if match := pattern.match(said):
            return _within(_number(match[1]) - 1, count)
    return None


def _within(place: int, count: int) -> int:
    return place if 0 <= place < count else -1


def _number(said: str) -> int:
    if said in _WORDS:
        return _WORDS[said]
    return _HAN_NUMBERS[said] if said in _HAN_NUMBERS else int(said.rstrip("stndrh"))


def _plain(text: str) -> str:
    """Only letters and digits, half width and lower case."""
    return "".join(character for character in unicodedata.normalize("NFKC", text).lower() if character.isalnum())


def _unique(places: list[int]) -> list[int]:
    return places if len(places) == 1 else []


def _alike(said: str, title: str) -> bool:
    return SequenceMatcher(None, said, title).ratio() >= ALIKE
