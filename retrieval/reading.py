"""Reading a message: from signals and the heads to probabilities of items and entries, and what to do about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.special import logsumexp

from bot.protocol import Decision, Topic
from knowledge.schema import Facet
from retrieval.following import LIKELY_ENOUGH, SURE_ENOUGH, Context, facets_in, items_in
from retrieval.forms import SILENT
from retrieval.fusion import ConditionalLogit
from retrieval.heads import MEMBERS, Committee, LinearHead, NgramHead, SubjectNetwork
from retrieval.signals import Layout, Signals

ITEM_FEATURES, ENTRY_FEATURES = 12, 6

PLAINLY_OUTSIDE = 0.6
"""From which probability of "none of ours" on a visitor is told so, rather than asked to put it differently."""
POSSIBLE = 0.2
"""From which probability on the likeliest item is offered all the same where "none of ours" is likelier: what sounds
near to it is worth asking about, and of our own such messages nine in ten are about that item."""
BARE = 0.85
"""How sure the item must be where the message only names a topic, to be told of it at once."""
ELSEWHERE = 0.2
"""The same where another place is named: what holds in Shanghai would be a wrong answer there."""


@dataclass(frozen=True)
class Thresholds:
    """From which probabilities on the best reading is answered at once, and up to which a message is ours at all."""

    item: float
    facet: float
    none: float


@dataclass(frozen=True)
class Reading:
    """One message read: probabilities that sum to 1 over items, "names no item" and "none of ours".

    `items` has shape (items,), `entries` shape (entries,): the probability that this entry answers; `facets` shape
    (15,): which facet is asked for, whatever the item.
    """

    items: np.ndarray
    entries: np.ndarray
    facets: np.ndarray
    silent: float
    none: float
    decision: Decision
    topic: Topic


@dataclass(frozen=True)
class Reader:
    """The heads, the two joins and the thresholds, fitted by retrieval.training."""

    committee: Committee
    facet_ngram_head: NgramHead
    item_join: ConditionalLogit
    entry_join: ConditionalLogit
    thresholds: Thresholds

    def read(self, text: str, vector: np.ndarray, signals: Signals, layout: Layout, context: Context | None) -> Reading:
        """The reading of a normalised text, in a conversation where `context` says what that is about."""
        (of_items,), facets = self.logs([text], vector[None])
        facets = facets[0]
        features = item_features(of_items, self.committee.items, signals, layout)
        options = np.exp(self.item_join.log_probabilities(features))
        items, silent, none = options[:-2].copy(), float(options[-2]), float(options[-1])
        if context is not None:
            items, none = items_in(context, text, items, silent, none, layout)
            facets, silent = facets_in(context, text, facets, signals.asking), 0.0
        least = self.thresholds
        if context is not None:
            least = replace(least, facet=SURE_ENOUGH * least.facet)
            if len(context.items) == 1:
                least = replace(least, item=LIKELY_ENOUGH * least.item)
        elif np.exp(facets).mean(axis=1).argmax() == list(Facet).index(Facet.OVERVIEW):
            least = replace(least, item=max(BARE, least.item))
        entries = self._entries(items, facets, signals, layout)
        decision = self._decide(items, entries, silent, none, least, layout)
        best = int(items.argmax())
        if context is None and none >= ELSEWHERE and signals.elsewhere:
            decision = Decision.OUTSIDE
        elif context is None and items[best] >= POSSIBLE and decision in (Decision.OUTSIDE, Decision.ABSTAIN):
            decision = Decision.CLARIFY
        topic = Topic.NEW
        if max(silent, none) > items[best]:
            topic = Topic.NONE
        elif context is not None and best in context.items:
            topic = Topic.SAME
        mean_facets = np.exp(facets).mean(axis=1)
        return Reading(items, entries, mean_facets / mean_facets.sum(), silent, none, decision, topic)

    def logs(self, texts: Sequence[str], vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log probabilities of items, shape (texts, classes), and of facets in the order of Facet by committee and by
        n-grams, shape (texts, 15, 2)."""
        return logs(self.committee, self.facet_ngram_head, texts, vectors)

    def save(self, path: Path) -> None:
        """Write everything to one .npz file."""
        parts: dict[str, np.ndarray] = {}
        heads = {"facet_ngram_head": self.facet_ngram_head.linear}
        for number, member in enumerate(self.committee.members):
            heads |= {f"item{number}": member.item, f"facet{number}": member.facet}
            parts |= {f"hidden{number}.weights": member.weights, f"hidden{number}.bias": member.bias}
        for name, head in heads.items():
            parts |= {
                f"{name}.classes": np.array(head.classes),
                f"{name}.weights": head.weights,
                f"{name}.bias": head.bias,
            }
        for name in ("item_join", "entry_join"):
            join: ConditionalLogit = getattr(self, name)
            parts |= {f"{name}.weights": join.weights, f"{name}.scale": join.scale}
        limits = self.thresholds
        parts["facet_ngram_head.idf"] = self.facet_ngram_head.idf
        parts["thresholds"] = np.array([limits.item, limits.facet, limits.none])
        np.savez(path, allow_pickle=False, **parts)

    @classmethod
    def load(cls, path: Path) -> Reader:
        """What `save` wrote. Raises OSError, ValueError or KeyError where the file is not that."""
        with np.load(path) as parts:

            def head(name: str) -> LinearHead:
                return LinearHead(
                    tuple(parts[f"{name}.classes"].tolist()), parts[f"{name}.weights"], parts[f"{name}.bias"]
                )

            members = tuple(
                SubjectNetwork(
                    parts[f"hidden{number}.weights"],
                    parts[f"hidden{number}.bias"],
                    head(f"item{number}"),
                    head(f"facet{number}"),
                )
                for number in range(MEMBERS)
            )
            item_join, entry_join = (
                ConditionalLogit(parts[f"{name}.weights"], parts[f"{name}.scale"])
                for name in ("item_join", "entry_join")
            )
            ngram_head = NgramHead(head("facet_ngram_head"), parts["facet_ngram_head.idf"])
            return cls(Committee(members), ngram_head, item_join, entry_join, Thresholds(*parts["thresholds"].tolist()))

    def _entries(self, items: np.ndarray, facets: np.ndarray, signals: Signals, layout: Layout) -> np.ndarray:
        features = entry_features(facets, signals, layout)
        entries = np.zeros(len(layout.entry_ids))
        for item in np.flatnonzero(items > 1e-3):
            own = np.flatnonzero(layout.entry_item == item)
            entries[own] = items[item] * np.exp(self.entry_join.log_probabilities(features[own]))
        return entries

    def _decide(
        self, items: np.ndarray, entries: np.ndarray, silent: float, none: float, least: Thresholds, layout: Layout
    ) -> Decision:
        best = int(items.argmax())
        if none > max(items[best], silent) and none > least.none:
            return Decision.OUTSIDE if none >= PLAINLY_OUTSIDE else Decision.ABSTAIN
        if silent > items[best]:
            return Decision.ASK_ITEM
        masses = np.bincount(layout.entry_item * len(Facet) + layout.entry_facet, weights=entries)
        item, facet = int(masses.argmax()) // len(Facet), masses.max()
        facet = facet / max(items[item], 1e-9)
        if items[item] >= least.item and facet >= least.facet:
            return Decision.ANSWER
        return Decision.CLARIFY


def logs(
    committee: Committee, ngrams: NgramHead, texts: Sequence[str], vectors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What `Reader.logs` gives, of a committee and an n-gram head that are no reader's yet."""
    items, by_committee = committee.log_probabilities(vectors)
    by_ngrams = ngrams.log_probabilities(texts)
    in_order = [
        found[:, [classes.index(facet.value) for facet in Facet]]
        for found, classes in ((by_committee, committee.facets), (by_ngrams, ngrams.linear.classes))
    ]
    return items, np.stack(in_order, axis=2)


def item_features(head: np.ndarray, classes: tuple[str, ...], signals: Signals, layout: Layout) -> np.ndarray:
    """Features of every item, then of "names no item", then of "none of ours"; shape (items + 2, ITEM_FEATURES).

    `head` are the item head's log probabilities in the order of `classes`. An item without entries counts as none of
    ours: what is asked about it cannot be answered here yet.
    """
    position = {name: place for place, name in enumerate(classes)}
    answerable = [position[item_id] for item_id in layout.item_ids]
    others = np.setdiff1d(np.arange(len(classes)), [*answerable, position[SILENT]])
    features = np.zeros((len(layout.item_ids) + 2, ITEM_FEATURES))
    features[:-2, 0] = head[answerable]
    features[:-2, 1] = signals.item_dense
    features[:-2, 2] = signals.item_lexical
    features[:-2, 3] = signals.item_named
    features[-2, 4:7] = head[position[SILENT]], signals.asking, 1.0
    features[-1, 7:10] = logsumexp(head[others]) if len(others) else -20.0, signals.item_dense.max(), 1.0
    features[-1, 10:12] = signals.elsewhere, signals.here
    return features


def entry_features(facets: np.ndarray, signals: Signals, layout: Layout) -> np.ndarray:
    """Features of every entry, shape (entries, ENTRY_FEATURES); `facets` is one row of what `logs` gives."""
    features = np.zeros((len(layout.entry_ids), ENTRY_FEATURES))
    features[:, 0:2] = facets[layout.entry_facet]
    features[:, 2] = signals.entry_dense
    features[:, 3] = signals.entry_lexical
    features[:, 4] = layout.is_situation
    features[:, 5] = layout.entry_facet == list(Facet).index(Facet.DIFFERENCES)
    return features
