"""One official term per concept and language: what people see uses knowledge/glossary.yaml's word for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from knowledge.lint.written import Written
from knowledge.loader import Fault
from knowledge.schema import GlossaryTerm, Language


def faults(written: Written) -> Iterator[Fault]:
    """Words to avoid in questions and answers, and paired terms that stand in one language alone.

    Similar questions are the visitors' own words and are left alone.
    """
    for item_id, slug, spec, entry in written.specs():
        for language in Language:
            for field, text in (("question", spec.question[language]), ("answer", entry.answer[language])):
                for term in written.glossary.values():
                    for word in term.avoid[language]:
                        if _stands_in(word, text, language):
                            yield written.fault(
                                item_id,
                                ("entries", slug, field, language.value),
                                f"{word!r} is not the official word; write {term.term[language]!r}",
                            )
        for term in written.glossary.values():
            if term.paired:
                used = {language: _uses(term, entry.answer[language], language) for language in Language}
                for language, other in ((Language.ZH, Language.EN), (Language.EN, Language.ZH)):
                    if used[other] and not used[language]:
                        yield written.fault(
                            item_id,
                            ("entries", slug, "answer", language.value),
                            f"the {other.value} text says {term.term[other]!r}; say {term.term[language]!r} here",
                        )


def _uses(term: GlossaryTerm, text: str, language: Language) -> bool:
    words: Sequence[str] = (term.term[language], *term.also[language])
    return any(_stands_in(word, text, language) for word in words)


def _stands_in(word: str, text: str, language: Language) -> bool:
    if language is Language.ZH:
        return word in text
    if word.lower() not in text.lower():
        return False  # Nearly always, and told ten times sooner than by the expression.
    return re.search(rf"\b{re.escape(word)}(?:e?s)?\b", text, re.IGNORECASE) is not None
