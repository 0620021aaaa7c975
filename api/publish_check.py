"""Before a publish: the new base asked what the suites and, lately, visitors asked, beside the live one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from api.settings import Settings
from api.storage.database import Database
from api.storage.traffic import Answered
from evaluation import gates, suites
from evaluation.proxies import RememberingEncoder
from evaluation.rates import Rate, finite
from evaluation.replay import Asked, Difference, Replayed, Verdict, difference, measures, opened, replay
from evaluation.suites import Outside, Question
from knowledge.loader import Read
from retrieval import index
from retrieval.encoder import Encoder
from retrieval.language import normalise

MOST_MESSAGES = 500
"""How many of the last messages that visitors typed and that were answered are asked again."""
MOST_SHOWN = 40
_MARKS = {Verdict.BETTER: "+", Verdict.WORSE: "−", Verdict.OTHER: "·"}


@dataclass(frozen=True)
class Check:
    """What a publish would change. `compared` is False where nothing that could be searched was live."""

    revision: str
    compared: bool
    told: tuple[Replayed, ...]
    rates: dict[str, dict[str, Rate]]
    difference: Difference
    missed: tuple[str, ...]


def check(settings: Settings, encoder: Encoder, note: Callable[[str], None], read: Read) -> Check:
    """Build the index of the knowledge as it was read, leave the live one alone, and ask both the same.

    Raises what retrieval.index.build raises.
    """
    live = index.live(settings.data_dir)
    folder = index.build(settings.data_dir, settings.knowledge_dir, encoder, note, read)
    remembering = RememberingEncoder(encoder)
    asked = [*_cases(), *_of_visitors(settings, note)]
    note(f"asking {len(asked)} questions of the new base and of the live one")
    remembering.encode([normalise(one.text) for one in asked])
    told = _replayed(live, folder, remembering, asked, note)
    rates = measures(told)
    plain = {name: {language: asdict(rate) for language, rate in own.items()} for name, own in rates.items()}
    return Check(
        revision=revision_in(folder),
        compared=any(one.before for one in told),
        told=tuple(told),
        rates=rates,
        difference=difference(told),
        missed=tuple(gates.missed("publish", plain)),
    )


def revision_in(folder: Path) -> str:
    """The revision of the knowledge that an index folder was made from."""
    return folder.name.partition("-")[0]


def as_json(checked: Check) -> dict[str, Any]:
    """Everything but the cases that nobody may look at."""
    told: dict[str, Any] = {
        "revision": checked.revision,
        "compared": checked.compared,
        "counts": _counts(checked.told),
        "difference": asdict(checked.difference),
        "rates": {
            name: {language: asdict(rate) for language, rate in own.items()} for name, own in checked.rates.items()
        },
        "missed": list(checked.missed),
        "changes": [
            {
                "verdict": one.verdict.value,
                "question": one.asked.text,
                "case": one.asked.case.id if one.asked.case else None,
                "before": str(one.before),
                "after": str(one.after),
            }
            for one in _to_show(checked.told)
        ],
    }
    return dict(finite(told))


def show(checked: Check) -> None:
    """What changes, the worst first, then the figures; on stderr, so that what is published stays alone on stdout."""
    console = Console(stderr=True, width=None if sys.stderr.isatty() else 200, markup=False, highlight=False)
    changes = _to_show(checked.told)
    if changes:
        table = Table("", "asked", "live now", "would be", box=None, pad_edge=False)
        for one in changes[:MOST_SHOWN]:
            table.add_row(_MARKS[one.verdict], one.asked.text[:60], str(one.before), str(one.after))
        console.print(table)
    if len(changes) > MOST_SHOWN:
        console.print(f"… and {len(changes) - MOST_SHOWN} more; --json has them all.")
    figures = Table("", "zh", "en", "all", box=None, pad_edge=False)
    for name, own in checked.rates.items():
        figures.add_row(name, *map(str, own.values()))
    console.print(figures)
    console.print(_summary(checked))
    for sentence in checked.missed:
        console.print(f"limit missed: {sentence}")


def _summary(checked: Check) -> str:
    if not checked.compared:
        return "Nothing that could be compared is live: the figures are those of the new base alone."
    counts, differ = _counts(checked.told), checked.difference
    return (
        f"Of {counts['suites']} cases of the suites, {differ.better} get better and {differ.worse} worse "
        f"(p = {differ.p_value:.3f}, McNemar); of {counts['visitors']} visitors' messages, "
        f"{counts['visitors_changed']} would be met otherwise. {counts['edited']} get the same entry with another text."
        " Cases of the calibration and test parts are counted and not shown."
    )


def _replayed(
    live: Path | None, folder: Path, encoder: Encoder, asked: Sequence[Asked], note: Callable[[str], None]
) -> list[Replayed]:
    with opened(folder, encoder) as after:
        if live is None:
            return replay(None, after, asked)
        if live.name.partition("-")[2] != index.kind_of(encoder.fingerprint):
            note("the live index was made by another encoder or version, so the two cannot be compared")
            return replay(None, after, asked)
        with opened(live, encoder) as before:
            return replay(before, after, asked)


def _cases() -> list[Asked]:
    cases: list[Question | Outside] = [*suites.questions(), *suites.outside()]
    return [Asked(case.text, case.language, None, case) for case in cases]


def _of_visitors(settings: Settings, note: Callable[[str], None]) -> list[Asked]:
    try:
        found = asyncio.run(_answered(settings))
    except SQLAlchemyError:
        note("there is no database with visitors' messages yet; only the suites are asked")
        return []
    return [Asked(one.text, one.language, one.context_item) for one in found]


async def _answered(settings: Settings) -> Sequence[Answered]:
    database = Database(settings.database)
    try:
        async with database.reading() as work:
            return await work.traffic.answered(MOST_MESSAGES)
    finally:
        await database.close()


def _to_show(told: Sequence[Replayed]) -> list[Replayed]:
    """What got worse first, then the visitors' own messages, then the rest."""
    order = list(_MARKS)
    changed = [one for one in told if one.verdict in _MARKS and one.asked.may_be_shown]
    return sorted(
        changed, key=lambda one: (one.verdict is not Verdict.WORSE, bool(one.asked.case), order.index(one.verdict))
    )


def _counts(told: Sequence[Replayed]) -> dict[str, int]:
    visitors = [one for one in told if one.asked.case is None]
    return {
        "suites": len(told) - len(visitors),
        "visitors": len(visitors),
        "visitors_changed": sum(one.verdict is Verdict.OTHER for one in visitors),
        "edited": sum(one.verdict is Verdict.EDITED for one in told),
    }
