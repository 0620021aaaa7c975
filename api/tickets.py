"""Asking for a person: the queue where somebody is on duty, otherwise a ticket and a call-back. The visitor's side."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from uuid import uuid4

import structlog

from api.acts import CANNOT_GET_IT_DONE, Draft, Handed, handed_over
from api.clock import SHANGHAI, now
from api.conversation import Conversation
from api.desk.duty import expected_wait, is_staffed
from api.desk.life import Happening, Moment, Outcome, Reason, TicketState
from api.desk.record import happened, waited_s
from api.desk.summary import summarise
from api.events import Event, MessageSent, StateChanged
from api.masking import mask
from api.messages import message_row, post
from api.oversight import call_backs
from api.problems import NotYourSession
from api.queues import Place
from api.schemas import CallbackIn, CallbackOut, HandoffOut, MessageOut, WaitOut
from api.services import Services
from api.sessions import conversation_of
from api.storage.database import Work
from api.storage.desk_models import ContactRow
from api.storage.models import MessageRow, SessionRow, TicketRow
from bot.protocol import Act, Offered

log = structlog.get_logger(__name__)

SUMMARY_MESSAGES = 5
MANY_FAILURES = 2
_ANGRY = re.compile(
    r"投诉你|我要投诉|气死|什么态度|态度太?差|忽悠|糊弄|ridiculous|angry|furious|useless|complain", re.I
)
"""Words of anger or complaint. They name the reason of a hand-over that was decided elsewhere; they decide none."""
_STUCK = re.compile(
    r"办不[成了下好]|[没未]办[成下]|不给办|踢(来踢去|皮球)|推来推去|推诿|没人管|跑断腿|白跑|跑了.{0,6}[趟次个]|都说不是"
    r"|\bg[eo]t(s|ting)?\b.{0,12}\bdone\b|run-?around|in circles|pillar to post|it'?s not (theirs|their|his|her)\b"
    r"|\b(sen[dt]s?|pass(ed|ing)?|bounc(ed?|ing)|push(ed|ing)?)\b.{0,8}\b(around|from|between|(some|else)where)\b"
    r"|\b(no ?body|no one|no office)\b.{0,12}\b(takes?|accepts?)\b",
    re.I,
)
"""Words of those who were sent to and fro or could not get it done; as _ANGRY, they only name the reason."""


def reason_of(conversation: Conversation, said: str | None) -> Reason:
    """Why a person is wanted, from what is said now and where the conversation stood when the bot handed it over."""
    words, last_act = said or "", conversation.last_act
    if _ANGRY.search(words) or last_act == Act.SOOTHE.value:
        return Reason.ANGER
    if _STUCK.search(words):
        return Reason.CANNOT_GET_IT_DONE
    if last_act == Act.NAMED_CASE.value:
        return Reason.NAMED_CASE
    if conversation.item_id == CANNOT_GET_IT_DONE:
        return Reason.CANNOT_GET_IT_DONE
    return Reason.TWO_FAILURES if conversation.failures >= MANY_FAILURES else Reason.ASKED


async def open_ticket(
    services: Services,
    work: Work,
    session: SessionRow,
    conversation: Conversation,
    reason: Reason,
    wish: str | None = None,
    said: str | None = None,
) -> Handed:
    """The held session's open ticket, new or not, and where it stands. `said` is what the visitor says in this turn.

    Where somebody is on duty the session now waits (`session.state`), also with a ticket from when nobody was.
    """
    moment = now()
    staffed = await is_staffed(services.settings, work, moment)
    ticket = await work.tickets.open_of(session.id)
    is_new = ticket is None
    if ticket is None:
        ticket = await _new_ticket(services, work, conversation, reason, wish, said, staffed, moment)
    elif staffed and not ticket.live and ticket.state == TicketState.QUEUED:
        ticket.live, ticket.queued_at = True, moment
        ticket.place = await happened(work, Happening.RESUMED, moment, ticket_id=ticket.id)
    if ticket.live and session.state == "bot":
        session.state = "queued"
    return await handed(services, work, ticket, is_new, moment)


async def handed(services: Services, work: Work, ticket: TicketRow, is_new: bool, moment: dt.datetime) -> Handed:
    """Where a ticket stands, as the visitor is told it."""
    if ticket.state != TicketState.QUEUED or not ticket.live:
        return Handed(ticket.number, is_new, opens_at=services.settings.office_hours.next_opening(moment))
    position = await work.tickets.ahead_of(ticket) + 1
    return Handed(ticket.number, is_new, position, await expected_wait(work, position, moment))


async def hand_over(services: Services, session_id: str, place: Place, wish: str | None) -> HandoffOut:
    """Call a person and tell the visitor what happens next; a second call returns the ticket that is open."""
    masked = mask(wish).text if wish else None
    async with place:
        async with services.database.writing() as work:
            session = await work.sessions.hold(session_id)
            if session is None:
                raise NotYourSession
            before = session.state
            conversation = conversation_of(session, None)
            if before == "human":
                ticket = await work.tickets.open_of(session_id)
                number = ticket.number if ticket else None
                return HandoffOut(state=before, ticket_number=number, position=None, expected_wait_s=None, message=None)
            reason = reason_of(conversation, masked)
            told = await open_ticket(services, work, session, conversation, reason, masked)
            message = None
            if told.is_new or session.state != before:
                message = _say(services, session, told)
                await work.messages.add([message])
                session.last_act, session.failures = Act.HAND_OVER.value, 0
            await work.commit()
        publish(services, session, before, message)
    if told.is_new:
        services.metrics.tickets.labels(conversation.language).inc()
        log.info("ticket_opened", ticket=told.number, session_id=session_id, by="visitor")
    return HandoffOut(
        state=session.state,
        ticket_number=told.number,
        position=told.position,
        expected_wait_s=told.expected_wait_s,
        message=MessageOut.of(message) if message else None,
    )


async def standing(services: Services, session_id: str) -> WaitOut:
    """Where the wish for a person stands now."""
    async with services.database.reading() as work:
        session = await work.sessions.get(session_id)
        if session is None:
            raise NotYourSession
        ticket = await work.tickets.open_of(session_id)
        told = await handed(services, work, ticket, False, now()) if ticket else None
    return WaitOut(
        state=session.state,
        ticket_number=told.number if told else None,
        position=told.position if told else None,
        expected_wait_s=told.expected_wait_s if told else None,
    )


async def stop_waiting(services: Services, session_id: str, place: Place) -> None:
    """End the visitor's wish for a person while nobody has taken it; afterwards, or without one, nothing happens."""
    async with place:
        async with services.database.writing() as work:
            session = await work.sessions.hold(session_id)
            if session is None:
                raise NotYourSession
            before, moment = session.state, now()
            ticket = await work.tickets.open_of(session_id)
            ended = {"state": "resolved", "outcome": Outcome.ABANDONED, "resolved_at": moment}
            if ticket is None or not await work.tickets.move(ticket.id, "queued", {**ended, **NO_OFFER}):
                return
            waited = await waited_s(work, ticket)
            await happened(work, Happening.ABANDONED, moment, ticket_id=ticket.id, waited_s=waited, live=ticket.live)
            session.state = "bot"
            await work.commit()
        publish(services, session, before, None)


async def call_back(services: Services, session_id: str, place: Place, wish: CallbackIn) -> CallbackOut:
    """Keep where the visitor wants to be called or written back; opens a ticket where none is open."""
    contact = wish.phone or wish.email
    assert contact is not None
    sealed, kind = services.sealer.seal(contact), "phone" if wish.phone else "email"
    convenient = mask(wish.when).text if wish.when else None
    async with place:
        async with services.database.writing() as work:
            session = await work.sessions.hold(session_id)
            if session is None:
                raise NotYourSession
            before, moment = session.state, now()
            ticket = await work.tickets.open_of(session_id)
            is_new = ticket is None
            if ticket is None:
                conversation = conversation_of(session, None)
                reason = reason_of(conversation, None)
                # Whoever asks to be called back does not wait here, even where somebody is on duty.
                ticket = await _new_ticket(services, work, conversation, reason, None, None, False, moment)
            await work.desk.keep(
                ContactRow(ticket_id=ticket.id, kind=kind, sealed=sealed, convenient=convenient, at=moment)
            )
            await call_backs.owe(work, ticket, moment)
            await happened(work, Happening.CALLBACK_REQUESTED, moment, ticket_id=ticket.id, contact=kind)
            text = services.texts.say("callback", session.language, number=ticket.number)
            draft = Draft(Act.HAND_OVER, "handoff", text, event=Moment.CALLBACK)
            message = message_row(session_id, session.last_number + 1, draft, session.language, sender="system")
            post(session, message)
            session.offered = Offered.NOTHING.value
            await work.messages.add([message])
            await work.commit()
        publish(services, session, before, message)
    if is_new:
        services.metrics.tickets.labels(session.language).inc()
    log.info("callback_requested", ticket=ticket.number, contact=kind)
    return CallbackOut(ticket_number=ticket.number, message=MessageOut.of(message))


def publish(services: Services, session: SessionRow, before: str, *messages: MessageRow | None) -> None:
    """Tell the visitor's followers what was committed, and the desk that there is news."""
    told: list[Event] = [MessageSent(row.number, MessageOut.of(row).frame()) for row in messages if row is not None]
    if session.state != before:
        told.append(StateChanged(session.state))
    services.events.publish(session.id, *told)
    services.feed.wake()


NO_OFFER: Mapping[str, object] = {"offered_to": None, "offered_at": None}
"""The columns of a ticket that is not on offer."""


def _say(services: Services, session: SessionRow, told: Handed) -> MessageRow:
    draft = handed_over(services.texts, services.retriever.base, session.language, None, told)
    message = message_row(session.id, session.last_number + 1, draft, session.language)
    post(session, message)
    session.offered = Offered.NOTHING.value
    return message


async def _new_ticket(
    services: Services,
    work: Work,
    conversation: Conversation,
    reason: Reason,
    wish: str | None,
    said: str | None,
    live: bool,
    moment: dt.datetime,
) -> TicketRow:
    base = services.retriever.base
    last_said = [*await work.messages.last_said(conversation.session_id, SUMMARY_MESSAGES), *([said] if said else [])]
    marked = await work.feedback.unhelpful(conversation.session_id)
    unhelpful = list(dict.fromkeys([*marked, *await work.statistics.unhelpful(conversation.session_id)]))
    zh, en = (
        summarise(services.texts, base, language, conversation, reason, last_said, wish, unhelpful)
        for language in ("zh", "en")
    )
    item = base.items.get(conversation.item_id or "")
    ticket = TicketRow(
        id=uuid4().hex,
        day=moment.astimezone(SHANGHAI).strftime("%Y%m%d"),
        session_id=conversation.session_id,
        state=TicketState.QUEUED.value,
        language=conversation.language,
        item_id=conversation.item_id,
        facet=conversation.facet,
        family=item.family.value if item else None,
        reason=reason.value,
        wish=wish,
        summary=zh,
        summary_en=en,
        live=live,
        opened_at=moment,
        queued_at=moment,
        place=0,
        passed_over=[],
        read_number=0,
    )
    await work.tickets.add(ticket)
    ticket.place = await happened(
        work,
        Happening.OPENED,
        moment,
        ticket_id=ticket.id,
        live=live,
        reason=reason.value,
        language=ticket.language,
        item_id=ticket.item_id,
        family=ticket.family,
    )
    return ticket
