"""Following up what visitors were not content with, until somebody has said what was behind it and what was done.

Call-backs stand in the same list (api.oversight.call_backs).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import cast
from uuid import uuid4

import structlog

from api.accounts import audit
from api.accounts.identity import User
from api.clock import SHANGHAI, now, today
from api.conversation import LanguageName
from api.desk.hours import working_day_after
from api.desk.life import Happening
from api.desk.record import happened
from api.desk.schemas import both
from api.desk.views import callback_out
from api.masking import mask
from api.oversight.counting import Days
from api.oversight.reasons import BAD_RATING, TAKEN_BACK, About, FollowUpState
from api.oversight.schemas import FollowUpClosingIn, FollowUpOut, FollowUpsOut, ItemReasonsOut, ReasonsOut
from api.problems import AlreadyDecided, UnknownFollowUp
from api.schemas import BothOut
from api.services import Services
from api.storage.database import Work
from api.storage.models import FeedbackRow, MessageRow, SessionRow, TicketRow
from api.storage.oversight_models import FollowUpRow
from knowledge.schema import Facet

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Word:
    """What a visitor says of a message, or of the session as a whole. `comment` is masked."""

    resolved: bool
    rating: int | None
    comment: str | None

    @classmethod
    def of(cls, row: FeedbackRow) -> Word:
        """The word that is stored."""
        return cls(row.resolved, row.rating, row.comment)

    @property
    def is_bad(self) -> bool:
        """Whether it calls for a follow-up."""
        return not self.resolved or (self.rating is not None and self.rating <= BAD_RATING)


async def heed(
    services: Services,
    work: Work,
    session: SessionRow,
    message: MessageRow | None,
    feedback: FeedbackRow,
    before: Word | None,
) -> None:
    """Let what the visitor just said have its consequences, in the unit of work that stores it.

    A helper's ticket that was rated is told of in the desk's events. A bad word opens a follow-up, unless one is open
    for it or it is the same word `before`, repeated; a good one closes the open follow-up of the same message.
    """
    word = Word.of(feedback)
    ticket = await _ticket_of(work, session, message, feedback.at)
    if ticket is not None and word != before:
        await happened(
            work,
            Happening.RATED,
            feedback.at,
            ticket_id=ticket.id,
            helper=ticket.helper,
            rating=word.rating,
            resolved=word.resolved,
        )
    known = await work.follow_ups.open_of(feedback.id)
    if known is not None and not word.is_bad:
        await work.follow_ups.close(known.id, {"reason": TAKEN_BACK, "closed_at": feedback.at})
        await audit.record(work, None, "follow_up_taken_back", known.id)
    elif known is not None:
        known.resolved, known.rating, known.comment = word.resolved, word.rating, word.comment
    elif word.is_bad and word != before:
        await work.follow_ups.add(_new(services, session, message, ticket, feedback))
        log.info("follow_up_opened", session_id=session.id, rating=word.rating, resolved=word.resolved)


async def page(
    services: Services,
    state: FollowUpState | None,
    overdue: bool,
    item_id: str | None,
    about: About | None,
    most: int,
    skip: int,
) -> FollowUpsOut:
    """Follow-ups: the open ones by due day, then the closed ones, newest first."""
    day = today()
    async with services.database.reading() as work:
        rows, total = await work.follow_ups.page(
            state and state.value, day if overdue else None, item_id, about and about.value, most, skip
        )
        return FollowUpsOut(follow_ups=[await follow_up_out(services, work, row, day) for row in rows], total=total)


async def close(services: Services, user: User, follow_up_id: str, wish: FollowUpClosingIn) -> FollowUpOut:
    """Close it with what was found and done; exactly one wins. Raises UnknownFollowUp, AlreadyDecided."""
    closing = {
        "reason": wish.reason.value,
        "action": mask(wish.action).text,
        "closed_at": now(),
        "closed_by": user.username,
    }
    async with services.database.writing() as work:
        known = await work.follow_ups.get(follow_up_id)
        if known is None or known.about == About.CALLBACK:
            raise UnknownFollowUp
        if not await work.follow_ups.close(follow_up_id, closing):
            raise AlreadyDecided
        await audit.record(work, user, "follow_up_closed", follow_up_id)
        row = await work.follow_ups.get(follow_up_id)
        assert row is not None
        closed = await follow_up_out(services, work, row, today())
        await work.commit()
    log.info("follow_up_closed", follow_up=follow_up_id, reason=wish.reason.value)
    return closed


async def reasons(services: Services, first: dt.date | None, last: dt.date | None) -> ReasonsOut:
    """What was found, counted by item, of the follow-ups opened in these days; items with most follow-ups first."""
    begin = Days(first, first).begin if first else None
    end = Days(last, last).end if last else None
    counted: dict[str | None, dict[str | None, int]] = defaultdict(dict)
    async with services.database.reading() as work:
        for item_id, _, reason, count in await work.follow_ups.reasons(begin, end):
            counted[item_id][reason] = count  # An open one has no reason, a closed one has.
    items = [
        ItemReasonsOut(
            item_id=item_id,
            item=_name(services, item_id),
            open=found.get(None, 0),
            closed=sum(count for reason, count in found.items() if reason),
            reasons={reason: count for reason, count in _most_first(found) if reason},
        )
        for item_id, found in counted.items()
    ]
    return ReasonsOut(items=sorted(items, key=lambda one: (-one.open - one.closed, one.item_id or "")))


async def follow_up_out(services: Services, work: Work, row: FollowUpRow, day: dt.date) -> FollowUpOut:
    """The follow-up as it stands on this day."""
    ticket = await work.tickets.get(row.ticket_id) if row.ticket_id else None
    is_call_back = row.about == About.CALLBACK
    helper = ticket.helper if ticket and is_call_back else row.helper  # a call-back is whose the ticket is now
    holder = await work.presences.get(helper) if helper else None
    return FollowUpOut(
        id=row.id,
        state=FollowUpState(row.state),
        opened_at=row.opened_at,
        due=row.due,
        overdue=row.state == FollowUpState.OPEN and row.due < day,
        about=About(row.about),
        resolved=row.resolved,
        rating=row.rating,
        comment=row.comment,
        language=cast(LanguageName, row.language),
        session_id=row.session_id,
        message_id=row.message_id,
        ticket_id=row.ticket_id,
        ticket_number=ticket.number if ticket else None,
        helper=helper,
        helper_name=holder.display_name if holder else None,
        entry_id=row.entry_id,
        item_id=row.item_id,
        item=_name(services, row.item_id),
        facet=Facet(row.facet) if row.facet else None,
        callback=await callback_out(services, work, ticket) if ticket and is_call_back else None,
        failed_tries=row.failed_tries,
        reason=row.reason,  # type: ignore[arg-type]
        action=row.action,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )


async def _ticket_of(
    work: Work, session: SessionRow, message: MessageRow | None, moment: dt.datetime
) -> TicketRow | None:
    """The ticket of the helper whom the word is about; None where it is about the bot.

    The bot's own messages are its own, also while somebody waits. Everything else, the session as a whole too, is the
    helper's who had the session last by then, if any had.
    """
    if message is not None and message.sender == "bot":
        return None
    ticket = await work.tickets.last_of(session.id, message.at if message else moment)
    return ticket if ticket is not None and ticket.accepted_at is not None else None


def _new(
    services: Services, session: SessionRow, message: MessageRow | None, ticket: TicketRow | None, feedback: FeedbackRow
) -> FollowUpRow:
    answer = (message.answer if message else None) or {}
    item_id, facet = answer.get("item_id"), answer.get("facet")
    if not answer:
        source: SessionRow | TicketRow = ticket if ticket is not None else session
        item_id, facet = source.item_id, source.facet
    opened_on = feedback.at.astimezone(SHANGHAI).date()
    return FollowUpRow(
        id=uuid4().hex,
        feedback_id=feedback.id,
        session_id=session.id,
        message_id=message.id if message else None,
        ticket_id=ticket.id if ticket else None,
        about=(About.PERSON if ticket else About.BOT).value,
        helper=ticket.helper if ticket else None,
        entry_id=feedback.entry_id,
        item_id=item_id,
        facet=facet,
        language=session.language,
        resolved=feedback.resolved,
        rating=feedback.rating,
        comment=feedback.comment,
        opened_at=feedback.at,
        due=working_day_after(opened_on, services.settings.follow_up_days),
        failed_tries=0,
        state=FollowUpState.OPEN.value,
    )


def _name(services: Services, item_id: str | None) -> BothOut | None:
    item = services.retriever.base.items.get(item_id or "")
    return both({"zh": item.name.zh, "en": item.name.en}) if item else None


def _most_first(found: dict[str | None, int]) -> list[tuple[str | None, int]]:
    return sorted(found.items(), key=lambda one: (-one[1], one[0] or ""))
