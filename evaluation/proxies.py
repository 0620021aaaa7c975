"""What the search alone makes of the suites' questions: measures that need no service, for comparing many variants.

They are near what `bangban eval run` finds, not the same: a visitor is thought to choose rightly among the few entries
or items that the search would offer, and the bot has no say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.baselines.measures import LANGUAGES, distinct, of_language
from evaluation.outcomes import Ranked
from evaluation.rates import Rate, rate
from evaluation.suites import Dialogue, Gold, Part, Question, part_of
from knowledge.schema import Facet
from retrieval.encoder import Encoder
from retrieval.evidence import Evidence
from retrieval.retriever import Retriever

OFFERED_ENTRIES, OFFERED_ITEMS = 4, 5
"""How many entries a question back offers beside "none of these", and how many items when it asks which is meant."""


@dataclass(frozen=True)
class Found:
    """What the search made of one question."""

    question: Question
    ranked: Ranked
    decision: str
    items: tuple[str, ...]
    facet: str | None


def resolved(found: Found) -> bool:
    """Whether a right entry is given at once, is among the entries offered, or follows from the right item's choice."""
    question = found.question
    offered = distinct(found.ranked)
    if found.decision == "answer":
        return offered[0] in question.accepted
    if found.decision == "clarify":
        return not question.accepted.isdisjoint(offered[:OFFERED_ENTRIES])
    if found.decision == "ask_item":
        return any((item, found.facet) in question.accepted for item in found.items[:OFFERED_ITEMS])
    return False


PROXIES: Mapping[str, Callable[[Found], bool]] = {
    "item_first": lambda one: bool(one.ranked) and one.ranked[0][0] in one.question.items,
    "entry_first": lambda one: bool(one.ranked) and one.ranked[0] in one.question.accepted,
    "resolved": resolved,
    "answered_right": lambda one: one.decision == "answer" and resolved(one),
    "wrong": lambda one: one.decision == "answer" and one.ranked[0][0] not in one.question.items,
}


class RememberingEncoder(Encoder):
    """The same encoder, which encodes no text twice: many variants are asked the same questions."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(lambda: encoder.model, encoder.fingerprint)
        self._known: dict[str, np.ndarray] = {}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of the texts, float32, shape (len(texts), dimensions)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, super().encode(new), strict=True))
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True)
class FollowUp:
    """A later turn of a dialogue, with the item that the conversation is about by then and its facet."""

    question: Question
    context_item: str
    context_facet: str | None


def follow_ups(dialogues: Sequence[Dialogue], part: Part) -> Iterator[FollowUp]:
    """The later turns of a part's dialogues that ask for one item and facet, after what the turns before asked for."""
    for dialogue in dialogues:
        context: str | None = None
        asked: str | None = None
        for number, turn in enumerate(dialogue.turns):
            expect = turn.expect
            if turn.say and expect.item and expect.facet and context and part_of(dialogue.id) is part:
                also = [
                    Gold(item=one.item, facet=facet)
                    for one in expect.also
                    for facet in ([one.facet] if one.facet else list(Facet))
                ]
                yield FollowUp(
                    Question(
                        id=f"{dialogue.id}-{number}", language=expect.language or dialogue.language, text=turn.say,
                        item=expect.item, facet=expect.facet, also=tuple(also), style=dialogue.theme,
                    ),
                    context,
                    asked,
                )  # fmt: skip
            context, asked = expect.item or context, expect.facet or asked


def ask(retriever: Retriever, questions: Sequence[Question]) -> list[Found]:
    """What the search makes of each question, asked out of the blue."""
    return [found_of(one, retriever.search(one.text, one.language)) for one in questions]


def go_on(retriever: Retriever, turns: Sequence[FollowUp]) -> list[Found]:
    """What the search makes of each turn, asked in its conversation."""
    return [
        found_of(
            turn.question,
            retriever.search(turn.question.text, turn.question.language, (turn.context_item,), turn.context_facet),
        )
        for turn in turns
    ]


def rates(found: Sequence[Found]) -> dict[str, dict[str, Rate]]:
    """Proxy → language → rate."""
    questions = [one.question for one in found]
    return {
        name: {
            language: rate([hit(found[place]) for place in of_language(questions, language)]) for language in LANGUAGES
        }
        for name, hit in PROXIES.items()
    }


def found_of(question: Question, evidence: Evidence) -> Found:
    """What the evidence for a question comes to."""
    return Found(
        question=question,
        ranked=tuple((entry.item_id, entry.facet.value) for entry in evidence.entries),
        decision=evidence.decision.value,
        items=tuple(item.item_id for item in evidence.items),
        facet=evidence.facet.value if evidence.facet else None,
    )
