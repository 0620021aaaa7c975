"""Answers that a person reads on a phone: short sentences, short answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.lint.written import Written, sentences
from knowledge.loader import Fault
from knowledge.schema import Language

LONGEST_SENTENCE = {Language.ZH: 80, Language.EN: 40}
"""In characters and in words, facts filled in. The writing guide asks for 60 and 30; facts may add some."""
LONGEST_ANSWER = {Language.ZH: 330, Language.EN: 210}
"""Likewise; the writing guide asks for 200 and 130 before facts are filled in."""
UNIT = {Language.ZH: "characters", Language.EN: "words"}


def faults(written: Written) -> Iterator[Fault]:
    """Sentences and answers over their limit."""
    for item_id, slug, _, entry in written.specs():
        for language in Language:
            path = ("entries", slug, "answer", language.value)
            whole = _size(entry.answer[language], language)
            if whole > LONGEST_ANSWER[language]:
                yield written.fault(
                    item_id,
                    path,
                    f"{whole} {UNIT[language]} long, {LONGEST_ANSWER[language]} is the most; cut it or split it",
                )
            for sentence in sentences(entry.answer[language], language):
                if (size := _size(sentence, language)) > LONGEST_SENTENCE[language]:
                    yield written.fault(
                        item_id,
                        path,
                        f"a sentence of {size} {UNIT[language]} ({sentence[:24]}…), "
                        f"{LONGEST_SENTENCE[language]} is the most; split it",
                    )


def _size(text: str, language: Language) -> int:
    """Characters without blanks, or words."""
    return len(re.sub(r"\s", "", text)) if language is Language.ZH else len(text.split())
