"""The commands below `bangban eval`: how well the assistant does, and what a change did to that."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.clock import SHANGHAI, now
from api.terminal import AsJson, quiet_libraries, read_settings, refuse

if TYPE_CHECKING:
    from api.settings import Settings
    from api.traffic import Recorded

evaluation = typer.Typer(help="Measure how well questions are resolved.", no_args_is_help=True)

Folder = Annotated[Path, typer.Option("--out", help="Where eval.json, eval.html and outcomes.json go.")]


@evaluation.command()
def run(
    server: Annotated[str | None, typer.Option(help="A running service; without it one is started for this.")] = None,
    out: Folder = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Ask every suite; print the test part's figures; end with status 1 where a gate of gates.toml is missed."""
    _need_packages()
    import httpx

    from evaluation import gates
    from evaluation import report as reports
    from evaluation import run as evaluating
    from evaluation.rates import finite

    try:
        done = evaluating.evaluate(server, lambda step: print(f"  {step}", file=sys.stderr, flush=True))
    except httpx.HTTPError as error:
        refuse(f"{server or 'the service'} does not answer ({error}): is `bangban serve` running there?")
    figures = reports.write(done, out)
    if as_json:
        print(json.dumps(finite(figures["test"]), ensure_ascii=False))
    else:
        _show(figures["test"])
        print(f"Written to {out / 'eval.html'} and {out / 'eval.json'}.")
    missed = gates.missed("gate", figures["test"])
    for sentence in missed:
        print(f"gate missed: {sentence}", file=sys.stderr)
    if missed:
        raise typer.Exit(1)


@evaluation.command()
def compare(
    before: Annotated[Path, typer.Argument(help="outcomes.json of the earlier run.")],
    after: Annotated[Path, typer.Argument(help="outcomes.json of the later run.")],
    as_json: AsJson = False,
) -> None:
    """Two runs case by case: what got better, what got worse, and whether that may be chance."""
    _need_packages()
    from evaluation.outcomes import UnreadableOutcomes
    from evaluation.run import compare as compared

    try:
        told = compared(before, after)
    except UnreadableOutcomes as error:
        refuse(str(error))
    if as_json:
        print(json.dumps(asdict(told), ensure_ascii=False))
        return
    for name, (old, new) in told.changed.items():
        mark = "+" if new.right and not old.right else "−" if old.right and not new.right else " "
        print(f"{mark} {name}: {old.text[:60]}\n    {old.told}\n    {new.told}")
    print(
        f"{told.cases} cases, {told.better} better, {told.worse} worse (p = {told.p_value:.3f}, "
        f"McNemar), {len(told.changed)} replies changed; {told.before} → {told.after}"
    )


@evaluation.command()
def report(
    stored: Annotated[Path, typer.Argument(metavar="[OUTCOMES]", help="outcomes.json of a run.")] = Path(
        "reports/outcomes.json"
    ),
    out: Annotated[Path | None, typer.Option(help="Where to write; the folder of OUTCOMES without it.")] = None,
) -> None:
    """Write eval.html and eval.json again from what a run stored; nothing is asked anew."""
    _need_packages()
    from evaluation import outcomes
    from evaluation.report import write_again

    try:
        run_stored = outcomes.load(stored)
    except outcomes.UnreadableOutcomes as error:
        refuse(str(error))
    folder = out or stored.parent
    write_again(run_stored, folder)
    print(f"Written to {folder / 'eval.html'} and {folder / 'eval.json'}.")


@evaluation.command()
def intents(
    out: Annotated[Path, typer.Option("--out", help="Where intents.json goes.")] = Path("reports"),
    folds: Annotated[int, typer.Option(min=2, max=20, help="Into how many parts the training data is cut.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Rasa's own cross-validation of the bot's intents: each example judged by a model that has not seen it."""
    from api import bot_intents
    from api.bot_process import BotProcessError
    from api.exclusive import CannotStart
    from api.progress import Progress
    from api.serve import told_in_a_sentence

    settings = read_settings()
    quiet_libraries()
    try:
        with told_in_a_sentence(settings), Progress().step(f"Training and testing the intents {folds} times"):
            told = bot_intents.cross_validate(settings, folds)
    except (CannotStart, BotProcessError) as error:
        refuse(str(error))
    out.mkdir(parents=True, exist_ok=True)
    (out / "intents.json").write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    for name, score in (told["summary"] | told["by_intent"]).items():
        print(f"{name:20} precision {score['precision']:.3f}  recall {score['recall']:.3f}  F1 {score['f1']:.3f}")
    print(f"{told['examples']} examples, {told['folds']} folds. Written to {out / 'intents.json'}.")


@evaluation.command()
def traffic(
    since: Annotated[str, typer.Option(help="How far back: 7d, 24h, or a date such as 2026-11-01.")] = "7d",
    as_json: AsJson = False,
) -> None:
    """What became of real visitors' questions, by the same definitions; nothing unsaid is taken for success."""
    from sqlalchemy.exc import SQLAlchemyError

    from api import traffic_report
    from evaluation.traffic import enquiries

    settings, moment = read_settings(), now()
    try:
        began = _moment(since, moment)
    except ValueError:
        refuse(f"--since {since!r} is no time: write 7d, 24h, or a date such as 2026-11-01.")
    try:
        told = asyncio.run(_recorded(settings, began))
    except SQLAlchemyError as error:
        refuse(
            f"The database cannot be read ({type(error).__name__}): `bangban serve` makes it and keeps it up to date."
        )
    found = enquiries(told.turns, told.words)
    if as_json:
        print(json.dumps(traffic_report.as_json(found, began, moment), ensure_ascii=False, indent=2))
    else:
        traffic_report.show(found, began, moment)


def _need_packages() -> None:
    """Measuring needs packages that serving does not."""
    try:
        import ir_measures  # noqa: F401
    except ImportError:
        refuse("The evaluation's packages are not installed: `make eval` installs them and runs it.")


def _show(figures: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from evaluation.rates import Rate

    table = Table("test part", "zh", "en", "all", box=None, pad_edge=False)
    for name, told in figures.items():
        if isinstance(told["all"], dict) and "numerator" in told["all"]:
            table.add_row(name, *(str(Rate(**told[language])) for language in ("zh", "en", "all")))
    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(table)


async def _recorded(settings: Settings, since: dt.datetime) -> Recorded:
    from api.storage.database import Database
    from api.traffic import recorded

    database = Database(settings.database)
    try:
        return await recorded(database, since)
    finally:
        await database.close()


def _moment(since: str, now: dt.datetime) -> dt.datetime:
    """The time that `since` names. Raises ValueError."""
    units = {"d": "days", "h": "hours"}
    if since[-1:] in units and since[:-1].isdigit():
        try:
            return now - dt.timedelta(**{units[since[-1]]: int(since[:-1])})
        except OverflowError as error:
            raise ValueError(since) from error
    told = dt.datetime.fromisoformat(since)
    return told if told.tzinfo else told.replace(tzinfo=SHANGHAI)
