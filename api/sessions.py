"""Starting, opening, reading and erasing sessions."""

from __future__ import annotations

import hmac
import re
from uuid import uuid4

import structlog

from api.acts import greeting
from api.bot_client import BotUnavailable
from api.clock import now
from api.conversation import Conversation, Option, StateName
from api.desk.life import Happening, Outcome
from api.desk.record import happened, waited_s
from api.events import SessionErased, StateChanged
from api.language import preferred
from api.messages import message_row
from api.oversight import call_backs
from api.problems import NotYourSession, UnknownItem, UnknownMessage
from api.queues import Place
from api.schemas import HistoryOut, MessageOut, SessionIn, SessionOut
from api.services import Services
from api.storage.models import MessageRow, SessionRow
from api.tokens import hash_of, new_token
from bot.protocol import Offered

log = structlog.get_logger(__name__)

_ID = re.compile(r"[0-9a-f]{32}")
_NOBODYS_HASH = hash_of(new_token())


async def start(services: Services, wish: SessionIn, accept_language: str | None) -> SessionOut:
    """A new session with its greeting. Raises UnknownItem."""
    base = services.retriever.base
    item_id = wish.context.item_id if wish.context else None
    if item_id is not None and item_id not in base.items:
        raise UnknownItem(item_id)
    language = preferred(accept_language) if wish.language == "auto" else wish.language
    token, session_id, moment = new_token(), uuid4().hex, now()
    greet = message_row(session_id, 1, greeting(services.texts, base, language, item_id), language)
    row = SessionRow(
        id=session_id,
        token_hash=hash_of(token),
        channel=wish.channel,
        language=language,
        state="bot",
        item_id=item_id,
        failures=0,
        offered=Offered.NOTHING.value,
        last_act=None,
        candidates=[],
        shown=[],
        last_number=1,
        last_message_id=greet.id,
        created_at=moment,
        active_at=moment,
    )
    async with services.database.writing() as work:
        await work.sessions.add(row)
        await work.messages.add([greet])
        await work.commit()
    services.metrics.sessions.labels(wish.channel if wish.channel in CHANNELS else "other", language).inc()
    log.info("session_started", session_id=session_id, channel=wish.channel, language=language, item_id=item_id)
    return SessionOut(session_id=session_id, token=token, language=language, messages=[MessageOut.of(greet)])


CHANNELS = frozenset({"web", "mini-program", "kiosk", "hotline"})
"""The channels that the metrics tell apart; a visitor can name any other."""


async def authorise(services: Services, session_id: str, token: str) -> None:
    """Return if the token opens the session. Raises NotYourSession, the same for a session that does not exist."""
    held = None
    if _ID.fullmatch(session_id):
        async with services.database.reading() as work:
            held = await work.sessions.token_hash(session_id)
    if not hmac.compare_digest(held or _NOBODYS_HASH, hash_of(token)):
        raise NotYourSession


async def history(services: Services, session_id: str, after: str | None) -> HistoryOut:
    """The conversation, or what came after a message of it. Raises UnknownMessage."""
    rows, state = await read(services, session_id, after)
    return HistoryOut(messages=[MessageOut.of(row) for row in rows], state=state)


async def read(services: Services, session_id: str, after: str | None) -> tuple[list[MessageRow], StateName]:
    """The stored messages after one of them, and the session's state. Raises UnknownMessage, NotYourSession."""
    async with services.database.reading() as work:
        row = await work.sessions.get(session_id)
        if row is None:
            raise NotYourSession
        number = 0
        if after is not None:
            found = await work.messages.number_of(session_id, after)
            if found is None:
                raise UnknownMessage
            number = found
        return list(await work.messages.after(session_id, number)), row.state


async def erase(services: Services, session_id: str, place: Place) -> None:
    """Forget everything that the visitor said: here, at the bot, in tickets and feedback. Statistics stay."""
    async with place:
        async with services.database.writing() as work:
            await work.sessions.hold(session_id)
            moment = now()
            ticket_ids = await work.tickets.ids_of(session_id)
            ticket = await work.tickets.erase_of(session_id, moment)
            await work.desk.erase_of(ticket_ids)
            if ticket is not None:
                waited = await waited_s(work, ticket) if ticket.state == "queued" else None
                kind = Happening.ABANDONED if ticket.state == "queued" else Happening.RESOLVED
                outcome = Outcome.ERASED.value
                await happened(
                    work, kind, moment, ticket_id=ticket.id, helper=ticket.helper, outcome=outcome, waited_s=waited
                )
            await work.feedback.erase_of(session_id)
            await work.follow_ups.erase_of(session_id)
            await call_backs.withdraw(work, session_id, moment)
            await work.sessions.erase(session_id)
            await work.commit()
        services.events.publish(session_id, StateChanged("closed"), SessionErased())
        services.feed.wake()
        try:
            await services.bot.forget(session_id)
        except (OSError, BotUnavailable) as error:
            log.error("bot_not_forgotten", session_id=session_id, exc_info=error)
    services.metrics.erased.inc()
    log.info("session_erased", session_id=session_id)


def conversation_of(row: SessionRow, last: MessageRow | None) -> Conversation:
    """The conversation of a stored session, whose visitor was sent `last` last."""
    return Conversation(
        session_id=row.id,
        language=row.language,
        state=row.state,
        item_id=row.item_id,
        facet=row.facet,
        failures=row.failures,
        offered=Offered(row.offered),
        last_act=row.last_act,
        candidates=tuple(row.candidates),
        shown=tuple(row.shown),
        last_text=last.text if last else None,
        last_options=tuple(map(Option.from_json, last.options)) if last else (),
    )
