"""What an entry points at exists, and what a file stores is used."""

from __future__ import annotations

from collections.abc import Iterator

from knowledge.lint.written import Written
from knowledge.loader import Fault
from knowledge.rendering import references
from knowledge.schema import Language


def faults(written: Written) -> Iterator[Fault]:
    """Comparisons with items that do not exist, slugs that do not name what they compare, facts that nothing uses."""
    for item_id, item in written.base.items.items():
        used: set[str] = set()
        for slug, spec in item.entries.items():
            for other in spec.compares:
                if other not in written.base.items:
                    yield written.fault(
                        item_id, ("entries", slug, "compares"), f"there is no item {other!r}; name one that exists"
                    )
            used.update(spec.basis)
            for both in (spec.answer, spec.unconfirmed):
                for language in Language if both else ():
                    used.update(references(both[language]))  # type: ignore[index]
        for name in item.facts.keys() - used:
            yield written.fault(
                item_id, ("facts", name), "no entry uses this fact; use it in an answer or a `basis`, or delete it"
            )
