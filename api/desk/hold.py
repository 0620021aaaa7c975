"""Taking a ticket in hand within a unit of work, always in one order: first its session, then the ticket itself."""

from __future__ import annotations

from api.accounts.identity import User
from api.desk.life import TicketState
from api.problems import NotYourTicket, TicketNotActive, UnknownTicket
from api.storage.database import Work
from api.storage.models import SessionRow, TicketRow


async def hold_ticket(work: Work, ticket_id: str) -> tuple[TicketRow, SessionRow | None]:
    """The ticket as it is now and its session, held; no session where the visitor erased it. Raises UnknownTicket.

    Visitors' turns hold the session and then touch the ticket, so whoever took the ticket first would deadlock.
    """
    seen = await work.tickets.get(ticket_id)
    if seen is None:
        raise UnknownTicket
    session = await work.sessions.hold(seen.session_id) if seen.session_id is not None else None
    ticket = await work.tickets.get(ticket_id)
    if ticket is None:
        raise UnknownTicket
    return ticket, session


def mine(ticket: TicketRow, session: SessionRow | None, user: User) -> SessionRow:
    """The session, where the ticket is active and the helper's. Raises NotYourTicket, TicketNotActive."""
    if ticket.state != TicketState.ACTIVE or session is None:
        raise TicketNotActive(ticket.number, ticket.state)
    if ticket.helper != user.username:
        raise NotYourTicket(ticket.number, ticket.helper)
    return session
