"""What is counted of outcomes; docs/evaluation.md has the definitions in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import ir_measures
import numpy as np
from ir_measures import RR, Qrel, R, ScoredDoc, nDCG

from evaluation.outcomes import CaseOutcome, QuestionOutcome, Ranked, TurnOutcome
from evaluation.rates import Rate, rate
from evaluation.resolution import STEP_OF_KIND, contained

BINS = 10
RANKING = (R @ 1, R @ 3, R @ 5, RR @ 10, nDCG @ 10)
OF_THE_DESK = ("answer", "clarify")
"""What a suite's question may be met with: it is of the desk's business, so a person was never called for."""


QUESTION_MEASURES: Mapping[str, Callable[[Sequence[QuestionOutcome]], Rate]] = {
    "resolved": lambda told: rate([one.resolved for one in told]),
    "resolved_in_first_reply": lambda told: rate([one.first for one in told]),
    "wrong": lambda told: rate([one.wrong for one in told]),
    "contained": lambda told: rate([contained([STEP_OF_KIND[kind] for kind in one.kinds]) for one in told]),
    "asked_back": lambda told: rate([one.kinds[0] == "clarify" for one in told]),
    "options_held_it": lambda told: rate([one.options_held_it for one in told if one.kinds[0] == "clarify"]),
    "resolved_after_asking_back": lambda told: rate([one.resolved for one in told if one.kinds[0] == "clarify"]),
    "gave_up": lambda told: rate([one.kinds[-1] not in ("answer", "clarify") for one in told]),
    "language_right": lambda told: rate([one.language_right for one in told]),
    "item_first": lambda told: rate([item_first(one.ranked, one) for one in told]),
    "entry_first": lambda told: rate([entry_first(one.ranked, one) for one in told]),
}


def item_first(ranked: Ranked, one: QuestionOutcome) -> bool:
    """Whether what was found begins with an entry of a right item."""
    return bool(ranked) and ranked[0][0] in one.question.items


def entry_first(ranked: Ranked, one: QuestionOutcome) -> bool:
    """Whether what was found begins with a right entry."""
    return bool(ranked) and ranked[0] in one.question.accepted


def ranking(told: Sequence[QuestionOutcome]) -> dict[str, dict[str, float]]:
    """ "item" and "entry" → recall, reciprocal rank and nDCG in the search's results.

    Accepted alternatives count as one: a visitor needs any of them, so the first that is found is the right one.
    """
    return {
        "item": _ranked([([item for item, _ in one.ranked], one.question.items) for one in told]),
        "entry": _ranked([(one.ranked, one.question.accepted) for one in told]),
    }


def _ranked(told: Sequence[tuple[Sequence[object], frozenset[object]]]) -> dict[str, float]:
    judged, run = [], []
    for number, (found, right) in enumerate(told):
        judged.append(Qrel(str(number), "right", 1))
        names = dict.fromkeys("right" if name in right else str(name) for name in found)
        run += [ScoredDoc(str(number), name, -place) for place, name in enumerate(names)]
    if not judged:
        return {str(measure): float("nan") for measure in RANKING}
    found_of = ir_measures.calc_aggregate(RANKING, judged, run)
    return {str(measure): float(found_of[measure]) for measure in RANKING}


def by(told: Iterable[QuestionOutcome], group: Callable[[QuestionOutcome], str]) -> dict[str, list[QuestionOutcome]]:
    """The outcomes by a property of their question, in the order of its names."""
    groups: dict[str, list[QuestionOutcome]] = defaultdict(list)
    for one in told:
        groups[group(one)].append(one)
    return dict(sorted(groups.items()))


def right_cases(told: Sequence[CaseOutcome]) -> Rate:
    """The share of dialogues, outside or hostile cases that went right."""
    return rate([one.right for one in told])


def right_turns(told: Sequence[CaseOutcome]) -> Rate:
    """The share of all turns of dialogues that went right."""
    return rate([turn.right for one in told for turn in one.turns])


def both_met(told: Sequence[CaseOutcome]) -> Rate:
    """Of two questions in one message, how often both were answered or the other was offered beside the answer."""
    return rate([one.both_met for one in told if one.both_met is not None])


@dataclass(frozen=True)
class Escalation:
    """Of the replies that called or offered a person, how many were right to; of those that had to, how many did."""

    precision: Rate
    recall: Rate


def escalation(asked: Sequence[QuestionOutcome], cases: Sequence[CaseOutcome]) -> Escalation:
    """Over every reply of a run. A suite that accepts a person and something else neither asks for nor forbids one."""
    replies = [TurnOutcome(kind, OF_THE_DESK, True, None) for one in asked for kind in one.kinds]
    replies += [turn for one in cases for turn in one.turns if turn.accepted]
    return Escalation(
        precision=rate(["handoff" in turn.accepted for turn in replies if turn.kind == "handoff"]),
        recall=rate([turn.kind == "handoff" for turn in replies if set(turn.accepted) == {"handoff"}]),
    )


@dataclass(frozen=True)
class Latency:
    """How long replies took, in milliseconds; NaN without any."""

    p50_ms: float
    p95_ms: float
    replies: int


def latency(asked: Sequence[QuestionOutcome], cases: Sequence[CaseOutcome]) -> Latency:
    """Over every reply, as the visitor waited, with runner.VISITORS visitors at once."""
    waited = [ms for one in asked for ms in one.waited_ms]
    waited += [turn.waited_ms for one in cases for turn in one.turns if turn.waited_ms is not None]
    p50, p95 = np.percentile(waited, [50, 95]) if waited else (float("nan"), float("nan"))
    return Latency(float(p50), float(p95), len(waited))


@dataclass(frozen=True)
class Bin:
    """Answers of about one confidence: the mean confidence, the share that was right, how many."""

    confidence: float
    right: float
    count: int


def reliability(told: Sequence[QuestionOutcome]) -> tuple[list[Bin], float]:
    """The reliability diagram of first replies that were answers, and their expected calibration error."""
    answered = [(one.confidence, one.first) for one in told if one.confidence is not None]
    bins = []
    for low in np.linspace(0, 1, BINS, endpoint=False):
        own = [(c, r) for c, r in answered if low <= c < low + 1 / BINS or (c == 1.0 and low + 1 / BINS >= 1)]
        if own:
            bins.append(Bin(float(np.mean([c for c, _ in own])), float(np.mean([r for _, r in own])), len(own)))
    total = sum(one.count for one in bins)
    return bins, sum(one.count * abs(one.confidence - one.right) for one in bins) / total if total else float("nan")


def risk_and_coverage(told: Sequence[QuestionOutcome]) -> list[tuple[float, float]]:
    """(coverage, risk) as the least confidence for answering at once falls; risk is the share of wrong entries."""
    answered = sorted((one for one in told if one.confidence is not None), key=lambda one: -(one.confidence or 0))
    wrong = np.cumsum([not one.first for one in answered])
    return [((place + 1) / len(told), float(wrong[place] / (place + 1))) for place in range(len(answered))]


@dataclass(frozen=True)
class Robustness:
    """How a kind of distortion is withstood: what was first in the search, of the distorted and of the clean text."""

    item: Rate
    item_clean: Rate
    entry: Rate
    entry_clean: Rate


def robustness(distorted: Sequence[tuple[Ranked, QuestionOutcome]]) -> Robustness:
    """`distorted` pairs what was found for a distorted question with the clean question's outcome."""
    return Robustness(
        item=rate([item_first(ranked, clean) for ranked, clean in distorted]),
        item_clean=rate([item_first(clean.ranked, clean) for _, clean in distorted]),
        entry=rate([entry_first(ranked, clean) for ranked, clean in distorted]),
        entry_clean=rate([entry_first(clean.ranked, clean) for _, clean in distorted]),
    )
