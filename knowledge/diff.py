"""What changed between two revisions of the base, entry by entry, both languages side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from knowledge.base import Entry, KnowledgeBase
from knowledge.schema import Language


class Change(StrEnum):
    """What happened to an entry."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class FieldChange:
    """One text before and after; None where it was not there. Similar questions stand one a line."""

    field: str
    language: Language
    before: str | None
    after: str | None


@dataclass(frozen=True)
class EntryChange:
    """An entry that differs. `fields` are all of Chinese, then all of English."""

    entry_id: str
    change: Change
    fields: tuple[FieldChange, ...]


def compare(before: KnowledgeBase, after: KnowledgeBase) -> tuple[EntryChange, ...]:
    """The entries that differ, in the order of their ids; none where both bases answer alike."""
    return tuple(_changes(before.entries, after.entries))


def _changes(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> Iterator[EntryChange]:
    for entry_id in sorted(before.keys() | after.keys()):
        old, new = before.get(entry_id), after.get(entry_id)
        # An item that was not read anew has the very entries that it had.
        fields = () if old is new else tuple(_fields(_texts(old), _texts(new)))
        if old is None:
            yield EntryChange(entry_id, Change.ADDED, fields)
        elif new is None:
            yield EntryChange(entry_id, Change.REMOVED, fields)
        elif fields:
            yield EntryChange(entry_id, Change.CHANGED, fields)


def _fields(
    before: Mapping[tuple[str, Language], str], after: Mapping[tuple[str, Language], str]
) -> Iterator[FieldChange]:
    for field, language in {**before, **after}:
        old, new = before.get((field, language)), after.get((field, language))
        if old != new:
            yield FieldChange(field, language, old, new)


def _texts(entry: Entry | None) -> dict[tuple[str, Language], str]:
    """An entry's texts as visitors see and search them, and what stands under its answer."""
    if entry is None:
        return {}
    texts = {}
    for language in Language:
        texts["question", language] = entry.question[language]
        texts["similar", language] = "\n".join(entry.similar[language])
        texts["answer", language] = entry.answer[language]
        texts["as of", language] = entry.as_of.isoformat()
        texts["sources", language] = "\n".join(
            f"{source.title[language]}, {source.reference[language]}" for source in entry.sources
        )
    return texts
