"""Enough ways to ask each question, and none that stands under two entries."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from knowledge.lint.written import Written
from knowledge.loader import Fault
from knowledge.schema import Language

FEWEST = 6


def faults(written: Written) -> Iterator[Fault]:
    """Entries with too few similar questions, and questions that are the same to the letter."""
    seen: dict[tuple[Language, str], tuple[str, str]] = {}
    for item_id, slug, spec, _ in written.specs():
        for language in Language:
            similar = spec.similar[language]
            path = ("entries", slug, "similar", language.value)
            if len(similar) < FEWEST:
                yield written.fault(item_id, path, f"{len(similar)} similar questions; write at least {FEWEST}")
            for number, question in enumerate((spec.question[language], *similar)):
                key = language, _bare(question)
                first = seen.setdefault(key, (f"{item_id}.{slug}", question))
                if first != (f"{item_id}.{slug}", question) or (number and key[1] == _bare(spec.question[language])):
                    yield written.fault(
                        item_id,
                        (*path, number - 1) if number else ("entries", slug, "question", language.value),
                        f"{question!r} is already asked under {first[0]}; keep it where it is answered",
                    )


def _bare(question: str) -> str:
    folded = unicodedata.normalize("NFKC", question).lower()
    return "".join(character for character in folded if character.isalnum())
