"""The knowledge base as the rest of the system sees it: items and rendered entries of one revision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.schema import Bilingual, Facet, FacetSpec, ItemSpec, Phrasings


@dataclass(frozen=True)
class CitedSource:
    """One source under an answer: what people call it, where in it to look, and the official page if there is one."""

    title: Bilingual
    reference: Bilingual
    url: str | None


@dataclass(frozen=True)
class Entry:
    """One answer, rendered: every fact filled in, in both languages.

    `entry_id` is "<item>.<slug>". `to_confirm` says that a point of the answer could not be confirmed, which the
    answer's text then says too. `as_of` is the day on which the oldest of its facts was last checked.
    """

    entry_id: str
    item_id: str
    facet: Facet
    question: Bilingual
    similar: Phrasings
    answer: Bilingual
    sources: tuple[CitedSource, ...]
    as_of: dt.date
    to_confirm: bool
    compares: tuple[str, ...]
    is_situation: bool


@dataclass(frozen=True)
class Situation:
    """A question as a person told it, with the item and facet that it is about; it teaches, it is never shown.

    `item_id` may be an item that has no entries yet; it is None where the question is none of this sector's business.
    Where it leaves open which of several items is meant ("the waste permit"), `also` holds the others. `facet` is None
    where it asks none.
    """

    item_id: str | None
    facet: Facet | None
    language: str
    text: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class KnowledgeBase:
    """Everything that can be answered, at one revision (a hash of all files it was read from).

    `made_from` has a hash for each item of what it was read from (knowledge.kept): two bases with the same one have the
    same item.
    """

    revision: str
    items: Mapping[str, ItemSpec]
    entries: Mapping[str, Entry]
    facets: Mapping[Facet, FacetSpec]
    situations: tuple[Situation, ...]
    made_from: Mapping[str, str]

    def entries_of(self, item_id: str) -> tuple[Entry, ...]:
        """The item's entries in the order of the facets, situations and comparisons after the plain answer.

        Raises KeyError for an unknown item.
        """
        order = list(Facet)
        entries = [entry for entry in self.entries.values() if entry.item_id == self.items[item_id].id]
        return tuple(sorted(entries, key=lambda entry: (order.index(entry.facet), entry.entry_id != plain_id(entry))))

    def entry_for(self, item_id: str, facet: Facet) -> Entry | None:
        """The plain answer to a facet of an item; for `differences` the first comparison; None where absent."""
        found = self.entries.get(f"{item_id}.{facet.value}")
        if found is None and item_id in self.items:
            found = next((entry for entry in self.entries_of(item_id) if entry.facet is facet), None)
        return found


def plain_id(entry: Entry) -> str:
    """The id that an entry has when it is the plain answer to its facet."""
    return f"{entry.item_id}.{entry.facet.value}"
