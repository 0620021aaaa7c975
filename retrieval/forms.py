"""The texts that a base can be found by, each tied to what it is about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.base import KnowledgeBase
from knowledge.schema import Facet, Language
from retrieval.language import normalise

SILENT = "(silent)"
"""Stands for the item of a text that asks something and names no item ("how long does it take?")."""

OUTSIDE = "(outside)"
"""Stands for the item of a text that is none of this sector's business."""


@dataclass(frozen=True, slots=True)
class Form:
    """One searchable text, normalised. `entry_id` is None for a name that leads to an item as a whole.

    Answers are found by their words alone (`is_answer`): they are no nearer to a question than to its neighbours.
    """

    text: str
    language: str
    item_id: str
    entry_id: str | None
    is_answer: bool = False


@dataclass(frozen=True)
class Example:
    """One text to learn from. `item_id` may be SILENT, OUTSIDE or an item without entries; `facet` may be unknown.

    `also` are further items that it may be about.
    """

    text: str
    language: str
    item_id: str
    facet: Facet | None
    also: tuple[str, ...] = ()


def forms(base: KnowledgeBase) -> list[Form]:
    """Every text that leads to an entry or an item: names, aliases, questions, similar questions, answers."""
    return [form for item_id in base.items for form in forms_of_item(base, item_id)]


def forms_of_item(base: KnowledgeBase, item_id: str) -> tuple[Form, ...]:
    """The forms of one item."""
    return tuple(
        Form(normalise(text), language, item_id, entry_id, is_answer)
        for text, language, entry_id, is_answer in _texts(base, item_id)
    )


def examples(base: KnowledgeBase) -> list[Example]:
    """What the heads learn from besides situations: questions with item and facet, names, and bare facet questions."""
    found = []
    for entry in base.entries.values():
        for language in Language:
            for text in (entry.question[language], *entry.similar[language]):
                found.append(Example(normalise(text), language.value, entry.item_id, entry.facet))
    for item in base.items.values():
        for language in Language:
            for name in item.names(language):
                found.append(Example(normalise(name), language.value, item.id, Facet.OVERVIEW))
    for facet, spec in base.facets.items():
        for language in Language:
            found += [Example(normalise(text), language.value, SILENT, facet) for text in spec.asked[language]]
    return found


def situations(base: KnowledgeBase) -> list[Example]:
    """The told situations as examples, also those of items that have no entries yet."""
    return [
        Example(normalise(told.text), told.language, told.item_id or OUTSIDE, told.facet, told.also)
        for told in base.situations
    ]


NAMING = {
    Language.ZH: ("那{}呢", "{}呢？", "如果是{}呢", "换成{}", "是{}", "我说的是{}", "{}那个", "再问一下{}"),
    Language.EN: (
        "and {}?", "what about {}?", "and for {}", "ok and {}", "i mean {}", "the {} one", "if it's {}", "no, {}",
    ),
}  # fmt: skip
"""How people put another item in the place of the last, or say which one they mean, and ask no more than before."""


def composed(base: KnowledgeBase) -> list[Example]:
    """Plain questions put together from an item's names and the ways to ask a facet, and names that ask nothing by
    themselves: the easy end of what people type.

    Each name meets each facet once, the phrasing rotating, so that no phrasing is tied to an item.
    """
    found = []
    for language, frames in NAMING.items():
        for row, item in enumerate(base.items.values()):
            names = item.names(language)
            for turn, frame in enumerate(frames):
                text = frame.format(names[(row + turn) % len(names)])
                found.append(Example(normalise(text), language.value, item.id, None))
    for language in Language:
        for row, item in enumerate(base.items.values()):
            names = item.names(language)
            for column, (facet, spec) in enumerate(base.facets.items()):
                asked = spec.asked[language]
                for turn in range(2):
                    name = names[(row + column + turn * 3) % len(names)]
                    phrase = asked[(row * 2 + column + turn) % len(asked)]
                    text = f"{name}{phrase}" if language is Language.ZH else f"{name} {phrase}"
                    found.append(Example(normalise(text), language.value, item.id, facet))
    return found


def held_out(text: str) -> bool:
    """Whether a text is one of the fifth that neither the encoder nor the heads are taught before they are judged.

    Told by the text alone, so that it is the same fifth wherever and whenever it is asked.
    """
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % 5 == 0


def _texts(base: KnowledgeBase, item_id: str) -> Iterator[tuple[str, str, str | None, bool]]:
    item = base.items[item_id]
    for language in Language:
        for name in item.names(language):
            yield name, language.value, None, False
    for entry in (base.entries[f"{item_id}.{slug}"] for slug in item.entries):
        for language in Language:
            for text in (entry.question[language], *entry.similar[language]):
                yield text, language.value, entry.entry_id, False
            yield entry.answer[language], language.value, entry.entry_id, True
