"""Two places that state the same thing state it alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from difflib import SequenceMatcher

from knowledge.lint.written import Written
from knowledge.loader import Fault
from knowledge.schema import Fact, Language

ALIKE = 0.8
"""From which likeness on two statements of one source are about the same thing (difflib's ratio, figures left out)."""
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


def faults(written: Written) -> Iterator[Fault]:
    """Facts that say they repeat another one (`same_as`) with another value, and statements of one source that differ
    only in their figures.
    """
    yield from _repeated(written)
    yield from _statements(written)


def _repeated(written: Written) -> Iterator[Fault]:
    for item_id, item in written.base.items.items():
        for name, fact in item.facts.items():
            if fact.same_as is None:
                continue
            path = ("facts", name, "same_as")
            other_id, _, other_name = fact.same_as.partition(".")
            other = written.base.items[other_id].facts.get(other_name) if other_id in written.base.items else None
            if other is None:
                yield written.fault(item_id, path, f"there is no fact {fact.same_as!r}; write ITEM.FACT")
            elif _value(fact) != _value(other):
                yield written.fault(
                    item_id,
                    ("facts", name),
                    f"contradicts {fact.same_as}: {_value(fact)} here, {_value(other)} there; one of them is wrong",
                )


def _statements(written: Written) -> Iterator[Fault]:
    of_source: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for item_id, item in written.base.items.items():
        for name, fact in item.facts.items():
            if fact.text is not None and _FIGURE.search(fact.text.en):
                for source in fact.source:
                    of_source[source].append((item_id, name, fact.text[Language.EN]))
    for told in of_source.values():
        for place, (item_id, name, text) in enumerate(told):
            for other_id, other_name, other in told[:place]:
                if _FIGURE.findall(text) != _FIGURE.findall(other) and _alike(text, other):
                    yield written.fault(
                        item_id,
                        ("facts", name),
                        f"says {text!r}, but {other_id}.{other_name} says {other!r} by the same source; "
                        "settle which is right",
                    )


def _value(fact: Fact) -> object:
    return fact.kind, getattr(fact, fact.kind), fact.per


def _alike(one: str, other: str) -> bool:
    bare, other_bare = _FIGURE.sub("#", one), _FIGURE.sub("#", other)
    shortest, longest = sorted((len(bare), len(other_bare)))
    return shortest > ALIKE * longest and SequenceMatcher(None, bare, other_bare, autojunk=False).ratio() >= ALIKE
