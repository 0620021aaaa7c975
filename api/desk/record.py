"""Writes down what happens at the desk, in the same unit of work as the change itself, and tells waits from it."""

from __future__ import annotations

import datetime as dt

from api.desk.life import Happening
from api.storage.database import Work
from api.storage.desk_models import DeskEventRow
from api.storage.models import TicketRow

BEGINNING_A_WAIT = (Happening.RESUMED, Happening.TRANSFERRED, Happening.REQUEUED)


async def happened(
    work: Work,
    kind: Happening,
    at: dt.datetime,
    *,
    ticket_id: str | None = None,
    helper: str | None = None,
    message_id: str | None = None,
    **detail: object,
) -> None:
    """Keep one event. `detail` holds what the figures need (seconds end in _s), never what somebody said."""
    row = DeskEventRow(at=at, kind=kind.value, ticket_id=ticket_id, helper=helper, message_id=message_id, detail=detail)
    await work.desk_events.append(row)


def seconds(since: dt.datetime, until: dt.datetime) -> float:
    """From one stored moment to a later one; never less than nothing, even where the clock was set back between."""
    return round(max(0.0, (until - since).total_seconds()), 3)


async def waits_since(work: Work, ticket: TicketRow) -> dt.datetime:
    """When the wait of a queued ticket began, as the figures count it (api.oversight.stories).

    Until a helper's first words it is one wait, whoever had the ticket meanwhile; after them each return to the queue
    begins another.
    """
    again = await work.desk_events.last_at(ticket.id, BEGINNING_A_WAIT) if ticket.first_reply_at else None
    return again or ticket.queued_at
