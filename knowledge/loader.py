"""Reading the knowledge folder: every fault is found in one pass and told with file, line and field.

What was read before need not be parsed and rendered again: `read` takes unchanged items from where they are kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from knowledge import kept
from knowledge.base import Entry, KnowledgeBase, Situation
from knowledge.files import Files, read_files
from knowledge.rendering import Renderer, TemplateFault, entry_of
from knowledge.schema import CommonSpec, Facet, FacetSpec, Fact, GlossaryTerm, ItemSpec, Language, Source

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the base: where it stands and what to do about it."""

    file: str
    line: int
    field: str
    message: str
    rule: str = "schema"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


class KnowledgeError(Exception):
    """Base of everything that can go wrong in this package."""


class BrokenBase(KnowledgeError):
    """The knowledge folder cannot be served; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        listed = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(f"The knowledge base has {len(self.faults)} fault(s); mend them, then try again:\n{listed}")


class Document:
    """One YAML file: what it says as plain Python values (`content`), and the line of every field.

    Raises UnicodeDecodeError where it is not UTF-8, yaml.YAMLError where it is not YAML or a key stands twice.
    """

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self._text = content.decode("utf-8")
        self.content: object = yaml.load(self._text, Loader=_UniqueKeyLoader)

    @cached_property
    def _node(self) -> yaml.Node | None:
        # Only where a fault is told: it takes as long as reading the content.
        return yaml.compose(self._text, Loader=yaml.CSafeLoader)

    def line(self, path: Iterable[object]) -> int:
        """The line (from 1) of the deepest field along `path` that the file has."""
        node, line = self._node, 1
        for step in path:
            child = None
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if key.value == str(step):
                        line, child = key.start_mark.line + 1, value
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                child = node.value[step]
                line = child.start_mark.line + 1
            if child is None:
                continue
            node = child
        return line

    def fault(self, path: Iterable[object], message: str) -> Fault:
        """A fault of this file at the field that `path` leads to."""
        path = tuple(path)
        return Fault(self.name, self.line(path), ".".join(map(str, path)) or "(file)", message)


class _UniqueKeyLoader(yaml.CSafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[object] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Read:
    """A base and the files that it was read from."""

    files: Files
    base: KnowledgeBase


def read(folder: Path, kept_in: Path | None = None, like: KnowledgeBase | None = None) -> Read:
    """The base in `folder`, rendered. Raises BrokenBase with every fault found.

    Items that are unchanged are taken from `like`, a base that was read before, or from the folder `kept_in`
    (knowledge.kept); the base is the same with and without.
    """
    reader = _Reader(read_files(folder), kept_in, like)
    base = reader.read()
    if reader.faults:
        raise BrokenBase(sorted(reader.faults, key=lambda fault: (fault.file, fault.line)))
    return Read(reader.files, base)


def load(folder: Path) -> KnowledgeBase:
    """The base in `folder`, rendered anew. Raises BrokenBase with every fault found."""
    return read(folder).base


def revision_of(folder: Path) -> str:
    """A hash of everything that can change an answer or how it is found: 12 hexadecimal digits."""
    return read_files(folder).revision


def fact_names(path: Path) -> tuple[str, ...]:
    """The names of the facts in a file that loads without faults."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return tuple(content["facts"])


class _Reader:
    def __init__(self, files: Files, kept_in: Path | None, like: KnowledgeBase | None) -> None:
        self.files, self.kept_in, self.like = files, kept_in, like
        self.faults: list[Fault] = []

    def read(self) -> KnowledgeBase:
        sources = self._mapping("sources.yaml", Source)
        facets = self._mapping("facets.yaml", FacetSpec)
        self._mapping("glossary.yaml", GlossaryTerm)
        for facet in Facet:
            if facet.value not in facets:
                self.faults.append(Fault("facets.yaml", 1, facet.value, "every facet needs a label and phrasings"))
        common = self._document("common.yaml")
        common_spec = self._parse(common, CommonSpec)
        if common and common_spec and sources:
            self._check_sources(common, common_spec.facts, sources)
        items: dict[str, ItemSpec] = {}
        entries: dict[str, Entry] = {}
        made_from: dict[str, str] = {}
        for name in self.files.within("items"):
            made = kept.made_from(self.files, name)
            known = self._known(name, made)
            if known is None:
                document = self._document(name)
                spec = self._parse(document, ItemSpec)
                if document is None or spec is None:
                    continue
                known = spec, self._entries(document, spec, common_spec, sources) if common_spec and sources else {}
            spec, own = known
            items[spec.id], made_from[spec.id] = spec, made
            entries |= own
        if not items and not self.faults:
            self.faults.append(Fault("items", 1, "(folder)", "there is no item to serve"))
        return KnowledgeBase(
            revision=self.files.revision if not self.faults else "",
            items=items,
            entries=entries,
            facets={Facet(name): spec for name, spec in facets.items() if name in set(Facet)},
            situations=tuple(self._situations()),
            made_from=made_from,
        )

    def _known(self, name: str, made: str) -> tuple[ItemSpec, dict[str, Entry]] | None:
        """The item of a file as it was read before, if it was made from the same; such an item has no faults."""
        item_id = name.removeprefix("items/").removesuffix(".yaml")
        if self.like is not None and self.like.made_from.get(item_id) == made:
            spec = self.like.items[item_id]
            ids = [f"{item_id}.{slug}" for slug in spec.entries]
            return spec, {entry_id: self.like.entries[entry_id] for entry_id in ids}
        found = kept.find(self.kept_in, made) if self.kept_in is not None else None
        return (found.spec, found.entries()) if found is not None and found.spec.id == item_id else None

    def _document(self, name: str) -> Document | None:
        if name not in self.files.contents:
            self.faults.append(Fault(name, 1, "(file)", f"missing from {self.files.folder}; restore it"))
            return None
        try:
            return Document(name, self.files.contents[name])
        except UnicodeDecodeError as error:
            self.faults.append(Fault(name, 1, "(file)", f"not UTF-8 text at byte {error.start}; save it as UTF-8"))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            self.faults.append(Fault(name, mark.line + 1 if mark else 1, "(file)", f"not valid YAML: {error.problem}"))
        except yaml.YAMLError as error:
            self.faults.append(Fault(name, 1, "(file)", f"not valid YAML: {error}"))
        return None

    def _parse(self, document: Document | None, model: type[M]) -> M | None:
        if document is None:
            return None
        try:
            parsed = model.model_validate(document.content)
        except ValidationError as error:
            self._report(document, error)
            return None
        if isinstance(parsed, ItemSpec) and document.name != f"items/{parsed.id}.yaml":
            self.faults.append(document.fault(("id",), f"the file of item {parsed.id} is named items/{parsed.id}.yaml"))
        return parsed

    def _mapping(self, name: str, model: type[M]) -> dict[str, M]:
        document = self._document(name)
        if document is None:
            return {}
        try:
            return TypeAdapter(dict[str, model]).validate_python(document.content)  # type: ignore[valid-type]
        except ValidationError as error:
            self._report(document, error)
            return {}

    def _report(self, document: Document, error: ValidationError) -> None:
        for detail in error.errors():
            message = detail["msg"].removeprefix("Value error, ")
            self.faults.append(document.fault(detail["loc"], message))

    def _check_sources(self, document: Document, held: Mapping[str, Fact], sources: Mapping[str, Source]) -> None:
        for name, fact in held.items():
            for key in fact.source:
                if key not in sources:
                    self.faults.append(document.fault(("facts", name, "source"), f"sources.yaml has no source {key!r}"))

    def _entries(
        self, document: Document, item: ItemSpec, common: CommonSpec, sources: Mapping[str, Source]
    ) -> dict[str, Entry]:
        self._check_sources(document, item.facts, sources)
        if any(key not in sources for fact in (*item.facts.values(), *common.facts.values()) for key in fact.source):
            return {}
        renderer = Renderer(item, common, sources)
        made = {}
        for slug, spec in item.entries.items():
            for other in spec.compares:
                if other == item.id:
                    self.faults.append(
                        document.fault(("entries", slug, "compares"), "an item is not compared to itself")
                    )
            try:
                entry = entry_of(item.id, slug, spec, renderer.rendered(spec))
                made[entry.entry_id] = entry
            except TemplateFault as fault:
                self.faults.append(document.fault(("entries", slug, *fault.path), str(fault)))
        return made

    def _situations(self) -> Iterable[Situation]:
        for name in self.files.within("situations"):
            for number, line in enumerate(self.files.contents[name].decode("utf-8").splitlines(), start=1):
                try:
                    told = json.loads(line)
                    language = Language(told["lang"])
                    facet = Facet(told["facet"]) if told["facet"] else None
                    item_id, *also = told["items"] if "items" in told else [told["item"]]
                    yield Situation(item_id, facet, language.value, told["text"].strip(), tuple(also))
                except (ValueError, KeyError, TypeError) as error:
                    self.faults.append(
                        Fault(name, number, "(line)", f"not a situation (item or items, facet, lang, text): {error}")
                    )
