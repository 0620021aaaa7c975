"""What a run is written down as: reports/eval.json for machines, an HTML page that stands alone for people."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jinja2

from evaluation import metrics
from evaluation.runner import CaseOutcome, QuestionOutcome
from evaluation.suites import Part, part_of

_PAGE = Path(__file__).with_name("report.html.jinja")
GROUPS = {
    "language": lambda one: one.question.language,
    "style": lambda one: one.question.style,
    "facet": lambda one: one.question.facet,
}


@dataclass(frozen=True)
class Run:
    """Everything that one evaluation found."""

    revision: str
    at: str
    questions: Sequence[QuestionOutcome]
    cases: Mapping[str, Sequence[CaseOutcome]]

    def of_part(self, part: Part) -> list[QuestionOutcome]:
        """The questions of one part."""
        return [one for one in self.questions if part_of(one.question.id) is part]


def figures(run: Run) -> dict[str, Any]:
    """part → measure → language → value with its interval; for the other suites "cases" → suite → language."""
    told: dict[str, Any] = {}
    for part in Part:
        own = run.of_part(part)
        told[part.value] = {
            name: {
                language: asdict(measure([one for one in own if language in ("all", one.question.language)]))
                for language in ("zh", "en", "all")
            }
            for name, measure in metrics.QUESTION_MEASURES.items()
        }
        told[part.value]["ranking"] = {
            language: metrics.ranking([one for one in own if language in ("all", one.question.language)])
            for language in ("zh", "en", "all")
        }
        told[part.value]["calibration_error"] = {"all": metrics.reliability(own)[1]}
    for suite, cases in run.cases.items():
        for part in Part:
            own_cases = [one for one in cases if part_of(one.id) is part]
            told[part.value][suite] = {
                language: asdict(metrics.right_cases([c for c in own_cases if language in ("all", c.language)]))
                for language in ("zh", "en", "all")
            }
    return told


def write(run: Run, folder: Path) -> dict[str, Any]:
    """Write eval.json, eval.html and outcomes.json below `folder`; returns the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    told = figures(run)
    summary = {"revision": run.revision, "at": run.at, "figures": told}
    (folder / "eval.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "outcomes.json").write_text(json.dumps(outcomes(run), ensure_ascii=False), encoding="utf-8")
    (folder / "eval.html").write_text(_page(run, told), encoding="utf-8")
    return told


def outcomes(run: Run) -> dict[str, Any]:
    """Every case's result by its id, for `compare`."""
    return {
        "revision": run.revision,
        "at": run.at,
        "cases": {
            **{
                one.question.id: {
                    "right": one.resolved,
                    "told": " → ".join((*one.kinds, ".".join(map(str, one.given)))),
                    "text": one.question.text,
                }
                for one in run.questions
            },
            **{
                one.id: {"right": one.right, "told": one.told, "text": one.said}
                for cases in run.cases.values()
                for one in cases
            },
        },
    }


def now() -> str:
    """The time of a run."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _page(run: Run, told: dict[str, Any]) -> str:
    test = run.of_part(Part.TEST)
    bins, error = metrics.reliability(test)
    # Failures are shown of `tune` alone: `test` is reported, never looked into.
    failures = sorted((one for one in run.of_part(Part.TUNE) if not one.resolved), key=lambda one: not one.wrong)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["percent"] = lambda value: "–" if value != value else f"{100 * value:.1f} %"
    return environment.from_string(_PAGE.read_text(encoding="utf-8")).render(
        run=run,
        figures=told,
        measures=list(metrics.QUESTION_MEASURES),
        suites=list(run.cases),
        groups={
            name: {
                value: {
                    measure: metrics.QUESTION_MEASURES[measure](own)
                    for measure in ("resolved", "resolved_in_first_reply", "wrong")
                }
                for value, own in metrics.by(test, key).items()
            }
            for name, key in GROUPS.items()
        },
        bins=bins,
        error=error,
        curve=metrics.risk_and_coverage(test),
        failures=failures[:40],
        wrong_cases={
            suite: [one for one in cases if not one.right and part_of(one.id) is Part.TUNE][:20]
            for suite, cases in run.cases.items()
        },
    )
