"""What is counted of outcomes; docs/evaluation.md has the definitions in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import ir_measures
import numpy as np
from ir_measures import RR, Qrel, R, ScoredDoc, nDCG
from scipy import stats

from evaluation.runner import CaseOutcome, QuestionOutcome

SEED, RESAMPLES, CONFIDENCE = 0, 2000, 0.95
BINS = 10


@dataclass(frozen=True)
class Rate:
    """A share with its bootstrap 95 % interval, and what it was counted from."""

    value: float
    low: float
    high: float
    numerator: int
    denominator: int


def rate(hits: Sequence[bool]) -> Rate:
    """The share of true values; NaN without any. Percentile bootstrap (Efron 1979)."""
    values = np.asarray(hits, dtype=float)
    if not len(values):
        return Rate(float("nan"), float("nan"), float("nan"), 0, 0)
    if values.min() == values.max():
        # A bootstrap of one value has no width; Clopper and Pearson (1934) give an honest one.
        exact = stats.binomtest(int(values.sum()), len(values)).proportion_ci(CONFIDENCE)
        low, high = exact.low, exact.high
    else:
        drawn = stats.bootstrap(
            (values,), np.mean, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, method="percentile", rng=SEED
        ).confidence_interval
        low, high = drawn.low, drawn.high
    return Rate(float(values.mean()), float(low), float(high), int(values.sum()), len(values))


QUESTION_MEASURES: Mapping[str, Callable[[Sequence[QuestionOutcome]], Rate]] = {
    "resolved": lambda told: rate([one.resolved for one in told]),
    "resolved_in_first_reply": lambda told: rate([one.first for one in told]),
    "wrong": lambda told: rate([one.wrong for one in told]),
    "asked_back": lambda told: rate([one.kinds[0] == "clarify" for one in told]),
    "resolved_after_asking_back": lambda told: rate([one.resolved for one in told if one.kinds[0] == "clarify"]),
    "gave_up": lambda told: rate([one.kinds[-1] not in ("answer", "clarify") for one in told]),
    "language_right": lambda told: rate([one.language_right for one in told]),
    "item_first": lambda told: rate([bool(one.ranked) and one.ranked[0][0] in one.question.items for one in told]),
    "entry_first": lambda told: rate([bool(one.ranked) and one.ranked[0] in one.question.accepted for one in told]),
}


def ranking(told: Sequence[QuestionOutcome]) -> dict[str, float]:
    """Recall, reciprocal rank and nDCG of entries (as item and facet) in the search's results."""
    judged = [Qrel(one.question.id, f"{item}.{facet}", 1) for one in told for item, facet in one.question.accepted]
    run = []
    for one in told:
        seen = dict.fromkeys(f"{item}.{facet}" for item, facet in one.ranked)
        run += [ScoredDoc(one.question.id, name, -place) for place, name in enumerate(seen)]
    measures = [R @ 1, R @ 3, R @ 5, RR @ 10, nDCG @ 10]
    return {str(measure): float(value) for measure, value in ir_measures.calc_aggregate(measures, judged, run).items()}


def by(told: Iterable[QuestionOutcome], group: Callable[[QuestionOutcome], str]) -> dict[str, list[QuestionOutcome]]:
    """The outcomes by a property of their question, in the order of its names."""
    groups: dict[str, list[QuestionOutcome]] = defaultdict(list)
    for one in told:
        groups[group(one)].append(one)
    return dict(sorted(groups.items()))


def right_cases(told: Sequence[CaseOutcome]) -> Rate:
    """The share of dialogues, outside or hostile cases that went right."""
    return rate([one.right for one in told])


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


def better_or_worse(before: Sequence[bool], after: Sequence[bool]) -> tuple[int, int, float]:
    """How many cases went from wrong to right and back, and the p value of McNemar's exact test."""
    better = sum(new and not old for old, new in zip(before, after, strict=True))
    worse = sum(old and not new for old, new in zip(before, after, strict=True))
    p_value = stats.binomtest(better, better + worse).pvalue if better + worse else 1.0
    return better, worse, float(p_value)
