"""Filling templates: an entry as it was written, with its item's facts and the common ones in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache

import jinja2
from jinja2 import meta
from jinja2.sandbox import SandboxedEnvironment

from knowledge import facts
from knowledge.base import CitedSource, Entry
from knowledge.schema import (
    Bilingual,
    CommonSpec,
    Confidence,
    EntrySpec,
    Facet,
    Fact,
    ItemSpec,
    Language,
    Model,
    Source,
)

COMMON_PREFIX = "common"
FACT_REFERENCE = f"an item's fact or {COMMON_PREFIX}.NAME"
KEPT_TEMPLATES, KEPT_REFERENCES = 1 << 12, 1 << 17
"""How many distinct texts stay compiled, and how many stay told by what they show: several rules ask that of each."""

_ENVIRONMENT = SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)


class TemplateFault(Exception):
    """A template cannot be filled; `path` leads to it within its entry."""

    def __init__(self, path: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.path = path


class Rendered(Model):
    """What rendering adds to an entry as it was written."""

    answer: Bilingual
    sources: tuple[CitedSource, ...]
    as_of: dt.date
    to_confirm: bool


def entry_of(item_id: str, slug: str, spec: EntrySpec, rendered: Rendered) -> Entry:
    """The entry that an item's spec under `slug` and its rendering make."""
    return Entry(
        entry_id=f"{item_id}.{slug}",
        item_id=item_id,
        facet=spec.facet,
        question=spec.question,
        similar=spec.similar,
        answer=rendered.answer,
        sources=rendered.sources,
        as_of=rendered.as_of,
        to_confirm=rendered.to_confirm,
        compares=spec.compares,
        is_situation=slug != spec.facet.value and spec.facet is not Facet.DIFFERENCES,
    )


@lru_cache(maxsize=KEPT_REFERENCES)
def references(template: str) -> tuple[str, ...]:
    """The facts that a template uses, common ones as `common.NAME`. Raises jinja2.TemplateSyntaxError."""
    tree = _tree(template)
    dotted = [
        f"{COMMON_PREFIX}.{node.attr}"
        for node in tree.find_all(jinja2.nodes.Getattr)
        if isinstance(node.node, jinja2.nodes.Name) and node.node.name == COMMON_PREFIX
    ]
    return (*sorted(meta.find_undeclared_variables(tree) - {COMMON_PREFIX}), *dotted)


class Renderer:
    """Fills an item's templates with its facts and the common ones."""

    def __init__(self, item: ItemSpec, common: CommonSpec, sources: Mapping[str, Source]) -> None:
        self.item, self.common, self.sources = item, common, sources
        self.held = {**item.facts, **{f"{COMMON_PREFIX}.{name}": fact for name, fact in common.facts.items()}}
        self.words = {
            language: {
                **{name: facts.render(fact, language, sources) for name, fact in item.facts.items()},
                COMMON_PREFIX: {name: facts.render(fact, language, sources) for name, fact in common.facts.items()},
            }
            for language in Language
        }

    def rendered(self, spec: EntrySpec) -> Rendered:
        """What the facts make of an entry. Raises TemplateFault where they cannot."""
        used = self._used(spec)
        to_confirm = any(fact.confidence is Confidence.TO_CONFIRM for fact in used.values())
        if to_confirm and spec.unconfirmed is None:
            names = ", ".join(name for name, fact in used.items() if fact.confidence is Confidence.TO_CONFIRM)
            raise TemplateFault(
                (), f"rests on {names}, which is to be confirmed: `unconfirmed` must say which point is"
            )
        return Rendered(
            answer=self._answer(spec),
            sources=self._cited(used),
            as_of=min((self._checked(name, fact) for name, fact in used.items()), default=self.item.checked),
            to_confirm=to_confirm or spec.unconfirmed is not None,
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
            return _compiled(template).render(self.words[language]).strip()
        except jinja2.TemplateSyntaxError as error:
            raise TemplateFault(path, f"not a valid template: {error.message}") from error
        except jinja2.UndefinedError as error:
            raise TemplateFault(path, f"{error.message}; write {FACT_REFERENCE}") from error
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise TemplateFault(path, f"not a template that can be filled: {error}") from error

    def _used(self, spec: EntrySpec) -> dict[str, Fact]:
        names: list[str] = list(spec.basis)
        for field in ("answer", "unconfirmed"):
            both: Bilingual | None = getattr(spec, field)
            for language in Language if both else ():
                names += self._references(both[language], (field, language))  # type: ignore[index]
        for name in names:
            if name not in self.held:
                raise TemplateFault(("basis",), f"there is no fact {name!r}; write {FACT_REFERENCE}")
        return {name: self.held[name] for name in dict.fromkeys(names)}

    def _references(self, template: str, path: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return references(template)
        except jinja2.TemplateSyntaxError as error:
            raise TemplateFault(path, f"not a valid template: {error.message}") from error

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


@lru_cache(maxsize=KEPT_TEMPLATES)
def _compiled(template: str) -> jinja2.Template:
    return _ENVIRONMENT.from_string(_tree(template))


@lru_cache(maxsize=8)
def _tree(template: str) -> jinja2.nodes.Template:
    # A few: what a template shows is asked, in both languages, just before it is filled.
    return _ENVIRONMENT.parse(template)
