"""Call-backs that are owed: each is due on the next working day, and open until somebody has said how it went.

They are follow-ups: one list, one rule of what is overdue (api.oversight.follow_ups).
"""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import structlog

from api.accounts import audit
from api.accounts.identity import User
from api.clock import SHANGHAI, now, today
from api.desk.hours import working_day_after
from api.desk.life import Happening
from api.desk.record import happened
from api.masking import mask
from api.oversight.follow_ups import follow_up_out
from api.oversight.reasons import About, CallbackOutcome, FollowUpState
from api.oversight.schemas import CallbackClosingIn, FollowUpOut
from api.problems import AlreadyDecided, UnknownFollowUp
from api.services import Services
from api.storage.database import Work
from api.storage.models import TicketRow
from api.storage.oversight_models import FollowUpRow

log = structlog.get_logger(__name__)

WORKING_DAYS = 1


async def owe(work: Work, ticket: TicketRow, moment: dt.datetime) -> None:
    """Let a call-back of the ticket be due, unless one is: who asks twice is called once, by the first day.

    For units of work that hold the ticket's session.
    """
    if await work.follow_ups.call_back_of(ticket.id) is not None:
        return
    row = FollowUpRow(
        id=uuid4().hex,
        session_id=ticket.session_id,
        ticket_id=ticket.id,
        about=About.CALLBACK.value,
        item_id=ticket.item_id,
        facet=ticket.facet,
        language=ticket.language,
        opened_at=moment,
        due=working_day_after(moment.astimezone(SHANGHAI).date(), WORKING_DAYS),
        failed_tries=0,
        state=FollowUpState.OPEN.value,
    )
    await work.follow_ups.add(row)
    log.info("callback_owed", follow_up=row.id, ticket=ticket.number)


async def close(services: Services, user: User, follow_up_id: str, wish: CallbackClosingIn) -> FollowUpOut:
    """Say how it went; where it is tried again it stays open until that day. Exactly one closes it.

    Raises UnknownFollowUp, AlreadyDecided.
    """
    moment, note = now(), mask(wish.note).text if wish.note else None
    async with services.database.writing() as work:
        known = await work.follow_ups.get(follow_up_id)
        if known is None or known.about != About.CALLBACK:
            raise UnknownFollowUp
        if wish.again_on is not None:
            kind, what = Happening.CALLBACK_PUT_OFF, "callback_put_off"
            done = await work.follow_ups.put_off(follow_up_id, wish.again_on, note)
        else:
            kind, what = Happening.CALLBACK_CLOSED, "callback_closed"
            failed_tries = known.failed_tries + (wish.outcome is CallbackOutcome.NOT_REACHED)
            closing = {"reason": wish.outcome.value, "action": note or known.action, "failed_tries": failed_tries}
            done = await work.follow_ups.close(
                follow_up_id, {**closing, "closed_at": moment, "closed_by": user.username}
            )
        if not done:
            raise AlreadyDecided
        await audit.record(work, user, what, follow_up_id)
        outcome = wish.outcome.value
        await happened(work, kind, moment, ticket_id=known.ticket_id, helper=user.username, outcome=outcome)
        row = await work.follow_ups.get(follow_up_id)
        assert row is not None
        told = await follow_up_out(services, work, row, today())
        await work.commit()
    services.feed.wake()
    log.info(what, follow_up=follow_up_id, outcome=outcome)
    return told


async def withdraw(work: Work, session_id: str, moment: dt.datetime) -> None:
    """Owe the visitor no call any more, because the visitor erases the session and the number with it."""
    for row in await work.follow_ups.call_backs_of(session_id):
        closing = {"reason": CallbackOutcome.NO_LONGER_WANTED.value, "closed_at": moment}
        await work.follow_ups.close(row.id, closing)
        await audit.record(work, None, "callback_withdrawn", row.id)
