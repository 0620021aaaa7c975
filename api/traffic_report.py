"""What became of visitors' questions, shown in a terminal or as JSON."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from evaluation.rates import finite
from evaluation.resolution import APART, Outcome
from evaluation.traffic import Enquiry, resolution


def as_json(found: Sequence[Enquiry], since: dt.datetime, now: dt.datetime) -> dict[str, Any]:
    """language → every share with its numerator, denominator and interval."""
    told = {language: asdict(resolution(own, now)) for language, own in _by_language(found).items()}
    return {"since": since.isoformat(), "at": now.isoformat(), "languages": finite(told)}


def show(found: Sequence[Enquiry], since: dt.datetime, now: dt.datetime) -> None:
    """The shares as a table, with what they cannot tell."""
    told = {language: resolution(own, now) for language, own in _by_language(found).items()}
    table = Table(f"enquiries since {since:%Y-%m-%d %H:%M} UTC", *told, box=None, pad_edge=False)
    for kind in Outcome:
        if kind not in APART:
            table.add_row(kind.value, *(str(one.shares[kind]) for one in told.values()))
    table.add_row("confirmed or unconfirmed", *(str(one.at_most) for one in told.values()))
    table.add_row("the visitor said something", *(str(one.spoke) for one in told.values()))
    for kind in Outcome:
        if kind in APART:
            table.add_row(f"apart: {kind.value}", *(str(one.apart[kind]) for one in told.values()))
    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(table)
    whole = told["all"]
    print(
        "What was resolved lies between the confirmed and the confirmed or unconfirmed. "
        f"Going on now: {whole.still_open}; ended less than a week ago, may yet be asked again: {whole.unsettled}. "
        "Only what happens within a browser's session is seen."
    )


def _by_language(found: Sequence[Enquiry]) -> dict[str, list[Enquiry]]:
    return {language: [one for one in found if language in ("all", one.language)] for language in ("zh", "en", "all")}
