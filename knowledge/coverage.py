"""The coverage matrix: which facet of which item is written in which language, as one HTML page that stands alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import jinja2

from knowledge.base import KnowledgeBase
from knowledge.schema import Facet, ItemSpec, Language

_PAGE = Path(__file__).with_name("coverage.html.jinja")


def coverage_page(base: KnowledgeBase) -> str:
    """The matrix of items × facets × languages as HTML: entries and ways to ask per cell, or why there are none."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    rows = [
        {
            "item": item,
            "cells": [_cell(base, item, facet) for facet in Facet],
            "situations": sum(entry.is_situation for entry in base.entries.values() if entry.item_id == item.id),
            "told": {
                language.value: sum(
                    told.item_id == item.id and told.language == language.value for told in base.situations
                )
                for language in Language
            },
        }
        for item in base.items.values()
    ]
    page = environment.from_string(_PAGE.read_text(encoding="utf-8"))
    return page.render(base=base, facets=[(facet, base.facets[facet].label) for facet in Facet], rows=rows)


def _cell(base: KnowledgeBase, item: ItemSpec, facet: Facet) -> dict[str, object]:
    entries = [entry for entry in base.entries_of(item.id) if entry.facet is facet]
    if not entries:
        return {"state": "absent", "why": item.absent[facet], "entries": 0, "asked": Counter()}
    asked = {language.value: sum(len(entry.similar[language]) + 1 for entry in entries) for language in Language}
    to_confirm = any(entry.to_confirm for entry in entries)
    return {"state": "to-confirm" if to_confirm else "written", "why": None, "entries": len(entries), "asked": asked}
