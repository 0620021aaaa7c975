"""Reading the knowledge folder: every fault is found in one pass and told with file, line and field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import jinja2
import yaml
from jinja2 import meta
from jinja2.sandbox import SandboxedEnvironment
from pydantic import BaseModel, TypeAdapter, ValidationError

from knowledge import facts
from knowledge.base import CitedSource, Entry, KnowledgeBase, Situation
from knowledge.schema import (
    Bilingual,
    CommonSpec,
    Confidence,
    EntrySpec,
    Facet,
    FacetSpec,
    Fact,
    GlossaryTerm,
    ItemSpec,
    Language,
    Source,
)

M = TypeVar("M", bound=BaseModel)

COMMON_PREFIX = "common"
SINGLE_FILES = ("common.yaml", "facets.yaml", "glossary.yaml", "sources.yaml")
FOLDERS = ("items", "situations")
"""What a knowledge folder is made of."""
FACT_REFERENCE = f"an item's fact or {COMMON_PREFIX}.NAME"


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
    """One YAML file with the line of every field."""

    def __init__(self, path: Path, root: Path) -> None:
        self.name = str(path.relative_to(root))
        self.text = path.read_text(encoding="utf-8")
        self._node = yaml.compose(self.text, Loader=yaml.CSafeLoader)

    def content(self) -> object:
        """What the file says, as plain Python values. Duplicate keys raise yaml.YAMLError."""
        return yaml.load(self.text, Loader=_UniqueKeyLoader)

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


def load(folder: Path) -> KnowledgeBase:
    """The base in `folder`, rendered. Raises BrokenBase with every fault found."""
    reader = _Reader(folder)
    base = reader.read()
    if reader.faults:
        raise BrokenBase(sorted(reader.faults, key=lambda fault: (fault.file, fault.line)))
    return base


def revision_of(folder: Path) -> str:
    """A hash of everything that can change an answer or how it is found: 12 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(str(path.relative_to(folder)).encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def fact_names(path: Path) -> tuple[str, ...]:
    """The names of the facts in a file that loads without faults."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return tuple(content["facts"])


def references(template: str) -> list[str]:
    """The facts that a template uses, common ones as `common.NAME`. Raises jinja2.TemplateSyntaxError."""
    tree = SandboxedEnvironment().parse(template)
    dotted = [
        f"{COMMON_PREFIX}.{node.attr}"
        for node in tree.find_all(jinja2.nodes.Getattr)
        if isinstance(node.node, jinja2.nodes.Name) and node.node.name == COMMON_PREFIX
    ]
    return [*sorted(meta.find_undeclared_variables(tree) - {COMMON_PREFIX}), *dotted]


def _files(folder: Path) -> list[Path]:
    single = [folder / name for name in SINGLE_FILES]
    return [*single, *sorted((folder / "items").glob("*.yaml")), *sorted((folder / "situations").glob("*.jsonl"))]


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
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
        specs = [(document, self._parse(document, ItemSpec)) for document in self._item_documents()]
        items = {spec.id: spec for _, spec in specs if spec is not None}
        if not items and not self.faults:
            self.faults.append(Fault("items", 1, "(folder)", "there is no item to serve"))
        entries: dict[str, Entry] = {}
        if common and common_spec and sources:
            self._check_sources(common, common_spec.facts, sources)
            for document, spec in specs:
                if spec is not None:
                    entries |= self._entries(document, spec, common_spec, sources, items)
        return KnowledgeBase(
            revision=revision_of(self.folder) if not self.faults else "",
            items=items,
            entries=entries,
            facets={Facet(name): spec for name, spec in facets.items() if name in set(Facet)},
            situations=tuple(self._situations()),
        )

    def _item_documents(self) -> Iterable[Document]:
        for path in sorted((self.folder / "items").glob("*.yaml")):
            document = self._document(f"items/{path.name}")
            if document is not None:
                yield document

    def _document(self, name: str) -> Document | None:
        try:
            document = Document(self.folder / name, self.folder)
            document.content()
            return document
        except FileNotFoundError:
            self.faults.append(Fault(name, 1, "(file)", f"missing from {self.folder}; restore it"))
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
            parsed = model.model_validate(document.content())
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
            return TypeAdapter(dict[str, model]).validate_python(document.content())  # type: ignore[valid-type]
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
        self,
        document: Document,
        item: ItemSpec,
        common: CommonSpec,
        sources: Mapping[str, Source],
        items: Mapping[str, ItemSpec],
    ) -> dict[str, Entry]:
        self._check_sources(document, item.facts, sources)
        if any(key not in sources for fact in (*item.facts.values(), *common.facts.values()) for key in fact.source):
            return {}
        renderer = _Renderer(item, common, sources)
        rendered = {}
        for slug, spec in item.entries.items():
            for other in spec.compares:
                if other == item.id:
                    self.faults.append(
                        document.fault(("entries", slug, "compares"), "an item is not compared to itself")
                    )
            try:
                entry = renderer.entry(slug, spec)
                rendered[entry.entry_id] = entry
            except _TemplateFault as fault:
                self.faults.append(document.fault(("entries", slug, *fault.path), str(fault)))
        return rendered

    def _situations(self) -> Iterable[Situation]:
        for path in sorted((self.folder / "situations").glob("*.jsonl")):
            name = f"situations/{path.name}"
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
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


class _TemplateFault(KnowledgeError):
    def __init__(self, path: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.path = path


class _Renderer:
    """Fills an item's templates with its facts and the common ones."""

    def __init__(self, item: ItemSpec, common: CommonSpec, sources: Mapping[str, Source]) -> None:
        self.item, self.common, self.sources = item, common, sources
        self.held = {**item.facts, **{f"{COMMON_PREFIX}.{name}": fact for name, fact in common.facts.items()}}
        self.environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
        self.words = {
            language: {
                **{name: facts.render(fact, language, sources) for name, fact in item.facts.items()},
                COMMON_PREFIX: {name: facts.render(fact, language, sources) for name, fact in common.facts.items()},
            }
            for language in Language
        }

    def entry(self, slug: str, spec: EntrySpec) -> Entry:
        used = self._used(spec)
        to_confirm = any(fact.confidence is Confidence.TO_CONFIRM for fact in used.values())
        if to_confirm and spec.unconfirmed is None:
            names = ", ".join(name for name, fact in used.items() if fact.confidence is Confidence.TO_CONFIRM)
            raise _TemplateFault(
                (), f"rests on {names}, which is to be confirmed: `unconfirmed` must say which point is"
            )
        return Entry(
            entry_id=f"{self.item.id}.{slug}",
            item_id=self.item.id,
            facet=spec.facet,
            question=spec.question,
            similar=spec.similar,
            answer=self._answer(spec),
            sources=self._cited(used),
            as_of=min((self._checked(name, fact) for name, fact in used.items()), default=self.item.checked),
            to_confirm=to_confirm or spec.unconfirmed is not None,
            compares=spec.compares,
            is_situation=slug != spec.facet.value and spec.facet is not Facet.DIFFERENCES,
        )

    def _answer(self, spec: EntrySpec) -> Bilingual:
        text = {language: self._fill(spec.answer[language], language, ("answer", language)) for language in Language}
        if spec.unconfirmed is not None:
            said = self.common.facts["unconfirmed_notice"]
            notice = {language: facts.render(said, language, self.sources) for language in Language}
            for language in Language:
                point = self._fill(spec.unconfirmed[language], language, ("unconfirmed", language))
                sentence = notice[language].replace("…", point)
                text[language] = f"{text[language].rstrip()}\n\n{sentence}"
        return Bilingual(zh=text[Language.ZH], en=text[Language.EN])

    def _fill(self, template: str, language: Language, path: tuple[str, ...]) -> str:
        try:
            return self.environment.from_string(template).render(self.words[language]).strip()
        except jinja2.TemplateSyntaxError as error:
            raise _TemplateFault(path, f"not a valid template: {error.message}") from error
        except jinja2.UndefinedError as error:
            raise _TemplateFault(path, f"{error.message}; write {FACT_REFERENCE}") from error
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise _TemplateFault(path, f"not a template that can be filled: {error}") from error

    def _used(self, spec: EntrySpec) -> dict[str, Fact]:
        names: list[str] = list(spec.basis)
        for field in ("answer", "unconfirmed"):
            both: Bilingual | None = getattr(spec, field)
            for language in Language if both else ():
                names += self._references(both[language], (field, language))  # type: ignore[index]
        for name in names:
            if name not in self.held:
                raise _TemplateFault(("basis",), f"there is no fact {name!r}; write {FACT_REFERENCE}")
        return {name: self.held[name] for name in dict.fromkeys(names)}

    def _references(self, template: str, path: tuple[str, ...]) -> list[str]:
        try:
            return references(template)
        except jinja2.TemplateSyntaxError as error:
            raise _TemplateFault(path, f"not a valid template: {error.message}") from error

    def _checked(self, name: str, fact: Fact):  # type: ignore[no-untyped-def]
        default = self.common.checked if name.startswith(f"{COMMON_PREFIX}.") else self.item.checked
        return fact.checked or default

    def _cited(self, used: Mapping[str, Fact]) -> tuple[CitedSource, ...]:
        articles: dict[str, list[int]] = {}
        for fact in used.values():
            for key in fact.source:
                cited = articles.setdefault(key, [])
                cited += [number for number in fact.articles or () if number not in cited]
        return tuple(self._cite(self.sources[key], tuple(sorted(numbers))) for key, numbers in articles.items())

    @staticmethod
    def _cite(source: Source, articles: tuple[int, ...]) -> CitedSource:
        reference = {}
        for language in Language:
            parts = [source.number[language]] if source.number else []
            if source.date:
                parts.append(facts.day(source.date, language))
            if articles:
                parts.append(
                    facts.citation(source, articles, language).removeprefix(source.title[language]).lstrip(", ")
                )
            reference[language] = ("，" if language is Language.ZH else ", ").join(parts) or source.title[language]
        url = str(source.url) if source.url else None
        return CitedSource(source.title, Bilingual(zh=reference[Language.ZH], en=reference[Language.EN]), url)
