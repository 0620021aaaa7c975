"""Classifiers that read item and facet off a message, apart from how similar it is to any entry.

People say the facet in a word and the item in a story: a small network on the embedding finds both better than the
nearest question does (docs/decisions/0003).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import log_softmax, logsumexp
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import SGDClassifier

from retrieval.encoder import one_thread

_COUNTS = HashingVectorizer(
    analyzer="char_wb", ngram_range=(1, 5), n_features=2**16, norm=None, alternate_sign=False, dtype=np.float32
)

HIDDEN, EPOCHS, BATCH, RATE, DECAY, DROPOUT, SMOOTHING = 768, 8, 1024, 5e-3, 1e-2, 0.7, 0.02
MEMBERS = 2
"""How many networks vote: of the held-out situations two had half a point more items and facets right than one, and of
the suites' entries too, whose share one network's seed alone moved by two points; a third added nothing."""
UNKNOWN = -1
INPUT_SCALE = 8.0
"""Unit vectors have small components; this brings them to the size that layers are initialised for."""


@dataclass(frozen=True)
class LinearHead:
    """A linear classifier: `weights` of shape (classes, features), `bias` of shape (classes,)."""

    classes: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray

    def log_probabilities(self, features: np.ndarray | sparse.csr_matrix) -> np.ndarray:
        """Log probabilities, float, shape (rows, classes)."""
        return log_softmax(np.asarray(features @ self.weights.T) + self.bias, axis=1)


@dataclass(frozen=True)
class SubjectNetwork:
    """One hidden layer on the embedding, and an output each for item and facet.

    `weights` has shape (HIDDEN, dimensions), `bias` (HIDDEN,).
    """

    weights: np.ndarray
    bias: np.ndarray
    item: LinearHead
    facet: LinearHead

    def log_probabilities(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log probabilities of the items, shape (rows, items), and of the facets, (rows, facets)."""
        hidden = np.maximum(vectors @ self.weights.T * INPUT_SCALE + self.bias, 0.0)
        return self.item.log_probabilities(hidden), self.facet.log_probabilities(hidden)


@dataclass(frozen=True)
class Committee:
    """Networks that learnt the same from different beginnings: the mean of their probabilities errs less than each
    (Lakshminarayanan et al. 2017, "deep ensembles")."""

    members: tuple[SubjectNetwork, ...]

    @property
    def items(self) -> tuple[str, ...]:
        """The classes of the first of `log_probabilities`."""
        return self.members[0].item.classes

    @property
    def facets(self) -> tuple[str, ...]:
        """The classes of the second."""
        return self.members[0].facet.classes

    def log_probabilities(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log probabilities of the items, shape (rows, items), and of the facets, (rows, facets)."""
        items, facets = zip(*(member.log_probabilities(vectors) for member in self.members), strict=True)
        return _mean(items), _mean(facets)


def _mean(logs: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(logsumexp(logs, axis=0)) - np.log(len(logs))


def fit_committee(vectors: np.ndarray, items: Sequence[str], facets: Sequence[str | None]) -> Committee:
    """MEMBERS networks, each as `fit_subject_network` with a seed of its own."""
    return Committee(tuple(fit_subject_network(vectors, items, facets, seed) for seed in range(MEMBERS)))


def fit_subject_network(
    vectors: np.ndarray, items: Sequence[str], facets: Sequence[str | None], seed: int = 0
) -> SubjectNetwork:
    """A network taught by cross-entropy on both, with dropout (Srivastava et al. 2014) against learning by heart.

    A text whose facet is None teaches the item alone. The same lessons and seed give the same network. One thread:
    the matrices are small, and on a busy machine two took four times as long.
    """
    import torch
    from torch import nn

    item_classes, facet_classes = sorted(set(items)), sorted({facet for facet in facets if facet is not None})
    item_place, facet_place = ({name: n for n, name in enumerate(names)} for names in (item_classes, facet_classes))
    inputs = torch.from_numpy(np.asarray(vectors, dtype=np.float32) * INPUT_SCALE)
    item_gold = torch.tensor([item_place[name] for name in items])
    facet_gold = torch.tensor([facet_place[name] if name is not None else UNKNOWN for name in facets])
    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(seed)
        layer = nn.Linear(inputs.shape[1], HIDDEN)
        body = nn.Sequential(layer, nn.ReLU(), nn.Dropout(DROPOUT))
        outputs = [nn.Linear(HIDDEN, len(names)) for names in (item_classes, facet_classes)]
        parameters = [parameter for part in (body, *outputs) for parameter in part.parameters()]
        optimiser = torch.optim.AdamW(parameters, RATE, weight_decay=DECAY)
        steps = EPOCHS * -(-len(inputs) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.1)
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(inputs)).split(BATCH):
                hidden = body(inputs[rows])
                losses = [
                    nn.functional.cross_entropy(
                        output(hidden), gold[rows], ignore_index=UNKNOWN, label_smoothing=SMOOTHING, reduction="sum"
                    )
                    for output, gold in zip(outputs, (item_gold, facet_gold), strict=True)
                ]
                optimiser.zero_grad()
                (torch.stack(losses).sum() / len(rows)).backward()
                optimiser.step()
                schedule.step()
    item, facet = (
        LinearHead(tuple(names), output.weight.detach().numpy(), output.bias.detach().numpy())
        for names, output in zip((item_classes, facet_classes), outputs, strict=True)
    )
    return SubjectNetwork(layer.weight.detach().numpy(), layer.bias.detach().numpy(), item, facet)


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
    model.fit(weighing.transform(counts), labels)
    weights, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # sklearn keeps one row for two classes
        weights, bias = np.vstack([np.zeros_like(weights), weights]), np.concatenate([[0.0], bias])
    linear = LinearHead(tuple(map(str, model.classes_)), weights.astype(np.float32), bias.astype(np.float32))
    return NgramHead(linear, weighing.idf_.astype(np.float32))
