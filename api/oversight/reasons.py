"""The closed lists of following up: what it is about, why visitors were not content, how a call-back went."""

from __future__ import annotations

from enum import StrEnum

BAD_RATING = 2
"""Ratings up to here call for a follow-up: 1 very dissatisfied, 2 dissatisfied (好差评 counts both as 差评)."""


class About(StrEnum):
    """What is followed up: who was rated, or that somebody waits for a call or an e-mail."""

    BOT = "bot"
    PERSON = "person"
    CALLBACK = "callback"


class FollowUpState(StrEnum):
    """Where a follow-up is."""

    OPEN = "open"
    CLOSED = "closed"


class ClosingReason(StrEnum):
    """What was found to be behind it; whoever closes a follow-up chooses one."""

    NOT_UNDERSTOOD = "not_understood"  # the question was taken for another
    ANSWER_MISSING = "answer_missing"  # the base has no answer to it
    ANSWER_WRONG = "answer_wrong"
    ANSWER_UNCLEAR = "answer_unclear"
    REPLY_TOO_SLOW = "reply_too_slow"
    MANNER = "manner"  # how a helper behaved
    MATTER_NOT_DONE = "matter_not_done"  # the answer was right, the bureau's own work is stuck
    RULES_SAY_SO = "rules_say_so"  # the answer was right and not what was hoped for
    NOT_OURS = "not_ours"
    NOT_REACHABLE = "not_reachable"
    NO_FAULT_FOUND = "no_fault_found"


class CallbackOutcome(StrEnum):
    """How a call-back went: the reason that it is closed with."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"  # left open for another day, or given up
    NO_LONGER_WANTED = "no_longer_wanted"


TAKEN_BACK = "taken_back"
"""The reason that nobody chooses: the visitor rated the same again and was content, which closes the follow-up."""
