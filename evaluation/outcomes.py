"""What came of every case of a run, kept in outcomes.json; reports and comparisons are made from this alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from evaluation.suites import Distorted, Part, Question, part_of

Ranked = tuple[tuple[str, str], ...]
"""What the search found, as (item, facet), best first."""


@dataclass(frozen=True)
class QuestionOutcome:
    """What came of one question; docs/evaluation.md defines `resolved` and `wrong`, `choices` were made on the way.

    `options_held_it`: the first reply asked back, and one of its options led to a right entry. `waited_ms`: per reply.
    """

    question: Question
    resolved: bool
    first: bool
    wrong: bool
    choices: int
    kinds: tuple[str, ...]
    given: tuple[str | None, str | None]
    confidence: float | None
    ranked: Ranked
    language_right: bool
    options_held_it: bool = False
    waited_ms: tuple[float, ...] = ()


@dataclass(frozen=True)
class TurnOutcome:
    """One reply of a dialogue, or the reply to an outside or hostile message.

    `accepted` are the kinds that the suite accepts (none: any). `waited_ms` is None where nothing had to be sent.
    """

    kind: str
    accepted: tuple[str, ...]
    right: bool
    waited_ms: float | None


@dataclass(frozen=True)
class CaseOutcome:
    """What came of a dialogue, an outside or a hostile case: right or not, and where it first went wrong.

    `both_met`: of two questions in one message, whether the reply gave or offered an answer to either; None elsewhere.
    """

    id: str
    language: str
    group: str
    right: bool
    said: str
    told: str
    turns: tuple[TurnOutcome, ...] = ()
    both_met: bool | None = None


@dataclass(frozen=True)
class DistortedOutcome:
    """What the search found for a distorted question."""

    case: Distorted
    ranked: Ranked


@dataclass(frozen=True)
class Catalogue:
    """The items' families and what these are called, so that figures can be told by family."""

    family_of: Mapping[str, str] = field(default_factory=dict)
    family_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """Everything that one evaluation found. `baselines`: rows of evaluation/baselines, where measured."""

    revision: str
    at: str
    questions: tuple[QuestionOutcome, ...]
    cases: Mapping[str, tuple[CaseOutcome, ...]]
    distorted: tuple[DistortedOutcome, ...] = ()
    catalogue: Catalogue = Catalogue()
    baselines: tuple[Mapping[str, Any], ...] = ()

    def of_part(self, part: Part) -> list[QuestionOutcome]:
        """The questions of one part."""
        return [one for one in self.questions if part_of(one.question.id) is part]

    def cases_of_part(self, suite: str, part: Part) -> list[CaseOutcome]:
        """The cases of a suite that belong to one part."""
        return [one for one in self.cases[suite] if part_of(one.id) is part]


class UnreadableOutcomes(Exception):
    """The file holds no outcomes of a run as this version writes them."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} holds no outcomes of `bangban eval run` as this version writes them: {reason}.")
        self.path = path


_RUN = TypeAdapter(Run)


def save(run: Run, path: Path) -> None:
    """Write the run."""
    path.write_bytes(_RUN.dump_json(run))


def load(path: Path) -> Run:
    """The run that `save` wrote. Raises UnreadableOutcomes."""
    try:
        return _RUN.validate_json(path.read_bytes())
    except OSError as error:
        raise UnreadableOutcomes(path, error.strerror or str(error)) from error
    except ValidationError as error:
        fault = error.errors()[0]
        raise UnreadableOutcomes(path, f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
