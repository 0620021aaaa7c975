"""What a run is written down as: eval.json for machines, an HTML page that stands alone for people.

Both are made from the outcomes alone, so that `bangban eval report` can write them again.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import yaml

from evaluation import metrics, outcomes
from evaluation.outcomes import QuestionOutcome, Run
from evaluation.rates import Rate, finite
from evaluation.suites import Part

LANGUAGES = ("zh", "en", "all")
MOST_FAILED_QUESTIONS, MOST_FAILED_CASES = 40, 20
INTENTS = "intents.json"
"""Written beside the report by `bangban eval intents`; shown where it is there."""
_FOLDER = Path(__file__).parent
_FACETS = _FOLDER.parent / "knowledge" / "facets.yaml"


def figures(run: Run) -> dict[str, Any]:
    """part → measure → language → value with its interval; the shape of every value is the JSON of its type."""
    return {part.value: _figures_of_part(run, part) for part in Part}


def write(run: Run, folder: Path) -> dict[str, Any]:
    """Write eval.json, eval.html and outcomes.json below `folder`; returns the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    outcomes.save(run, folder / "outcomes.json")
    return write_again(run, folder)


def write_again(run: Run, folder: Path) -> dict[str, Any]:
    """Write eval.json and eval.html below `folder`; returns the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    told = figures(run)
    intents = _intents(folder)
    summary = {
        "revision": run.revision,
        "at": run.at,
        "figures": told,
        "groups": _as_json(_groups(run)),
        "robustness": _as_json(_robustness(run)),
        "baselines": list(run.baselines),
        "intents": intents,
    }
    (folder / "eval.json").write_text(json.dumps(finite(summary), ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "eval.html").write_text(_page(run, told, intents), encoding="utf-8")
    return told


def now() -> str:
    """The time of a run."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


GROUPS: Mapping[str, Callable[[Run, QuestionOutcome], str]] = {
    "language": lambda run, one: one.question.language,
    "style": lambda run, one: one.question.style,
    "facet": lambda run, one: one.question.facet,
    "family": lambda run, one: run.catalogue.family_of.get(one.question.item, "–"),
}
GROUP_MEASURES = ("resolved", "resolved_in_first_reply", "wrong", "item_first", "entry_first")


def _figures_of_part(run: Run, part: Part) -> dict[str, Any]:
    by_language = {language: _measured(run, part, language) for language in LANGUAGES}
    return {name: {language: told[name] for language, told in by_language.items()} for name in by_language["all"]}


def _measured(run: Run, part: Part, language: str) -> dict[str, Any]:
    """Measure → value, of the cases of one part in one language."""
    asked = [one for one in run.of_part(part) if language in ("all", one.question.language)]
    cases = {
        suite: [one for one in run.cases_of_part(suite, part) if language in ("all", one.language)]
        for suite in run.cases
    }
    every_case = [one for own in cases.values() for one in own]
    escalation = metrics.escalation(asked, every_case)
    rates = {
        **{name: measure(asked) for name, measure in metrics.QUESTION_MEASURES.items()},
        **{suite: metrics.right_cases(own) for suite, own in cases.items()},
        "dialogue_turns": metrics.right_turns(cases.get("dialogues", [])),
        "both_questions": metrics.both_met(cases.get("dialogues", [])),
        "escalation_precision": escalation.precision,
        "escalation_recall": escalation.recall,
    }
    return {
        **{name: asdict(told) for name, told in rates.items()},
        "ranking": metrics.ranking(asked),
        "calibration_error": metrics.reliability(asked)[1],
        "latency": asdict(metrics.latency(asked, every_case)),
    }


def _groups(run: Run) -> dict[str, dict[str, dict[str, Any]]]:
    """Of the test part: property → value → measure → rate, and "ranking"."""
    told: dict[str, dict[str, dict[str, Any]]] = {}
    for name, value_of in GROUPS.items():
        own = metrics.by(run.of_part(Part.TEST), partial(value_of, run))
        told[name] = {
            value: {measure: metrics.QUESTION_MEASURES[measure](asked) for measure in GROUP_MEASURES}
            | {"ranking": metrics.ranking(asked)}
            for value, asked in own.items()
        }
    return told


def _robustness(run: Run) -> dict[str, metrics.Robustness]:
    """Kind of distortion → what was withstood, in the order of the suite's file."""
    clean = {one.question.id: one for one in run.questions}
    kinds = dict.fromkeys(one.case.kind for one in run.distorted)
    return {
        kind: metrics.robustness(
            [
                (one.ranked, clean[one.case.of])
                for one in run.distorted
                if one.case.kind == kind and one.case.of in clean
            ]
        )
        for kind in kinds
    }


def _intents(folder: Path) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads((folder / INTENTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return told


def _page(run: Run, told: dict[str, Any], intents: dict[str, Any] | None) -> str:
    test = run.of_part(Part.TEST)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda value: "–" if math.isnan(value) else f"{100 * value:.1f} %"
    environment.filters["three"] = lambda value: "–" if math.isnan(value) else f"{value:.3f}"
    environment.filters["ms"] = lambda value: "–" if math.isnan(value) else f"{value:.0f} ms"
    of_language = {language: [one for one in test if one.question.language == language] for language in ("zh", "en")}
    return environment.get_template("report.html.jinja").render(
        run=run,
        texts=yaml.safe_load((_FOLDER / "report_texts.yaml").read_text(encoding="utf-8")),
        names=_names(run),
        figures=told,
        rates=[name for name, value in told["test"].items() if "numerator" in _keys(value["all"])],
        groups=_groups(run),
        robustness=_robustness(run),
        intents=intents,
        reliability={language: metrics.reliability(own)[0] for language, own in of_language.items()},
        curves={language: metrics.risk_and_coverage(own) for language, own in of_language.items()},
        failures=_failed_questions(run),
        wrong_cases={
            suite: [one for one in run.cases_of_part(suite, Part.TUNE) if not one.right][:MOST_FAILED_CASES]
            for suite in run.cases
        },
    )


def _failed_questions(run: Run) -> list[QuestionOutcome]:
    """Of `tune` alone, for `test` is reported and never looked into; other items' entries first."""
    failed = [one for one in run.of_part(Part.TUNE) if not one.resolved]
    return sorted(failed, key=lambda one: not one.wrong)[:MOST_FAILED_QUESTIONS]


def _names(run: Run) -> dict[str, Mapping[str, Mapping[str, str]]]:
    """What the values of the groups are called, where they are called something."""
    facets = yaml.safe_load(_FACETS.read_text(encoding="utf-8"))
    return {
        "family": run.catalogue.family_names,
        "facet": {facet: told["label"] for facet, told in facets.items()},
    }


def _keys(told: Any) -> Sequence[str]:
    return tuple(told) if isinstance(told, Mapping) else ()


def _as_json(told: Any) -> Any:
    """Rates and their kin as dictionaries, at any depth."""
    if isinstance(told, Mapping):
        return {name: _as_json(value) for name, value in told.items()}
    return asdict(told) if isinstance(told, Rate | metrics.Robustness) else told
