"""What "resolved" means, once, for the suites and for real visitors alike; docs/evaluation.md says it in words.

A suite's visitor knows the right answer and so always says whether it was given; a real one mostly says nothing, which
is why "unconfirmed" is kept apart from "confirmed" and never called a success.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum


class Step(StrEnum):
    """What one reply did for the visitor."""

    ANSWERED = "answered"
    ASKED_BACK = "asked back"
    FAILED = "failed"
    REFERRED = "referred"
    HANDED_OVER = "handed over"
    SMALL_TALK = "small talk"


class Outcome(StrEnum):
    """How an enquiry ended. The last two are none of the desk's business, so no rate of resolution counts them."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    UNRESOLVED = "not resolved"
    ABANDONED = "abandoned"
    ESCALATED = "escalated"
    REFERRED = "out of scope"
    SMALL_TALK = "small talk"


APART = frozenset({Outcome.REFERRED, Outcome.SMALL_TALK})

STEP_OF_KIND: Mapping[str, Step] = {
    "answer": Step.ANSWERED,
    "clarify": Step.ASKED_BACK,
    "handoff": Step.HANDED_OVER,
    "out_of_scope": Step.REFERRED,
    "text": Step.FAILED,
    "form": Step.ASKED_BACK,
}
"""What a reply to a question of the desk's business did, by its kind alone: plain words do not answer one."""


def outcome(steps: Sequence[Step], said_resolved: bool | None, asked_again: bool = False) -> Outcome:
    """How an enquiry ended, from what its replies did and from what the visitor said of them (None: nothing).

    A person's help is never the assistant's success. "It did not help" and asking again about the same count against it
    even where an answer was given; a conversation that was left without an answer is abandoned, not resolved.
    """
    told = [step for step in steps if step is not Step.SMALL_TALK]
    if Step.HANDED_OVER in told:
        return Outcome.ESCALATED
    if said_resolved is False or asked_again:
        return Outcome.UNRESOLVED
    if not told:
        return Outcome.SMALL_TALK
    if Step.ANSWERED not in told and told[-1] is Step.REFERRED:
        return Outcome.REFERRED
    if said_resolved:
        return Outcome.CONFIRMED
    return Outcome.UNCONFIRMED if told[-1] is Step.ANSWERED else Outcome.ABANDONED


def contained(steps: Sequence[Step]) -> bool:
    """Whether no person was called or offered; says nothing about whether it helped."""
    return Step.HANDED_OVER not in steps
