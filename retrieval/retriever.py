"""The search that everything else uses: a message in, evidence out."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.protocol import Decision
from knowledge.base import KnowledgeBase
from knowledge.schema import Facet, Language
from retrieval import index as indexes
from retrieval import revisions
from retrieval.encoder import Encoder, open_encoder
from retrieval.evidence import Evidence, RankedEntry, RankedItem
from retrieval.following import Context
from retrieval.index import Index, IndexMissing
from retrieval.language import detect, has_chinese, normalise
from retrieval.signals import Layout

KEPT_ENTRIES, KEPT_PAIRS, KEPT_ITEMS = 14, 10, 5


@dataclass(frozen=True)
class _Live:
    """One loaded index with what is derived from it; replaced as a whole, never changed."""

    folder: Path
    index: Index
    layouts: dict[str, Layout]


class Retriever:
    """Searches the live index; safe to use from several threads while a new one takes over."""

    def __init__(self, data_dir: Path, encoder: Encoder) -> None:
        """Open the live index below `data_dir`. Raises IndexMissing where there is none or it is damaged."""
        self._data_dir, self._encoder = data_dir, encoder
        self._refreshing = threading.Lock()
        self._live = self._open(self._pointed())

    @property
    def base(self) -> KnowledgeBase:
        """The knowledge that answers come from now."""
        return self._live.index.base

    @property
    def revision(self) -> str:
        """The revision of that knowledge."""
        return self.base.revision

    @property
    def encoder(self) -> Encoder:
        """The encoder, for whoever needs vectors of the same space."""
        return self._encoder

    def refresh(self) -> bool:
        """Take over the index that was published last; True when it is another one than before."""
        with self._refreshing:
            folder = self._pointed()
            if folder == self._live.folder:
                return False
            self._live = self._open(folder, self._live.index)
            return True

    def search(
        self,
        text: str,
        language: str | None = None,
        context_items: Sequence[str] = (),
        context_facet: str | None = None,
    ) -> Evidence:
        """What the base has for a message.

        `language` ("zh" or "en") is taken where the text itself does not tell; `context_items` is the item that the
        conversation is about, or those among which the visitor was just asked to choose, likeliest first, and
        `context_facet` what was asked last: a message that leaves them out is read as following up. Unknown items are
        ignored.
        """
        live = self._live
        normal = normalise(text)
        told, read_as = detect(normal) or language or Language.ZH.value, None
        searched = told
        if told == Language.EN:
            read_as = live.index.pinyin.read(normal)
            told = Language.ZH.value if read_as else told
            within = read_as or (normal if has_chinese(normal) else live.index.pinyin.read_within(normal))
            # What names the item is Chinese then, wherever the rest of the sentence is from.
            normal, searched = within or normal, Language.ZH.value if within else told
        vector = self._encoder.encode([normal])[0]
        found, layout = live.index.languages[searched], live.layouts[searched]
        cosines, places = found.nearest(vector)
        signals = layout.signals(normal, places, cosines, found.lexical.scores(normal))
        context = None
        known = tuple(layout.item_ids.index(item_id) for item_id in context_items if item_id in layout.item_ids)
        if known:
            context = Context(known, Facet(context_facet) if context_facet else None)
        reading = live.index.reader.read(normal, vector, signals, layout, context)

        base = live.index.base
        entries = tuple(
            RankedEntry(entry.entry_id, entry.item_id, entry.facet, confidence)
            for place, confidence in _ranked(reading.entries, layout)
            for entry in (base.entries[layout.entry_ids[place]],)
        )
        items = tuple(
            RankedItem(layout.item_ids[place], float(reading.items[place]))
            for place in np.argsort(-reading.items, kind="stable")[:KEPT_ITEMS]
        )
        asked = int(reading.facets.argmax())
        named = reading.decision in (Decision.ANSWER, Decision.CLARIFY) and bool(entries)
        return Evidence(
            query=text,
            read_as=read_as,
            language=told,
            base=base,
            decision=reading.decision,
            topic=reading.topic,
            item_id=entries[0].item_id if named else None,
            facet=entries[0].facet if named else list(Facet)[asked],
            facet_confidence=float(reading.facets[asked]),
            entries=entries,
            items=items,
            embedding=vector,
            elsewhere=bool(signals.elsewhere),
        )

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of texts, normalised as messages are; float32, shape (len(texts), dimensions)."""
        return self._encoder.encode([normalise(text) for text in texts])

    def _pointed(self) -> Path:
        folder = indexes.live(self._data_dir)
        if folder is None:
            raise IndexMissing(f"there is no index below {self._data_dir}; `bangban serve` makes one")
        return folder

    @staticmethod
    def _open(folder: Path, like: Index | None = None) -> _Live:
        index = indexes.load(folder, like)
        layouts = {
            language: Layout(index.base, found.forms, language, index.segmenter)
            for language, found in index.languages.items()
        }
        return _Live(folder, index, layouts)


def _ranked(probabilities: np.ndarray, layout: Layout) -> list[tuple[int, float]]:
    """Places and confidences of entries, best first: for each item and facet its likeliest entry, then the others.

    The first entry of an item and facet has the probability that these are asked for: several entries of one facet (the
    plain answer, situations) share what speaks for it, and the likeliest of them stands for all. The others follow with
    what speaks for them alone, at most as much as the last of the first.
    """
    pairs = layout.entry_item * len(Facet) + layout.entry_facet
    masses = np.bincount(pairs, weights=probabilities)
    firsts: list[tuple[int, float]] = []
    others: list[tuple[int, float]] = []
    seen: set[int] = set()
    for place in np.argsort(-probabilities, kind="stable"):
        if probabilities[place] <= 0:
            break
        if pairs[place] in seen:
            others.append((int(place), float(probabilities[place])))
        else:
            firsts.append((int(place), float(masses[pairs[place]])))
        seen.add(pairs[place])
    firsts = sorted(firsts, key=lambda told: -told[1])[:KEPT_PAIRS]
    least = firsts[-1][1] if firsts else 0.0
    return [*firsts, *((place, min(own, least)) for place, own in others[: KEPT_ENTRIES - len(firsts)])]


def open_retriever(data_dir: Path, knowledge_dir: Path, encoder: str | None = None) -> Retriever:
    """A retriever over the knowledge as it is now, its index built first if need be.

    Raises knowledge.loader.BrokenBase, packaged_model.ModelUnavailable, IndexMissing or OSError.
    """
    opened = open_encoder(data_dir, encoder)
    revisions.publish(data_dir, knowledge_dir, opened)
    return Retriever(data_dir, opened)
