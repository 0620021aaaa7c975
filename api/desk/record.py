"""Writes down what happens at the desk, in the same unit of work as the change itself, and tells waits from it."""

from __future__ import annotations

import datetime as dt

from api.clock import steady_now
from api.desk.life import Happening
from api.oversight.stories import TELLING, Story, stories
from api.storage.database import Work
from api.storage.desk_models import DeskEventRow
from api.storage.models import TicketRow


async def happened(
    work: Work,
    kind: Happening,
    at: dt.datetime,
    *,
    ticket_id: str | None = None,
    helper: str | None = None,
    message_id: str | None = None,
    **detail: object,
) -> int:
    """Keep one event; its sequence. `detail` is what figures need (seconds end in _s), never what somebody said."""
    row = DeskEventRow(
        at=at,
        steady_at=steady_now(),
        kind=kind.value,
        ticket_id=ticket_id,
        helper=helper,
        message_id=message_id,
        detail=detail,
    )
    await work.desk_events.append(row)
    return row.id


def seconds(since: dt.datetime, until: dt.datetime) -> float:
    """From one stored moment to a later one; never less than nothing, even where the clock was set back between."""
    return round(max(0.0, (until - since).total_seconds()), 3)


async def waited_s(work: Work, ticket: TicketRow) -> float:
    """Seconds that a queued ticket has waited so far, as the figures count it (api.oversight.stories)."""
    story = await story_of(work, ticket)
    return seconds(story.waiting_since if story else ticket.queued_at, steady_now())


async def story_of(work: Work, ticket: TicketRow) -> Story | None:
    """The ticket as its events tell it; None for one of before there were events."""
    return stories(await work.desk_events.of_ticket(ticket.id, TELLING)).get(ticket.id)
