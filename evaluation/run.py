"""One evaluation: every suite against a service, which is started for it unless one is named. `make eval`."""

from __future__ import annotations

import json
import math
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from evaluation import report, runner, suites
from evaluation.report import Run
from evaluation.service import prepare, running

GATES = Path(__file__).with_name("gates.toml")
REPORTS = Path("reports")


def evaluate(url: str | None, say: Callable[[str], None]) -> Run:
    """Ask everything of the service at `url`, or of one of its own. Raises httpx.HTTPError where it does not answer."""
    if url is not None:
        return _ask_all(url.rstrip("/"), say)
    prepare()
    with tempfile.TemporaryDirectory() as data_dir, running(Path(data_dir)) as service:
        return _ask_all(service.url, say)


def _ask_all(url: str, say: Callable[[str], None]) -> Run:
    revision = httpx.get(f"{url}/api/v1/items", timeout=60, trust_env=False).raise_for_status().json()["revision"]
    asked = suites.questions()
    say(f"asking {len(asked)} questions")
    told = runner.ask_questions(url, asked)
    say("holding dialogues")
    cases = {"dialogues": runner.hold_dialogues(url, suites.dialogues())}
    say("asking what is none of the desk's business, and odd things")
    cases["outside"] = runner.ask_outside(url, suites.outside())
    cases["hostile"] = runner.ask_hostile(url, suites.hostile())
    return Run(revision, report.now(), told, cases)


def missed_gates(figures: dict[str, Any], path: Path = GATES) -> list[str]:
    """A sentence for each gate that the test part does not keep."""
    missed = []
    for gate in tomllib.loads(path.read_text(encoding="utf-8"))["gate"]:
        value = figures["test"][gate["measure"]][gate["language"]]["value"]
        least, most = gate.get("least", -math.inf), gate.get("most", math.inf)
        if not least <= value <= most:
            bound = f"at least {least}" if "least" in gate else f"at most {most}"
            missed.append(f"{gate['measure']} ({gate['language']}) is {value:.3f}, should be {bound}")
    return missed


def compare(before: Path, after: Path) -> dict[str, Any]:
    """What got better and what got worse between two outcomes.json, with the p value of McNemar's test.

    Raises OSError or ValueError where a file is not one.
    """
    from evaluation.metrics import better_or_worse

    old, new = (json.loads(path.read_text(encoding="utf-8")) for path in (before, after))
    ids = [name for name in old["cases"] if name in new["cases"]]
    rights = ([told["cases"][name]["right"] for name in ids] for told in (old, new))
    better, worse, p_value = better_or_worse(*rights)
    changed = [name for name in ids if old["cases"][name]["told"] != new["cases"][name]["told"]]
    return {
        "before": old["revision"],
        "after": new["revision"],
        "cases": len(ids),
        "better": better,
        "worse": worse,
        "p_value": p_value,
        "changed": {name: (old["cases"][name], new["cases"][name]) for name in changed},
    }
