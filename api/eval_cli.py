"""The commands below `bangban eval`: how well the assistant does, and what a change did to that."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.terminal import AsJson, refuse

evaluation = typer.Typer(help="Measure how well questions are resolved.", no_args_is_help=True)

Folder = Annotated[Path, typer.Option("--out", help="Where eval.json, eval.html and outcomes.json go.")]


@evaluation.command()
def run(
    server: Annotated[str | None, typer.Option(help="A running service; without it one is started for this.")] = None,
    out: Folder = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Ask every suite; print the test part's figures; end with status 1 where a gate of gates.toml is missed."""
    try:
        import ir_measures  # noqa: F401
    except ImportError:
        refuse("The evaluation's packages are not installed: `make eval` installs them and runs this.")
    import httpx

    from evaluation import report
    from evaluation import run as evaluating

    try:
        done = evaluating.evaluate(server, lambda step: print(f"  {step}", file=sys.stderr, flush=True))
    except httpx.HTTPError as error:
        refuse(f"{server or 'the service'} does not answer ({error}): is `bangban serve` running there?")
    figures = report.write(done, out)
    if as_json:
        print(json.dumps(figures["test"], ensure_ascii=False))
    else:
        _show(figures["test"])
        print(f"Written to {out / 'eval.html'} and {out / 'eval.json'}.")
    missed = evaluating.missed_gates(figures)
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
    from evaluation.run import compare as compared

    try:
        told = compared(before, after)
    except (OSError, ValueError, KeyError) as error:
        refuse(f"Not two outcomes.json of `bangban eval run` ({error}).")
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    for name, (old, new) in told["changed"].items():
        mark = "+" if new["right"] and not old["right"] else "−" if old["right"] and not new["right"] else " "
        print(f"{mark} {name}: {old['text'][:60]}\n    {old['told']}\n    {new['told']}")
    print(
        f"{told['cases']} cases, {told['better']} better, {told['worse']} worse (p = {told['p_value']:.3f}, "
        f"McNemar), {len(told['changed'])} replies changed; {told['before']} → {told['after']}"
    )


def _show(figures: dict[str, dict[str, dict[str, float]]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("test part", "zh", "en", "all", box=None, pad_edge=False)
    for name, told in figures.items():
        if "all" in told and isinstance(told["all"], dict) and "value" in told["all"]:
            table.add_row(name, *(_words(told[language]) for language in ("zh", "en", "all")))
    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(table)


def _words(rate: dict[str, float]) -> str:
    return (
        f"{100 * rate['value']:.1f} % ({rate['numerator']}/{rate['denominator']}; "
        f"{100 * rate['low']:.0f}–{100 * rate['high']:.0f})"
    )
