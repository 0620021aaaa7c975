"""Tickets, messages and held answers as the helpers' pages see them."""

from __future__ import annotations

from api.acts import heading
from api.clock import now, today
from api.desk.life import Outcome, Reason, TicketState
from api.desk.record import seconds, waited_s
from api.desk.schemas import CallbackContactOut, HeldOut, TicketOut, both
from api.schemas import AnswerOut, BothOut
from api.services import Services
from api.storage.database import Work
from api.storage.desk_models import HeldAnswerRow
from api.storage.models import TicketRow
from knowledge.schema import Facet


async def ticket_out(services: Services, work: Work, row: TicketRow, reader: str | None = None) -> TicketOut:
    """The ticket as it stands now. Where `reader` may see the call-back's contact (callback_out), it is opened."""
    moment, base = now(), services.retriever.base
    holder = await work.presences.get(row.helper) if row.helper else None
    unread = await work.messages.by_visitor_after(row.session_id, row.read_number) if row.session_id else 0
    item = base.items.get(row.item_id or "")
    return TicketOut(
        id=row.id,
        number=row.number,
        session_id=row.session_id,
        state=TicketState(row.state),
        live=row.live,
        language=row.language,
        reason=Reason(row.reason),
        summary=row.summary,
        summaries=BothOut(zh=row.summary, en=row.summary_en or row.summary) if row.summary else None,
        item_id=row.item_id,
        item=both(item.name) if item else None,
        family=row.family,
        facet=row.facet,
        opened_at=row.opened_at,
        queued_at=row.queued_at,
        place=row.place,
        waiting_s=await waited_s(work, row) if row.state == "queued" else 0.0,
        first_reply_s=row.first_reply_s,
        helper=row.helper,
        helper_name=holder.display_name if holder else None,
        offered_to=row.offered_to,
        offered_s=seconds(row.offered_at, moment) if row.offered_at else None,
        visitor_online=row.session_id is not None and services.events.is_followed(row.session_id),
        unread=unread if row.state == "active" else 0,
        transfer_note=row.transfer_note,
        outcome=Outcome(row.outcome) if row.outcome else None,
        resolved_at=row.resolved_at,
        callback=await callback_out(services, work, row, reader),
    )


def held_out(services: Services, row: HeldAnswerRow) -> HeldOut:
    """A held answer as it stands now."""
    return HeldOut(
        id=row.id,
        session_id=row.session_id,
        state=row.state,
        at=row.at,
        waiting_s=seconds(row.at, row.decided_at or now()),
        language=row.language,
        question=row.question,
        text=row.text,
        title=title_in_both(services, row.answer["item_id"], row.answer["facet"]),
        answer=AnswerOut.model_validate(row.answer),
    )


def title_in_both(services: Services, item_id: str, facet: str) -> BothOut:
    """What an answer to this facet of this item is headed with, in both languages."""
    base = services.retriever.base
    if item_id not in base.items:
        return BothOut(zh=item_id, en=item_id)  # A newer revision dropped it.
    zh, en = (heading(base, services.texts, item_id, Facet(facet), language) for language in ("zh", "en"))
    return BothOut(zh=zh, en=en)


async def callback_out(
    services: Services, work: Work, row: TicketRow, reader: str | None = None
) -> CallbackContactOut | None:
    """Where the ticket's visitor wants to be called back, and until when; the contact opened where `reader` may see it.

    That is the ticket's helper; once the ticket is over, anybody while the call is owed, because its helper may be
    away, or nobody ever took it.
    """
    contact = await work.desk.contact(row.id)
    if contact is None:
        return None
    owed = await work.follow_ups.call_back_of(row.id)
    may_see = reader is not None and (reader == row.helper or (row.state == TicketState.RESOLVED and owed is not None))
    forgotten = not contact.sealed
    return CallbackContactOut(
        kind=contact.kind,
        contact=services.sealer.open(contact.sealed) if may_see and not forgotten else None,
        when=contact.convenient,
        forgotten=forgotten,
        follow_up_id=owed.id if owed else None,
        due=owed.due if owed else None,
        overdue=owed is not None and owed.due < today(),
    )
