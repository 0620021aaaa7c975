"""Links come from `link` facts, which are official pages; none is typed into an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.lint.written import Written
from knowledge.loader import Fault

_TYPED = re.compile(r"https?://\S+|\bwww\.\S+|\]\(\s*[^)\s]", re.IGNORECASE)


def faults(written: Written) -> Iterator[Fault]:
    """Web addresses and Markdown links typed by hand."""
    for template in written.templates():
        if _TYPED.search(template.by_hand):
            yield written.fault(
                template.item_id,
                template.path,
                "a link is typed by hand; store it as a `link` fact (official pages only) and write {{ its_name }}",
            )
