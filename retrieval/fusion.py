"""Several kinds of evidence joined into one calibrated probability, for items and then for entries of an item.

Both joins are conditional logit models (McFadden 1974): the probability of an option is the softmax of a weighted
sum of its features, with the same weights for every option. The weights are fitted on told situations that the heads
had not seen (cross-validation), by maximum likelihood, which also calibrates the result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp

_RIDGE = 1e-3


@dataclass(frozen=True)
class ConditionalLogit:
    """The fitted weights, shape (features,), and the scale by which each feature was divided, likewise."""

    weights: np.ndarray
    scale: np.ndarray

    def log_probabilities(self, features: np.ndarray, available: np.ndarray | None = None) -> np.ndarray:
        """Log probabilities of options from features of shape (…, options, features); -inf where not available."""
        scores = (features / self.scale) @ self.weights
        if available is not None:
            scores = np.where(available, scores, -np.inf)
        return log_softmax(scores, axis=-1)


def fit(
    features: np.ndarray, gold: np.ndarray, importance: np.ndarray, available: np.ndarray | None = None
) -> ConditionalLogit:
    """Weights that make the gold options most likely.

    `features` has shape (questions, options, features); `gold` (questions, options) is true for each option that would
    be right, of which the model may choose any; `importance` (questions,) weighs the questions against each other;
    `available` marks the options that a question has at all.
    """
    if available is None:
        available = np.ones(gold.shape, dtype=bool)
    scale = np.maximum(np.abs(features[available]).std(axis=0), 1e-6)
    scaled = features / scale
    share = importance / importance.sum()

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = np.where(available, scaled @ weights, -np.inf)
        right = np.where(gold, scores, -np.inf)
        total = logsumexp(scores, axis=1)
        of_right = logsumexp(right, axis=1)
        slope = np.exp(scores - total[:, None]) - np.exp(right - of_right[:, None])
        gradient = np.einsum("q,qo,qof->f", share, slope, scaled) + _RIDGE * weights
        return float(share @ (total - of_right) + 0.5 * _RIDGE * weights @ weights), gradient

    found = minimize(loss, np.zeros(features.shape[2]), jac=True, method="L-BFGS-B")
    return ConditionalLogit(found.x, scale)


def risk_controlled_threshold(confidence: np.ndarray, wrong: np.ndarray, risk: float) -> float:
    """The lowest confidence from which answering keeps the expected share of wrong answers at or below `risk`.

    Conformal risk control (Angelopoulos et al. 2022, arXiv:2208.02814) with a loss of 0 or 1: the bound
    (losses + 1) / (n + 1) holds for exchangeable questions. `wrong` says whether answering would be wrong. Returns a
    value above 1 where no threshold keeps the promise.
    """
    order = np.argsort(-confidence, kind="stable")
    losses = np.cumsum(wrong[order])
    kept = (losses + 1) / (len(confidence) + 1) <= risk
    # Ties share a fate: a threshold admits every question of that confidence.
    ranked = confidence[order]
    last_of_tie = np.append(ranked[1:] != ranked[:-1], True) if len(ranked) else np.zeros(0, dtype=bool)
    allowed = np.flatnonzero(np.logical_and.accumulate(kept) & last_of_tie)
    return float(ranked[allowed[-1]]) if len(allowed) else 1.1
