"""What is only likely is not said as certain."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.lint.written import Written
from knowledge.loader import Fault
from knowledge.rendering import COMMON_PREFIX
from knowledge.schema import Confidence, Language

HEDGES = {
    Language.ZH: re.compile(
        r"通常|一般|多半|大多|往往|常见|常常|大致|估计|可能|多数|为准|参考|未必|不一定|惯例|尚未确认|常(?=因|被|要)"
    ),
    Language.EN: re.compile(
        r"\b(?:usual(?:ly)?|normal(?:ly)?|as a rule|generally|in general|often|typical(?:ly)?|mostly|most|commonly"
        r"|common|likely|probably|may|might|can|tends?|should|expect(?:ed)?|not confirmed|check|in practice"
        r"|rule of thumb|guide)\b",
        re.IGNORECASE,
    ),
}


def faults(written: Written) -> Iterator[Fault]:
    """Answers that show a `likely` fact without a word such as 通常 or "usually" anywhere in that language.

    Facts of common.yaml are names of offices and pages, which are not a matter of degree.
    """
    for template in written.templates():
        if template.field != "answer":
            continue
        item_facts = (name for name in template.facts if not name.startswith(f"{COMMON_PREFIX}."))
        likely = sorted(
            name for name in item_facts if written.fact(template.item_id, name).confidence is Confidence.LIKELY
        )
        entry = written.base.entries[f"{template.item_id}.{template.slug}"]
        if likely and not HEDGES[template.language].search(entry.answer[template.language]):
            yield written.fault(
                template.item_id,
                template.path,
                f"{', '.join(likely)} is only likely and is said as certain; add 通常, 一般 / usually, as a rule",
            )
