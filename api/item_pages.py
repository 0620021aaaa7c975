"""The knowledge as pages that people read and print: rendered here, no script needed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

from api.texts import Texts
from knowledge.base import Entry, KnowledgeBase
from knowledge.schema import Facet, Family, ItemSpec

_TEMPLATES = Path(__file__).parent / "web" / "pages"
LANGUAGES = {"zh": "zh-Hans", "en": "en-GB"}


def by_family(base: KnowledgeBase) -> list[ItemSpec]:
    """The items, family by family in the catalogue's order."""
    order = list(Family)
    return sorted(base.items.values(), key=lambda item: order.index(item.family))


def catalogue_page(base: KnowledgeBase, texts: Texts, language: str, missing: bool = False) -> str:
    """The page of all items; `missing` says that the item asked for does not exist."""
    items = by_family(base)
    families = [
        (texts.families[family], [item for item in items if item.family is family])
        for family in Family
        if any(item.family is family for item in items)
    ]
    return _render("catalogue.html", texts, language, base=base, families=families, missing=missing)


def item_page(base: KnowledgeBase, texts: Texts, language: str, item_id: str) -> str:
    """The page of one item. Raises KeyError for an unknown one."""
    item = base.items[item_id]
    entries = base.entries_of(item_id)
    facets = [
        (facet, base.facets[facet].label, entry, item.absent.get(facet))
        for facet in Facet
        if facet is not Facet.DIFFERENCES
        for entry in (next((e for e in entries if e.facet is facet and not e.is_situation), None),)
    ]
    comparisons = [entry for entry in entries if entry.facet is Facet.DIFFERENCES and not entry.is_situation]
    situations = [entry for entry in entries if entry.is_situation]
    return _render(
        "item.html",
        texts,
        language,
        base=base,
        item=item,
        family=texts.families[item.family],
        facets=facets,
        comparisons=comparisons,
        situations=situations,
        no_comparison=item.absent.get(Facet.DIFFERENCES),
        faq=_faq_page(entries, language),
    )


def slug_of(entry: Entry) -> str:
    """The anchor of an entry on its item's page."""
    return entry.entry_id.partition(".")[2]


def _render(template: str, texts: Texts, language: str, **shown: Any) -> str:
    told = {name: both[language] for name, both in texts.item_page.items()}
    other = "en" if language == "zh" else "zh"
    return (
        _environment()
        .get_template(template)
        .render(t=told, language=language, other=other, tag=LANGUAGES[language], tags=LANGUAGES, **shown)
    )


def _faq_page(entries: Sequence[Entry], language: str) -> Markup:
    """schema.org's FAQPage of the entries as JSON that is safe inside a script element (https://schema.org/FAQPage)."""
    told = {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "inLanguage": LANGUAGES[language],
        "mainEntity": [
            {
                "@type": "Question",
                "name": entry.question[language],
                "acceptedAnswer": {"@type": "Answer", "text": _html(entry.answer[language])},
            }
            for entry in entries
        ],
    }
    safe = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(safe)


@cache
def _markdown() -> MarkdownIt:
    """The subset that answers are written in: paragraphs, lists, bold, links; HTML is shown as text."""
    return MarkdownIt("zero", {"html": False, "breaks": True}).enable(["list", "emphasis", "link", "newline", "escape"])


def _html(answer: str) -> str:
    rendered: str = _markdown().render(answer)
    return rendered


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["markdown"] = lambda answer: Markup(_html(answer))
    environment.filters["slug"] = slug_of
    return environment
