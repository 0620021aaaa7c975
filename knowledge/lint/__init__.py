"""What a base must keep to beyond its schema: one module a rule, each a function from the written base to faults.

The loader refuses what cannot be served; these rules refuse what would mislead. A rule's name is its module's name,
stands in every fault it finds, and is explained in docs/maintainers-guide.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping

from knowledge.lint import (
    contradiction,
    expiry,
    figures,
    glossary,
    hedging,
    languages,
    length,
    links,
    phrasings,
    placement,
    references,
)
from knowledge.lint.written import Embed, Written, written
from knowledge.loader import Fault, Read

Rule = Callable[[Written], Iterable[Fault]]

RULES: Mapping[str, Rule] = {
    "figures": figures.faults,
    "languages": languages.faults,
    "glossary": glossary.faults,
    "phrasings": phrasings.faults,
    "placement": placement.faults,
    "references": references.faults,
    "hedging": hedging.faults,
    "expiry": expiry.faults,
    "contradiction": contradiction.faults,
    "links": links.faults,
    "length": length.faults,
}


def lint(read: Read, today: dt.date, embed: Embed | None = None) -> list[Fault]:
    """Every fault of a base that was read, in the order of files and lines, each with the name of its rule.

    `embed` gives unit vectors for texts; without it `placement`, which needs the encoder, is left out."""
    base = written(read, today, embed)
    found = {fault for rule, faults in RULES.items() for fault in _named(rule, faults(base))}
    return sorted(found, key=lambda fault: (fault.file, fault.line, fault.rule, fault.message))


def _named(rule: str, faults: Iterable[Fault]) -> Iterable[Fault]:
    return (Fault(fault.file, fault.line, fault.field, fault.message, rule) for fault in faults)
