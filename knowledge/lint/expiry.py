"""Facts are looked at again in time, and nothing is said that has run out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from knowledge.lint.written import Written
from knowledge.loader import Fault

REVIEW_AFTER = dt.timedelta(days=365)
"""How long after it was checked a fact may be said without looking at its source again."""


def faults(written: Written) -> Iterator[Fault]:
    """Facts past their expiry date, facts that were last checked more than a year ago, and dates yet to come."""
    for item_id, item in written.base.items.items():
        for name, fact in item.facts.items():
            path, checked = ("facts", name), fact.checked or item.checked
            if fact.expires is not None and fact.expires < written.today:
                yield written.fault(item_id, path, f"expired on {fact.expires}; find what replaced it, or delete it")
            if checked + REVIEW_AFTER < written.today:
                yield written.fault(
                    item_id, path, f"last checked on {checked}; look at its source again, then set `checked`"
                )
            if checked > written.today:
                yield written.fault(item_id, path, f"`checked` is {checked}, a day that is yet to come; correct it")
