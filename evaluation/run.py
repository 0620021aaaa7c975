"""One evaluation: every suite against a service, which is started for it unless one is named. `make eval`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from evaluation import outcomes, report, runner, suites
from evaluation.baselines import run as baselines
from evaluation.outcomes import Catalogue, Run
from evaluation.rates import better_or_worse
from evaluation.service import CHECKOUT, prepare, running


def evaluate(url: str | None, say: Callable[[str], None]) -> Run:
    """Ask everything of the service at `url`, or of one of its own. Raises httpx.HTTPError where it does not answer."""
    if url is not None:
        run = _ask_all(url.rstrip("/"), say)
    else:
        prepare()
        with tempfile.TemporaryDirectory() as data_dir, running(Path(data_dir)) as service:
            run = _ask_all(service.url, say)
    measured = baselines.measure(run.questions, run.revision, CHECKOUT / "var", CHECKOUT / "knowledge", say)
    return replace(run, baselines=measured)


def _ask_all(url: str, say: Callable[[str], None]) -> Run:
    catalogue = httpx.get(f"{url}/api/v1/items", timeout=60, trust_env=False).raise_for_status().json()
    asked = suites.questions()
    say(f"asking {len(asked)} questions")
    told = runner.ask_questions(url, asked)
    say("holding dialogues")
    cases = {"dialogues": tuple(runner.hold_dialogues(url, suites.dialogues()))}
    say("asking what is none of the desk's business, and odd things")
    cases["outside"] = tuple(runner.ask_outside(url, suites.outside()))
    cases["hostile"] = tuple(runner.ask_hostile(url, suites.hostile()))
    say("searching for mistyped questions")
    distorted = runner.search_distorted(url, suites.distorted())
    return Run(
        revision=catalogue["revision"],
        at=report.now(),
        questions=tuple(told),
        cases=cases,
        distorted=tuple(distorted),
        catalogue=Catalogue(
            family_of={item["item_id"]: item["family"] for item in catalogue["items"]},
            family_names={item["family"]: item["family_name"] for item in catalogue["items"]},
        ),
    )


@dataclass(frozen=True)
class Compared:
    """Two runs case by case. `changed` holds, by a case's id, what was said and what came of it before and after."""

    before: str
    after: str
    cases: int
    better: int
    worse: int
    p_value: float
    changed: Mapping[str, tuple[Told, Told]]


@dataclass(frozen=True)
class Told:
    """One case of one run, in a line."""

    right: bool
    told: str
    text: str


def compare(before: Path, after: Path) -> Compared:
    """What got better and what got worse between two outcomes.json, with the p value of McNemar's test.

    Raises outcomes.UnreadableOutcomes.
    """
    old, new = outcomes.load(before), outcomes.load(after)
    old_told, new_told = _told(old), _told(new)
    ids = [name for name in old_told if name in new_told]
    better, worse, p_value = better_or_worse(*([told[name].right for name in ids] for told in (old_told, new_told)))
    changed = {name: (old_told[name], new_told[name]) for name in ids if old_told[name].told != new_told[name].told}
    return Compared(old.revision, new.revision, len(ids), better, worse, p_value, changed)


def _told(run: Run) -> dict[str, Told]:
    questions = {
        one.question.id: Told(one.resolved, " → ".join((*one.kinds, ".".join(map(str, one.given)))), one.question.text)
        for one in run.questions
    }
    cases = {one.id: Told(one.right, one.told, one.said) for own in run.cases.values() for one in own}
    return questions | cases
