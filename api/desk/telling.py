"""Stored events as frames for the helpers' pages."""

from __future__ import annotations

from typing import Any

from api.desk.feed import Frame
from api.desk.life import Happening
from api.desk.views import held_out, ticket_out
from api.schemas import MessageOut
from api.services import Services
from api.storage.database import Work
from api.storage.desk_models import DeskEventRow

OF_ITS_HELPER = frozenset({Happening.MESSAGE.value, Happening.READ.value, Happening.SUGGESTED.value})
"""What concerns nobody but the helper who has the ticket: what is said, and what could be."""


async def frames(services: Services, after: int, limit: int) -> list[Frame]:
    """The next events past a sequence, in order, each with how its ticket stands now."""
    async with services.database.reading() as work:
        return [await _frame(services, work, row) for row in await work.desk_events.after(after, limit)]


async def _frame(services: Services, work: Work, row: DeskEventRow) -> Frame:
    told: dict[str, Any] = {
        "type": "event",
        "sequence": row.id,
        "kind": row.kind,
        "at": row.at.isoformat().replace("+00:00", "Z"),
        "detail": row.detail,
    }
    if row.helper is not None:
        told["helper"] = row.helper
    only_for = row.helper if row.kind in OF_ITS_HELPER else None
    ticket = await work.tickets.get(row.ticket_id) if row.ticket_id else None
    if ticket is not None:
        told["ticket_id"] = ticket.id
        told["ticket"] = (await ticket_out(services, work, ticket)).model_dump(mode="json")
        if row.kind in OF_ITS_HELPER:
            only_for = ticket.helper
    message = await work.messages.get(row.message_id) if row.message_id else None
    if message is not None:
        told["message"] = MessageOut.of(message, "agent").frame()
    if held_id := row.detail.get("held_id"):
        held = await work.desk.held(held_id)
        told["held"] = held_out(services, held).model_dump(mode="json") if held else None
    # A message of a ticket that nobody has any more concerns nobody; the next helper reads the transcript.
    return Frame(told, row.id, only_for if row.kind not in OF_ITS_HELPER else only_for or "")
