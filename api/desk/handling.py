"""What a helper does with a ticket: take it, pass it on, give it back, end it."""

from __future__ import annotations

import structlog

from api.accounts import audit
from api.accounts.identity import User
from api.acts import Draft
from api.clock import now
from api.desk import promotions
from api.desk.duty import sign_of_life
from api.desk.hold import hold_ticket, mine
from api.desk.life import Happening, Moment, Outcome, TicketState
from api.desk.record import happened, seconds, waited_s
from api.desk.schemas import ResolutionIn, TicketOut, TransferIn
from api.desk.views import ticket_out
from api.masking import mask
from api.messages import message_row, post
from api.oversight import call_backs
from api.problems import NotYourTicket, TicketNotActive, TicketTaken, UnknownColleague
from api.services import Services
from api.storage.database import Work
from api.storage.models import MessageRow, SessionRow, TicketRow
from api.tickets import NO_OFFER, publish
from bot.protocol import Act, Offered
from knowledge.schema import Family

log = structlog.get_logger(__name__)


async def accept(services: Services, user: User, ticket_id: str) -> TicketOut:
    """Take a queued ticket; exactly one helper wins. Raises UnknownTicket, TicketTaken."""
    async with services.database.writing() as work:
        seen, session = await hold_ticket(work, ticket_id)
        moment, waited, offered_at, has_place = now(), await waited_s(work, seen), seen.offered_at, seen.live
        taking = {
            "state": TicketState.ACTIVE.value,
            "helper": user.username,
            "accepted_at": moment,
            "queued_at": seen.queued_at if has_place else moment,
            "passed_over": [],
        }
        if session is None or not await work.tickets.move(ticket_id, "queued", {**taking, **NO_OFFER}):
            raise TicketTaken(seen.number, seen.helper if seen.state == "active" else None)
        before, session.state = session.state, "human"
        ticket, message = await _after(services, work, ticket_id, session, Moment.JOINED)
        sequence = await happened(
            work,
            Happening.ACCEPTED,
            moment,
            ticket_id=ticket_id,
            helper=user.username,
            live=ticket.live,
            waited_s=waited,
            since_offer_s=seconds(offered_at, moment) if offered_at else None,
        )
        if not has_place:
            ticket.place = sequence
        await sign_of_life(work, user, works=True)
        await audit.record(work, user, "ticket_accepted", ticket_id)
        await work.commit()
        accepted = await ticket_out(services, work, ticket, user.username)
    publish(services, session, before, message)
    log.info("ticket_accepted", ticket=ticket.number)
    return accepted


async def transfer(services: Services, user: User, ticket_id: str, wish: TransferIn) -> TicketOut:
    """Let the ticket wait again in its old place, offered to a colleague or group first.

    Raises UnknownTicket, NotYourTicket, TicketNotActive, UnknownColleague.
    """
    family = wish.to if wish.to in set(Family) else None
    async with services.database.writing() as work:
        if family is None and (wish.to == user.username or await work.presences.get(wish.to) is None):
            raise UnknownColleague(wish.to)
        moment = now()
        ticket, session, message = await _move(
            services,
            work,
            user,
            ticket_id,
            Moment.TRANSFERRED,
            "queued",
            helper=None,
            live=True,
            passed_over=[user.username],
            wanted_family=family,
            transfer_note=mask(wish.note).text if wish.note else None,
            offered_to=None if family else wish.to,
            offered_at=None if family else moment,
        )
        await happened(work, Happening.TRANSFERRED, moment, ticket_id=ticket_id, helper=user.username, to=wish.to)
        if family is None:
            await happened(work, Happening.OFFERED, moment, ticket_id=ticket_id, to=wish.to)
        await audit.record(work, user, "ticket_transferred", ticket_id)
        await work.commit()
        moved = await ticket_out(services, work, ticket, user.username)
    publish(services, session, "human", message)
    return moved


async def give_back(services: Services, user: User, ticket_id: str) -> TicketOut:
    """Let the assistant answer again; it knows what the helper settled.

    Raises UnknownTicket, NotYourTicket, TicketNotActive.
    """
    moment = now()
    async with services.database.writing() as work:
        ticket, session, message = await _move(
            services,
            work,
            user,
            ticket_id,
            Moment.RETURNED,
            "bot",
            state="resolved",
            outcome=Outcome.RETURNED.value,
            resolved_at=moment,
        )
        await happened(
            work, Happening.RETURNED, moment, ticket_id=ticket_id, helper=user.username, served_s=_served(ticket)
        )
        await audit.record(work, user, "ticket_returned", ticket_id)
        await work.commit()
        moved = await ticket_out(services, work, ticket, user.username)
    publish(services, session, "human", message)
    return moved


async def resolve(services: Services, user: User, ticket_id: str, wish: ResolutionIn) -> TicketOut:
    """End the conversation with an outcome; the assistant is there for what comes next.

    Raises UnknownTicket, NotYourTicket, TicketNotActive, and what promotions.draft raises.
    """
    moment = now()
    warnings = await promotions.warnings_for(services, wish.promote) if wish.promote else []
    async with services.database.writing() as work:
        ticket, session, message = await _move(
            services,
            work,
            user,
            ticket_id,
            Moment.ENDED,
            "bot",
            state="resolved",
            outcome=wish.outcome,
            resolved_at=moment,
            resolution=mask(wish.note).text if wish.note else None,
        )
        await happened(
            work,
            Happening.RESOLVED,
            moment,
            ticket_id=ticket_id,
            helper=user.username,
            outcome=wish.outcome,
            served_s=_served(ticket),
            item_id=ticket.item_id,
            family=ticket.family,
        )
        if wish.outcome == Outcome.CALLBACK:
            await call_backs.owe(work, ticket, moment)
        if wish.promote is not None:
            await promotions.draft(work, user, ticket, wish.promote, warnings)
        await audit.record(work, user, "ticket_resolved", ticket_id)
        await work.commit()
        resolved = await ticket_out(services, work, ticket, user.username)
    publish(services, session, "human", message)
    log.info("ticket_resolved", ticket=ticket.number, outcome=wish.outcome)
    return resolved


async def let_go(services: Services, user: User) -> None:
    """Let everything that the helper has in hand wait again, because the shift is over.

    One unit of work each: whoever held two sessions could meet a visitor's turn that waits for the first.
    """
    async with services.database.reading() as work:
        in_hand = await work.tickets.in_state(TicketState.ACTIVE, user.username)
    for ticket in in_hand:
        if await requeue(services, ticket.id, user.username, vanished=False):
            log.info("ticket_let_go", ticket=ticket.number)


async def requeue(services: Services, ticket_id: str, helper: str, *, vanished: bool) -> bool:
    """Let a ticket wait again in its old place, because its helper is gone; False where it has moved on."""
    moment = now()
    waiting = {"state": "queued", "helper": None, "live": True, "passed_over": [helper]}
    async with services.database.writing() as work:
        _, session = await hold_ticket(work, ticket_id)
        if session is None or not await work.tickets.move(ticket_id, "active", {**waiting, **NO_OFFER}, helper):
            return False
        session.state = "queued"
        _, message = await _after(services, work, ticket_id, session, Moment.LOST, "lost" if vanished else "off_duty")
        await happened(work, Happening.REQUEUED, moment, ticket_id=ticket_id, helper=helper, vanished=vanished)
        await work.commit()
    publish(services, session, "human", message)
    return True


async def _move(
    services: Services,
    work: Work,
    user: User,
    ticket_id: str,
    moment: Moment,
    owner: str,
    state: str = "queued",
    **values: object,
) -> tuple[TicketRow, SessionRow, MessageRow]:
    """Take the ticket out of the helper's hands, the session with it, and say so to the visitor."""
    seen, held = await hold_ticket(work, ticket_id)
    session = mine(seen, held, user)
    if not await work.tickets.move(ticket_id, "active", {"state": state, **values}, user.username):
        seen, _ = await hold_ticket(work, ticket_id)
        if seen.state == TicketState.ACTIVE:
            raise NotYourTicket(seen.number, seen.helper)
        raise TicketNotActive(seen.number, seen.state)
    session.state = owner  # type: ignore[assignment]
    ticket, message = await _after(services, work, ticket_id, session, moment)
    return ticket, session, message


async def _after(
    services: Services, work: Work, ticket_id: str, session: SessionRow, moment: Moment, occasion: str | None = None
) -> tuple[TicketRow, MessageRow]:
    """The moved ticket, and the desk's own message about it at the end of the held session.

    `occasion` names the words in texts.yaml, where they are not those of the moment.
    """
    ticket = await work.tickets.get(ticket_id)
    assert ticket is not None
    shown = {"number": ticket.number} if moment is Moment.ENDED else {}
    text = services.texts.say(occasion or moment.value, session.language, **shown)
    draft = Draft(Act.HAND_OVER, "handoff", text, event=moment)
    message = message_row(session.id, session.last_number + 1, draft, session.language, sender="system")
    await work.messages.add([message])
    post(session, message)
    # What the bot asked for before is no longer the question, and what failed before is settled or with a person.
    session.offered, session.last_act, session.failures, session.candidates = Offered.NOTHING.value, None, 0, []
    return ticket, message


def _served(ticket: TicketRow) -> float | None:
    return seconds(ticket.accepted_at, ticket.resolved_at) if ticket.accepted_at and ticket.resolved_at else None
