"""The life of a ticket, and the closed lists that go with it: states, reasons, outcomes, what can happen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class TicketState(StrEnum):
    """Where a ticket is."""

    QUEUED = "queued"  # a person is wanted
    ACTIVE = "active"  # a helper has it
    RESOLVED = "resolved"  # over, with an Outcome


class Reason(StrEnum):
    """Why a person was wanted."""

    ASKED = "asked"
    TWO_FAILURES = "two_failures"
    ANGER = "anger"
    CANNOT_GET_IT_DONE = "cannot_get_it_done"
    NAMED_CASE = "named_case"
    EVERYONE_TO_PEOPLE = "everyone_to_people"


class Outcome(StrEnum):
    """How a ticket ended. A helper chooses among the first three (RESOLVING)."""

    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    CALLBACK = "callback"
    RETURNED = "returned"  # given back to the assistant
    ABANDONED = "abandoned"  # the visitor stopped waiting
    ERASED = "erased"  # the visitor erased the session


class Happening(StrEnum):
    """What can happen at the desk: the kinds of desk_events, from which alone the figures are counted."""

    OPENED = "opened"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    FIRST_REPLY = "first_reply"
    MESSAGE = "message"
    TRANSFERRED = "transferred"
    RETURNED = "returned"
    RESOLVED = "resolved"
    ABANDONED = "abandoned"
    REQUEUED = "requeued"
    UNSTAFFED = "unstaffed"
    RESUMED = "resumed"
    CALLBACK_REQUESTED = "callback_requested"
    CALLBACK_PUT_OFF = "callback_put_off"
    CALLBACK_CLOSED = "callback_closed"
    NOTED = "noted"
    SUGGESTED = "suggested"
    READ = "read"
    HELD = "held"
    DECIDED = "decided"
    PROMOTED = "promoted"
    PRESENCE_CHANGED = "presence_changed"
    NOTICE_CHANGED = "notice_changed"
    MODE_CHANGED = "mode_changed"
    CANNED_CHANGED = "canned_changed"
    RATED = "rated"


class Moment(StrEnum):
    """What a message of the desk itself marks in a conversation (`event` of a message)."""

    QUEUED = "queued"
    UNSTAFFED = "unstaffed"
    JOINED = "joined"
    TRANSFERRED = "transferred"
    LOST = "lost"
    RETURNED = "returned"
    ENDED = "ended"
    CALLBACK = "callback"
    HELD = "held"


TRANSITIONS: Mapping[Happening, tuple[TicketState, TicketState]] = {
    Happening.ACCEPTED: (TicketState.QUEUED, TicketState.ACTIVE),
    Happening.ABANDONED: (TicketState.QUEUED, TicketState.RESOLVED),
    Happening.TRANSFERRED: (TicketState.ACTIVE, TicketState.QUEUED),
    Happening.REQUEUED: (TicketState.ACTIVE, TicketState.QUEUED),
    Happening.RETURNED: (TicketState.ACTIVE, TicketState.RESOLVED),
    Happening.RESOLVED: (TicketState.ACTIVE, TicketState.RESOLVED),
}
"""What moves a ticket, from where to where; everything else leaves it where it is. Erasing resolves from anywhere."""

RESOLVING = (Outcome.RESOLVED, Outcome.UNRESOLVED, Outcome.CALLBACK)
"""The outcomes that a helper may choose."""
