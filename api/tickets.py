"""Asking for a person. Nobody is on duty yet, so a ticket is opened and the visitor goes on with the bot."""

from __future__ import annotations

from uuid import uuid4

import structlog

from api.acts import handed_over
from api.clock import SHANGHAI, now
from api.conversation import Conversation
from api.events import MessageSent
from api.masking import mask
from api.messages import message_row
from api.problems import NotYourSession
from api.queues import Place
from api.schemas import HandoffOut, MessageOut
from api.services import Services
from api.storage.database import Work
from api.storage.models import TicketRow
from bot.protocol import Offered

log = structlog.get_logger(__name__)

SUMMARY_MESSAGES = 5


async def open_ticket(
    work: Work, conversation: Conversation, reason: str | None, said: str | None = None
) -> tuple[TicketRow, bool]:
    """The session's open ticket, and whether it is new. `said` is what the visitor says in this very turn."""
    ticket = await work.tickets.open_of(conversation.session_id)
    if ticket is not None:
        return ticket, False
    last_said = await work.messages.last_said(conversation.session_id, SUMMARY_MESSAGES)
    moment = now()
    ticket = TicketRow(
        id=uuid4().hex,
        day=moment.astimezone(SHANGHAI).strftime("%Y%m%d"),
        session_id=conversation.session_id,
        state="queued",
        language=conversation.language,
        item_id=conversation.item_id,
        reason=reason,
        summary="\n".join([*last_said, *([said] if said else [])]) or None,
        opened_at=moment,
    )
    await work.tickets.add(ticket)
    return ticket, True


async def hand_over(services: Services, session_id: str, place: Place, reason: str | None) -> HandoffOut:
    """Open a ticket and tell the visitor what happens next; a second call returns the ticket that is open."""
    masked = mask(reason).text if reason else None
    async with place:
        async with services.database.writing() as work:
            row = await work.sessions.get(session_id)
            if row is None:
                raise NotYourSession
            conversation = Conversation(session_id, row.language, row.state, row.item_id)
            ticket, new = await open_ticket(work, conversation, masked)
            if not new:
                return HandoffOut(
                    state=row.state, ticket_number=ticket.number, position=None, expected_wait_s=None, message=None
                )
            draft = handed_over(services.texts, row.language, None, ticket.number, new=True)
            message = message_row(session_id, row.last_number + 1, draft, row.language)
            await work.messages.add([message])
            await work.sessions.change(
                session_id,
                last_number=message.number,
                last_message_id=message.id,
                last_act=draft.act.value,
                offered=Offered.NOTHING.value,
                failures=0,
                active_at=message.at,
            )
            await work.commit()
        told = MessageOut.of(message)
        services.events.publish(session_id, MessageSent(message.number, told.frame()))
    services.metrics.tickets.labels(conversation.language).inc()
    log.info("ticket_opened", ticket=ticket.number, session_id=session_id, by="visitor")
    return HandoffOut(
        state=conversation.state, ticket_number=ticket.number, position=None, expected_wait_s=None, message=told
    )
