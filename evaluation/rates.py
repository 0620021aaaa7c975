"""Shares with their intervals, and whether two runs differ by more than chance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

SEED, RESAMPLES, CONFIDENCE = 0, 2000, 0.95


@dataclass(frozen=True)
class Rate:
    """A share with its bootstrap 95 % interval, and what it was counted from."""

    value: float
    low: float
    high: float
    numerator: int
    denominator: int

    def __str__(self) -> str:
        """As people read it: "84.7 % (123/145; 78–90)"."""
        if not self.denominator:
            return "– (0/0)"
        told = f"{self.numerator}/{self.denominator}; {100 * self.low:.0f}–{100 * self.high:.0f}"
        return f"{100 * self.value:.1f} % ({told})"


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


def better_or_worse(before: Sequence[bool], after: Sequence[bool]) -> tuple[int, int, float]:
    """How many cases went from wrong to right and back, and the p value of McNemar's exact test."""
    better = sum(new and not old for old, new in zip(before, after, strict=True))
    worse = sum(old and not new for old, new in zip(before, after, strict=True))
    p_value = stats.binomtest(better, better + worse).pvalue if better + worse else 1.0
    return better, worse, float(p_value)


def finite(told: Any) -> Any:
    """The same with null for NaN, which JSON does not know; mappings and lists at any depth."""
    if isinstance(told, Mapping):
        return {name: finite(value) for name, value in told.items()}
    if isinstance(told, list):
        return [finite(value) for value in told]
    return None if isinstance(told, float) and math.isnan(told) else told
