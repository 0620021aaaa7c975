"""What helpers look at: the queue, one ticket with its conversation, past tickets, colleagues."""

from __future__ import annotations

from api.accounts import audit
from api.accounts.identity import User
from api.desk import canned, suggestions
from api.desk.duty import shown
from api.desk.life import TicketState
from api.desk.schemas import (
    ColleagueOut,
    ColleaguesOut,
    FoundTicketOut,
    GroupOut,
    TicketOut,
    WholeTicketOut,
    both,
)
from api.desk.talk import note_out
from api.desk.views import ticket_out
from api.problems import UnknownTicket
from api.schemas import MessageOut
from api.services import Services

MOST_RESOLVED, MOST_FOUND, SNIPPET_CHARACTERS = 100, 20, 160


async def tickets(services: Services, user: User, state: TicketState, mine: bool) -> list[TicketOut]:
    """The tickets in a state, in the order of the queue; resolved ones the newest first."""
    newest = MOST_RESOLVED if state is TicketState.RESOLVED else None
    async with services.database.reading() as work:
        rows = await work.tickets.in_state(state.value, user.username if mine else None, newest)
        return [await ticket_out(services, work, row) for row in rows]


async def whole(services: Services, user: User, ticket_id: str) -> WholeTicketOut:
    """A ticket with its conversation; the look is written into the audit log. Raises UnknownTicket."""
    async with services.database.writing() as work:
        row = await work.tickets.get(ticket_id)
        if row is None:
            raise UnknownTicket
        await audit.record(work, user, "transcript_read", ticket_id)
        await work.commit()
    async with services.database.reading() as work:
        said = await work.messages.after(row.session_id) if row.session_id else []
        notes = await work.desk.notes(ticket_id)
        asked = await suggestions.asked_last(work, row)
        ticket = await ticket_out(services, work, row, user.username)
    is_open = row.state != TicketState.RESOLVED
    return WholeTicketOut(
        **ticket.model_dump(),
        transcript=[MessageOut.of(message, "agent") for message in said],
        suggestions=await suggestions.for_asked(services, row.language, asked) if is_open else [],
        notes=list(map(note_out, notes)),
        variables=canned.variables(services, row),
    )


async def search(services: Services, user: User, words: str) -> list[FoundTicketOut]:
    """Past and present tickets with these words, newest first, and where they stand; written into the audit log."""
    base = services.retriever.base
    named = [
        item.id
        for item in base.items.values()
        if any(words.lower() in name.lower() for name in (item.name.zh, item.name.en))
    ]
    async with services.database.writing() as work:
        rows = await work.tickets.search(words, named, MOST_FOUND)
        await audit.record(work, user, "tickets_searched")
        await work.commit()
        found = []
        for row in rows:
            said = await work.messages.after(row.session_id) if row.session_id else []
            hit = next((message.text for message in said if words.lower() in message.text.lower()), None)
            ticket = await ticket_out(services, work, row)
            snippet = _around(words, hit or row.resolution or row.summary or "")
            found.append(FoundTicketOut(**ticket.model_dump(), snippet=snippet))
    return found


async def colleagues(services: Services) -> ColleaguesOut:
    """Everyone who was ever at the desk, and how many of each item family's helpers are online."""
    async with services.database.reading() as work:
        everyone = await work.presences.everyone()
        loads = await work.tickets.open_by_helper()
    online = [row for row in everyone if row.state == "online"]
    return ColleaguesOut(
        colleagues=[
            ColleagueOut(
                username=row.username,
                display_name=row.display_name,
                state=shown(row),
                open=loads.get(row.username, 0),
                skills=row.skills,
                languages=row.languages,
            )
            for row in everyone
        ],
        groups=[
            GroupOut(
                id=family.value,
                name=both(name),
                online=sum(not row.skills or family.value in row.skills for row in online),
            )
            for family, name in services.texts.families.items()
        ],
    )


def _around(words: str, text: str) -> str:
    at = max(0, text.lower().find(words.lower()))
    start = max(0, at - SNIPPET_CHARACTERS // 3)
    piece = text[start : start + SNIPPET_CHARACTERS].replace("\n", " ")
    return ("…" if start else "") + piece + ("…" if start + SNIPPET_CHARACTERS < len(text) else "")
