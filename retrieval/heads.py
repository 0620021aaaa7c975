"""Linear heads that read item and facet off a message, apart from how similar it is to any entry.

People say the facet in a word and the item in a story: two small classifiers on the same embedding find both better
than the nearest question does (docs/decisions/0003).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import log_softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

_NGRAMS = HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4), n_features=2**15, norm="l2", alternate_sign=False)
_REGULARISATION = 10.0


@dataclass(frozen=True)
class LinearHead:
    """A linear classifier: `weights` of shape (classes, features), `bias` of shape (classes,)."""

    classes: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray

    def log_probabilities(self, features: np.ndarray | sparse.csr_matrix) -> np.ndarray:
        """Log probabilities, float, shape (rows, classes)."""
        return log_softmax(np.asarray(features @ self.weights.T) + self.bias, axis=1)


def fit_embedding_head(vectors: np.ndarray, labels: Sequence[str]) -> LinearHead:
    """A head on the embedding: linear discriminant analysis with Ledoit–Wolf shrinkage.

    With twenty examples a class it beats logistic regression here and has nothing to tune.
    """
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(vectors, labels)
    return _head(model)


def fit_ngram_head(texts: Sequence[str], labels: Sequence[str]) -> LinearHead:
    """A head on hashed character n-grams, for what is said in a set phrase (「多久」, "how much")."""
    return _head(LogisticRegression(C=_REGULARISATION, max_iter=300).fit(ngrams(texts), labels))


def ngrams(texts: Sequence[str]) -> sparse.csr_matrix:
    """Hashed counts of character 1- to 4-grams inside words, unit length, shape (texts, 2**15)."""
    return _NGRAMS.transform(texts)


def _head(model: LinearDiscriminantAnalysis | LogisticRegression) -> LinearHead:
    weights, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # sklearn keeps one row for two classes
        weights, bias = np.vstack([np.zeros_like(weights), weights]), np.concatenate([[0.0], bias])
    return LinearHead(tuple(map(str, model.classes_)), weights.astype(np.float32), bias.astype(np.float32))
