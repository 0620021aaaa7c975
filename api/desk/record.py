"""Writes down what happens at the desk, in the same unit of work as the change itself."""

from __future__ import annotations

import datetime as dt

from api.desk.life import Happening
from api.storage.database import Work
from api.storage.desk_models import DeskEventRow


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
