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
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import SGDClassifier

_COUNTS = HashingVectorizer(
    analyzer="char_wb", ngram_range=(1, 5), n_features=2**16, norm=None, alternate_sign=False, dtype=np.float32
)


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


@dataclass(frozen=True)
class NgramHead:
    """A linear classifier on character n-grams of 1 to 5 inside words, hashed, TF-IDF; `idf` has shape (2**16,)."""

    linear: LinearHead
    idf: np.ndarray

    def log_probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Log probabilities, float, shape (texts, classes)."""
        weighing = TfidfTransformer(sublinear_tf=True)
        weighing.idf_ = self.idf
        return self.linear.log_probabilities(weighing.transform(_COUNTS.transform(texts)))


def fit_ngram_head(texts: Sequence[str], labels: Sequence[str]) -> NgramHead:
    """A head on set phrases (「多久」, "how much"): logistic regression by averaged stochastic gradient descent."""
    counts = _COUNTS.transform(texts)
    weighing = TfidfTransformer(sublinear_tf=True).fit(counts)
    model = SGDClassifier(loss="log_loss", alpha=3e-6, max_iter=25, tol=None, average=True, random_state=0)
    return NgramHead(_head(model.fit(weighing.transform(counts), labels)), weighing.idf_.astype(np.float32))


def _head(model: LinearDiscriminantAnalysis | SGDClassifier) -> LinearHead:
    weights, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # sklearn keeps one row for two classes
        weights, bias = np.vstack([np.zeros_like(weights), weights]), np.concatenate([[0.0], bias])
    return LinearHead(tuple(map(str, model.classes_)), weights.astype(np.float32), bias.astype(np.float32))
