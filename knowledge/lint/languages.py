"""Both languages of an answer show the same facts, so that neither says what the other leaves out."""

from __future__ import annotations

from collections.abc import Iterator

from knowledge.lint.written import Written
from knowledge.loader import Fault
from knowledge.rendering import references
from knowledge.schema import Language


def faults(written: Written) -> Iterator[Fault]:
    """Facts that stand in one language of an answer (or of what is unconfirmed) and not in the other."""
    for item_id, slug, spec, _ in written.specs():
        for field in ("answer", "unconfirmed"):
            both = getattr(spec, field)
            if both is None:
                continue
            shown = {language: set(references(both[language])) for language in Language}
            for language, other in ((Language.ZH, Language.EN), (Language.EN, Language.ZH)):
                if missing := sorted(shown[other] - shown[language]):
                    yield written.fault(
                        item_id,
                        ("entries", slug, field, language.value),
                        f"does not use {', '.join(missing)}, which the {other.value} text does; say the same in both",
                    )
