"""A base as it was written: the rendered base beside its files, so that a rule can tell where a fault stands."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from knowledge.base import Entry, KnowledgeBase
from knowledge.files import Files
from knowledge.loader import Document, Fault, Read
from knowledge.rendering import COMMON_PREFIX, references
from knowledge.schema import Bilingual, CommonSpec, EntrySpec, Fact, GlossaryTerm, Language

Embed = Callable[[Sequence[str]], np.ndarray]
"""Texts to unit vectors, float32, shape (texts, dimensions)."""

REFERENCE = re.compile(r"\{\{\s*(\w+(?:\.\w+)?)\s*(?:\|[^}]*)?\}\}")


@dataclass(frozen=True)
class Template:
    """One text of an entry as written, before facts are filled in, and the way to it in its file."""

    item_id: str
    slug: str
    field: str
    language: Language
    text: str

    @property
    def path(self) -> tuple[str, ...]:
        """Where it stands in the item's file."""
        return ("entries", self.slug, self.field, self.language.value)

    @property
    def facts(self) -> frozenset[str]:
        """The names of the facts that it shows."""
        return frozenset(references(self.text))

    @property
    def by_hand(self) -> str:
        """What is left of the text without its facts."""
        return REFERENCE.sub("…", self.text)


@dataclass(frozen=True)
class Written:
    """Everything that rules look at. `today` decides what is past its date."""

    base: KnowledgeBase
    common: Mapping[str, Fact]
    glossary: Mapping[str, GlossaryTerm]
    files: Files
    today: dt.date
    embed: Embed | None

    def specs(self) -> Iterator[tuple[str, str, EntrySpec, Entry]]:
        """Each entry: item id, slug, as written, as rendered."""
        for item_id, item in self.base.items.items():
            for slug, spec in item.entries.items():
                yield item_id, slug, spec, self.base.entries[f"{item_id}.{slug}"]

    def templates(self) -> Iterator[Template]:
        """Each answer and each `unconfirmed`, in both languages."""
        for item_id, slug, spec, _ in self.specs():
            for field in ("answer", "unconfirmed"):
                both: Bilingual | None = getattr(spec, field)
                for language in Language if both else ():
                    yield Template(item_id, slug, field, language, both[language])  # type: ignore[index]

    def fact(self, item_id: str, name: str) -> Fact:
        """The fact that a template of this item calls `name`. Raises KeyError for an unknown one."""
        prefix, _, rest = name.partition(".")
        return self.common[rest] if prefix == COMMON_PREFIX and rest else self.base.items[item_id].facts[name]

    def fault(self, item_id: str, path: Sequence[object], message: str) -> Fault:
        """A fault at the field that `path` leads to in the item's file."""
        name = f"items/{item_id}.yaml"
        return _document(self.files.contents[name], name).fault(path, message)


def written(read: Read, today: dt.date, embed: Embed | None = None) -> Written:
    """The written side of a base that was read."""
    common = CommonSpec.model_validate(_content(read.files, "common.yaml"))
    terms = _content(read.files, "glossary.yaml")
    return Written(
        base=read.base,
        common=common.facts,
        glossary={name: GlossaryTerm.model_validate(term) for name, term in terms.items()},
        files=read.files,
        today=today,
        embed=embed,
    )


def sentences(text: str, language: Language) -> Iterator[str]:
    """The sentences of a rendered answer, list items and paragraphs apart, without marks and link targets."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("**", "")
    ends = (
        r"[。！？；]|(?<=[^A-Z])\. |\n"
        if language is Language.ZH
        else r"(?<![A-Z])(?<!No)(?<!Art)(?<!Arts)[.!?;:](?:\s|$)|\n"
    )
    for part in re.split(ends, plain):
        said = re.sub(r"^\s*(?:\d+\.|-)\s+", "", part).strip()
        if said:
            yield said


@lru_cache(maxsize=4)
def _document(content: bytes, name: str) -> Document:
    # Parsed only where something is wrong with it; faults come file by file.
    return Document(name, content)


def _content(files: Files, name: str) -> dict:  # type: ignore[type-arg]
    return Document(name, files.contents[name]).content or {}  # type: ignore[return-value]
