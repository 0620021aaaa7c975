"""What a search found, as values: the only thing that leaves this package."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.protocol import Decision, Topic
from knowledge.base import KnowledgeBase
from knowledge.schema import Facet


@dataclass(frozen=True)
class RankedEntry:
    """An entry that may answer the message; `confidence` is a calibrated probability, 0..1, never a raw score."""

    entry_id: str
    item_id: str
    facet: Facet
    confidence: float


@dataclass(frozen=True)
class RankedItem:
    """An item that the message may be about, with a calibrated probability."""

    item_id: str
    confidence: float


@dataclass(frozen=True)
class Evidence:
    """Everything found for one message, best first.

    `read_as` is the Chinese that a message typed in pinyin spells. `language` is what the message is written in ("zh"
    or "en"). `item_id` and `facet` are the best reading, with the conversation's item taken into account;
    `facet_confidence` says how plainly the message asks for that facet. `embedding` is the query's unit vector,
    float32, shape (dimensions,). `elsewhere` says that the message names a place that is not this desk's. `base` is the
    knowledge that was searched: what is found is rendered from it, even where a new revision has gone live since.
    """

    query: str
    read_as: str | None
    language: str
    base: KnowledgeBase
    decision: Decision
    topic: Topic
    item_id: str | None
    facet: Facet | None
    facet_confidence: float
    entries: tuple[RankedEntry, ...]
    items: tuple[RankedItem, ...]
    embedding: np.ndarray
    elsewhere: bool = False
