"""What visitor and helper say to each other while a helper has the session."""

from __future__ import annotations

from typing import cast
from uuid import uuid4

import structlog
from sqlalchemy.exc import IntegrityError

from api.accounts import audit
from api.accounts.identity import User
from api.acts import Draft, answer_of
from api.clock import now, steady_now
from api.conversation import LanguageName
from api.desk.duty import sign_of_life
from api.desk.hold import hold_ticket, mine
from api.desk.life import Happening
from api.desk.record import happened, seconds, story_of
from api.desk.schemas import NoteIn, NoteOut, ReplyIn
from api.events import MessageSent, TypingStarted
from api.masking import mask
from api.messages import OF_HELPER, message_row, post
from api.problems import UnknownEntry
from api.schemas import MessageOut
from api.services import Services
from api.storage.database import Work
from api.storage.desk_models import LateAnswerRow, NoteRow
from api.storage.models import MessageRow, SessionRow, TicketRow
from bot.protocol import Act
from knowledge.base import Entry

log = structlog.get_logger(__name__)

MOST_SHOWN = 60


async def hear(work: Work, session: SessionRow, asking: MessageRow, late: Entry | None = None) -> None:
    """The visitor said something to the helper who has the held session.

    `late` is what the bot would have answered, had it been in time.
    """
    await work.messages.add([asking])
    session.last_number, session.active_at = asking.number, asking.at
    session.language = cast(LanguageName, asking.language)
    ticket = await work.tickets.open_of(session.id)
    if ticket is None:
        return
    ticket.language = session.language
    if late is not None:
        row = LateAnswerRow(
            id=uuid4().hex, ticket_id=ticket.id, question_id=asking.id, entry_id=late.entry_id, at=asking.at
        )
        await work.desk.add(row)
        await happened(work, Happening.SUGGESTED, asking.at, ticket_id=ticket.id, entry_id=late.entry_id)
    await _said(work, ticket, asking, None)


async def say(services: Services, user: User, ticket_id: str, reply: ReplyIn) -> MessageOut:
    """The helper's words, an entry, or both, as one message to the visitor; the same client_id says nothing twice.

    Raises UnknownTicket, NotYourTicket, TicketNotActive, UnknownEntry.
    """
    base = services.retriever.base
    client_id = OF_HELPER + reply.client_id if reply.client_id is not None else None
    entry = base.entries.get(reply.entry_id) if reply.entry_id else None
    if reply.entry_id is not None and entry is None:
        raise UnknownEntry(reply.entry_id)
    words = mask(reply.text).text if reply.text is not None else None
    async with services.database.writing() as work:
        ticket, session = await hold_ticket(work, ticket_id)
        if client_id is not None:
            known = await work.messages.with_client_id(session.id, client_id) if session else None
            if known is not None and known.sender == "agent":
                return MessageOut.of(known, "agent")
        session = mine(ticket, session, user)
        draft = _draft(services, session.language, words, entry)
        message = message_row(session.id, session.last_number + 1, draft, session.language, sender="agent")
        message.client_id = client_id
        await work.messages.add([message])
        post(session, message)
        if entry is not None:
            remember(session, entry)
        await _said(work, ticket, message, user.username)
        await sign_of_life(work, user, works=True)
        await audit.record(work, user, "reply_sent", ticket_id)
        await work.commit()
    services.events.publish(session.id, MessageSent(message.number, MessageOut.of(message).frame()))
    services.feed.wake()
    log.info("helper_spoke", ticket=ticket.number, entry_id=reply.entry_id)
    return MessageOut.of(message, "agent")


async def note(services: Services, user: User, ticket_id: str, told: NoteIn) -> NoteOut:
    """Keep a note for colleagues; anyone may add one, at any time. The same client_id keeps no second one.

    Raises UnknownTicket.
    """
    row = NoteRow(
        id=uuid4().hex,
        ticket_id=ticket_id,
        helper=user.username,
        client_id=told.client_id,
        text=mask(told.text).text,
        at=now(),
    )
    try:
        async with services.database.writing() as work:
            await hold_ticket(work, ticket_id)
            known = await _note_with(work, row)
            if known is not None:
                return note_out(known)
            await work.desk.add(row)
            await happened(work, Happening.NOTED, row.at, ticket_id=ticket_id, helper=user.username)
            await audit.record(work, user, "note_written", ticket_id)
            await work.commit()
    except IntegrityError:
        # The same note came twice at once, and no session was left to make one wait for the other.
        async with services.database.reading() as work:
            known = await _note_with(work, row)
        if known is None:
            raise
        return note_out(known)
    services.feed.wake()
    return note_out(row)


async def typing(services: Services, user: User, ticket_id: str) -> None:
    """Show the visitor that the helper types. Raises UnknownTicket, NotYourTicket, TicketNotActive."""
    async with services.database.reading() as work:
        ticket, session = await hold_ticket(work, ticket_id)
        session = mine(ticket, session, user)
    services.events.publish(session.id, TypingStarted(by_helper=True))


async def visitor_types(services: Services, session_id: str) -> None:
    """Show the helper, if there is one, that the visitor types."""
    async with services.database.reading() as work:
        ticket = await work.tickets.open_of(session_id)
    if ticket is not None and ticket.helper is not None:
        services.feed.tell({"type": "typing", "ticket_id": ticket.id}, only_for=ticket.helper)


async def visitor_came_or_went(services: Services, session_id: str, here: bool) -> None:
    """Show the helpers whether the visitor has the conversation open."""
    async with services.database.reading() as work:
        ticket = await work.tickets.open_of(session_id)
    if ticket is not None:
        services.feed.tell({"type": "visitor", "ticket_id": ticket.id, "online": here})


async def read(services: Services, user: User, ticket_id: str, sequence: int) -> None:
    """Note up to which message the helper has read, never back; raises as `typing` does."""
    async with services.database.writing() as work:
        ticket, session = await hold_ticket(work, ticket_id)
        session = mine(ticket, session, user)
        if min(sequence, session.last_number) <= ticket.read_number:
            return
        ticket.read_number = min(sequence, session.last_number)
        await happened(
            work, Happening.READ, now(), ticket_id=ticket.id, helper=user.username, sequence=ticket.read_number
        )
        await work.commit()
    services.feed.wake()


def remember(session: SessionRow, entry: Entry) -> None:
    """Let the held session be about what a helper told, so that the bot's next answer goes on from there."""
    session.item_id, session.facet = entry.item_id, entry.facet.value
    session.shown = [*session.shown, entry.entry_id][-MOST_SHOWN:]
    session.failures = 0


def note_out(row: NoteRow) -> NoteOut:
    """The note as it is sent."""
    return NoteOut(id=row.id, at=row.at, helper=row.helper, text=row.text)


async def _note_with(work: Work, row: NoteRow) -> NoteRow | None:
    return await work.desk.note_with(row.ticket_id, row.helper, row.client_id) if row.client_id is not None else None


async def _said(work: Work, ticket: TicketRow, message: MessageRow, helper: str | None) -> None:
    at, about = message.at, {"ticket_id": ticket.id, "helper": helper or ticket.helper}
    if helper is not None and ticket.first_reply_s is None:
        story = await story_of(work, ticket)
        reply_s = seconds(story.opened.steady_at, steady_now()) if story else seconds(ticket.opened_at, at)
        ticket.first_reply_s = reply_s
        await happened(work, Happening.FIRST_REPLY, at, **about, reply_s=reply_s, live=ticket.live)
    await happened(
        work, Happening.MESSAGE, at, **about, message_id=message.id, sender=message.sender, sequence=message.number
    )


def _draft(services: Services, language: str, words: str | None, entry: Entry | None) -> Draft:
    if entry is None:
        return Draft(Act.ANSWER, "text", words or "")
    base = services.retriever.base
    answer = answer_of(base, services.texts, entry, language, 1.0)
    text = "\n\n".join(filter(None, (words, entry.answer[language])))
    return Draft(Act.ANSWER, "answer", text, answer=answer, entry=entry)
