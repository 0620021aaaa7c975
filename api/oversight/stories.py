"""Tickets as their stored events tell them: the only thing that figures are counted from.

Events are read in the order of their sequence, and how long it was between them is told by the steady clock: what the
wall clock does meanwhile only decides on which day a thing happened. From one life of the service to the next there is
the wall clock alone; durations then never fall below zero.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from api.desk.life import TRANSITIONS, Happening, Outcome, TicketState
from api.storage.desk_events import DeskEvent


@dataclass
class Story:
    """One ticket so far. `helper` is who has it or had it last, `live` whether the visitor was told to wait.

    `promised` is when the visitor was first told to wait for a person: from then the minute counts. None: never.
    `waiting_since` is when the present wait began, by the steady clock: one wait lasts until the first words
    (`replied`), whoever took the ticket.
    """

    ticket_id: str
    family: str | None
    opened: DeskEvent
    live: bool
    waiting_since: dt.datetime
    promised: DeskEvent | None
    state: TicketState = TicketState.QUEUED
    helper: str | None = None
    replied: DeskEvent | None = None
    ended: DeskEvent | None = None
    outcome: Outcome | None = None
    rated_at: dt.datetime | None = None
    rating: int | None = None
    settled_for_visitor: bool | None = None


def stories(events: Iterable[DeskEvent]) -> dict[str, Story]:
    """The tickets that the events open, by id; what is told of any other ticket is passed over."""
    told: dict[str, Story] = {}
    for event in events:
        hear(told, event)
    return told


def hear(told: dict[str, Story], event: DeskEvent) -> None:
    """Carry one ticket's story on by the next event."""
    kind = Happening(event.kind)
    if event.ticket_id is None or kind not in TELLING:
        return
    if kind is Happening.OPENED:
        live = bool(event.detail.get("live"))
        told[event.ticket_id] = Story(
            event.ticket_id, event.detail.get("family"), event, live, event.steady_at, event if live else None
        )
        return
    story = told.get(event.ticket_id)
    if story is None:
        return
    if kind in TRANSITIONS:
        story.state = TRANSITIONS[kind][1]
    if story.state is TicketState.RESOLVED and story.ended is None:
        story.ended = event
    _HEARD[kind](story, event)


def _accepted(story: Story, event: DeskEvent) -> None:
    story.helper = event.helper
    if not story.live:
        story.waiting_since = event.steady_at


def _first_reply(story: Story, event: DeskEvent) -> None:
    story.replied = event


def _waits_again(story: Story, event: DeskEvent) -> None:
    story.live = True
    if story.replied is not None:
        story.waiting_since = event.steady_at


def _resumed(story: Story, event: DeskEvent) -> None:
    story.live, story.waiting_since = True, event.steady_at
    story.promised = story.promised or event


def _unstaffed(story: Story, event: DeskEvent) -> None:
    story.live = False


def _resolved(story: Story, event: DeskEvent) -> None:
    story.outcome, story.helper = Outcome(event.detail["outcome"]), event.helper or story.helper


def _returned(story: Story, event: DeskEvent) -> None:
    story.outcome, story.helper = Outcome.RETURNED, event.helper or story.helper


def _abandoned(story: Story, event: DeskEvent) -> None:
    story.outcome = Outcome(event.detail.get("outcome", Outcome.ABANDONED))


def _rated(story: Story, event: DeskEvent) -> None:
    story.rated_at, story.rating = event.at, event.detail.get("rating")
    story.settled_for_visitor = event.detail["resolved"]


_HEARD: Mapping[Happening, Callable[[Story, DeskEvent], None]] = {
    Happening.ACCEPTED: _accepted,
    Happening.FIRST_REPLY: _first_reply,
    Happening.TRANSFERRED: _waits_again,
    Happening.REQUEUED: _waits_again,
    Happening.RESUMED: _resumed,
    Happening.UNSTAFFED: _unstaffed,
    Happening.RESOLVED: _resolved,
    Happening.RETURNED: _returned,
    Happening.ABANDONED: _abandoned,
    Happening.RATED: _rated,
}
TELLING = frozenset({Happening.OPENED, *_HEARD})
"""The kinds of events that a story is made of."""
DATED = frozenset(
    {
        Happening.OPENED,
        Happening.RESUMED,
        Happening.RESOLVED,
        Happening.RETURNED,
        Happening.ABANDONED,
        Happening.RATED,
    }
)
"""The kinds whose moment decides in which days a ticket counts (api.oversight.measures)."""
