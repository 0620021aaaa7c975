"""Approval mode: answers of the assistant to chosen items wait for a helper's yes.

An answer also waits while nobody is on duty: whoever chose the item wanted a person to look first. The visitor is then
promised nothing, and either way may ask for a person.
"""

from __future__ import annotations

from typing import Literal
from uuid import uuid4

import structlog

from api.accounts import audit
from api.accounts.identity import User
from api.acts import Draft, human_option
from api.clock import now
from api.conversation import Conversation, Option
from api.desk.duty import is_staffed, opening_told
from api.desk.life import Happening, Moment
from api.desk.record import happened, seconds
from api.desk.schemas import HeldOut
from api.desk.talk import remember
from api.desk.views import held_out
from api.masking import mask
from api.messages import message_row, post
from api.problems import AlreadyDecided, UnknownApproval
from api.services import Services
from api.storage.database import Work
from api.storage.desk_models import HeldAnswerRow, LateAnswerRow
from api.storage.models import MessageRow, SessionRow
from api.tickets import publish
from bot.protocol import Act, Offered

log = structlog.get_logger(__name__)

Decision = Literal["approved", "edited", "rejected"]


async def hold(
    services: Services, work: Work, conversation: Conversation, asking: MessageRow, draft: Draft, language: str
) -> Draft:
    """Keep the answer back, and what the visitor is told instead."""
    assert draft.answer is not None
    row = HeldAnswerRow(
        id=uuid4().hex,
        session_id=conversation.session_id,
        question_id=asking.id,
        question=asking.text,
        language=language,
        text=draft.text,
        answer=draft.answer,
        options=[option.to_json() for option in draft.options],
        state="held",
        at=asking.at,
    )
    await work.desk.add(row)
    await happened(work, Happening.HELD, asking.at, held_id=row.id, item_id=draft.answer["item_id"])
    texts, last = services.texts, conversation.last_text
    options = (human_option(texts, language),)
    if await is_staffed(services.settings, work, asking.at):
        text = texts.say("held", language, last)
        return Draft(Act.ACKNOWLEDGE, "text", text, options, event=Moment.HELD)
    opens = opening_told(services, language, asking.at)
    text = texts.say("held_unstaffed", language, last, opens=opens)
    return Draft(Act.ACKNOWLEDGE, "text", text, options, offered=Offered.HUMAN, event=Moment.HELD)


async def waiting(services: Services) -> list[HeldOut]:
    """Every answer that waits, oldest first."""
    async with services.database.reading() as work:
        return [held_out(services, row) for row in await work.desk.all_held()]


async def decide(
    services: Services, user: User, held_id: str, decision: Decision, instead: str | None = None
) -> HeldOut:
    """Let the answer go to the visitor as it is, in the helper's words (`instead`), or not at all.

    Where a helper has the session by now, an approved answer becomes a suggestion to them: one speaker at a time.
    Raises UnknownApproval, AlreadyDecided.
    """
    moment = now()
    async with services.database.writing() as work:
        seen = await work.desk.held(held_id)
        session = await work.sessions.hold(seen.session_id) if seen else None
        if seen is None or session is None:
            raise UnknownApproval
        if not await work.desk.decide(held_id, state=decision, decided_at=moment, decided_by=user.username):
            raise AlreadyDecided
        held = await work.desk.held(held_id)
        assert held is not None
        waited_s = seconds(held.at, moment)
        await happened(
            work, Happening.DECIDED, moment, helper=user.username, held_id=held_id, decision=decision, waited_s=waited_s
        )
        await audit.record(work, user, f"answer_{decision}", held_id)
        before = session.state
        message = None
        if before == "human":
            await _suggest(work, session, held)
        else:
            message = await _tell(services, work, session, held, decision, instead)
        await work.commit()
    publish(services, session, before, message)
    log.info("approval_decided", held_id=held_id, decision=decision)
    return held_out(services, held)


async def _tell(
    services: Services, work: Work, session: SessionRow, held: HeldAnswerRow, decision: Decision, instead: str | None
) -> MessageRow:
    number, language, texts = session.last_number + 1, held.language, services.texts
    if decision == "approved":
        options = tuple(map(Option.from_json, held.options))
        draft, sender = Draft(Act.ANSWER, "answer", held.text, options, held.answer), "bot"
    elif decision == "edited":
        draft, sender = Draft(Act.ANSWER, "text", mask(instead or "").text), "agent"
    else:
        options = (human_option(texts, language),)
        draft, sender = Draft(Act.OFFER_HUMAN, "handoff", texts.say("offer_human", language), options), "bot"
        session.offered = Offered.HUMAN.value
    message = message_row(session.id, number, draft, language, reply_to=held.question_id, sender=sender)
    await work.messages.add([message])
    post(session, message)
    entry = services.retriever.base.entries.get(held.answer["entry_id"])
    if decision != "rejected" and entry is not None:
        remember(session, entry)
    return message


async def _suggest(work: Work, session: SessionRow, held: HeldAnswerRow) -> None:
    ticket = await work.tickets.open_of(session.id)
    asked = await work.messages.last_of_visitor(session.id)
    if ticket is None or asked is None:
        return
    entry_id = held.answer["entry_id"]
    row = LateAnswerRow(id=uuid4().hex, ticket_id=ticket.id, question_id=asked.id, entry_id=entry_id, at=held.at)
    await work.desk.add(row)
    await happened(work, Happening.SUGGESTED, now(), ticket_id=ticket.id, entry_id=entry_id)
