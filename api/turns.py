"""The way of a message, from the visitor's text to the reply that is stored and pushed: `Turns.take` is all of it."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.exc import IntegrityError

from api.acts import Draft, Handed, Scene, perform
from api.bot_client import BotUnavailable
from api.choices import Kind, Pick, ask_payload, by_payload, by_words, pick
from api.clock import Stopwatch, now
from api.conversation import Conversation, LanguageName, Option
from api.desk import approvals, talk
from api.desk.duty import is_staffed
from api.desk.house import Mode, mode_of
from api.desk.life import Reason
from api.events import TypingStarted
from api.language import asked_for, beside_request, follow
from api.masking import mask
from api.messages import message_row, post, visitor_row
from api.problems import AssistantUnavailable, NotYourSession, UnknownOption
from api.queues import Place
from api.references import asks_for_half, half_asked, items_meant, what_is_asked
from api.schemas import MessageIn, MessageOut, ReplyOut
from api.services import Services
from api.sessions import conversation_of
from api.storage.models import MessageRow, SessionRow, TurnRow
from api.tickets import open_ticket, publish, reason_of
from bot.protocol import Act, Choice, Chosen, Decision, Offered, Topic
from bot.protocol import Evidence as Told
from knowledge.base import KnowledgeBase
from knowledge.schema import Facet
from retrieval.evidence import Evidence

log = structlog.get_logger(__name__)

MOST_SHOWN = 60
NAMED_ITEM, UNASKED_FACET = 0.6, 0.5
"""A message names a permit where an item is at least this sure; in reply to "which permit?" it does no more than that
where no facet is asked as plainly as the second figure."""


@dataclass(frozen=True)
class _Heard:
    """A message that is to be answered, and what it picks of the options offered."""

    text: str
    conversation: Conversation
    option: Option | None
    question: str | None
    """The part of the question before that the message asks for ("and the second part?"); None for any other."""
    by: Chosen
    mode: Mode
    to_people: bool
    """Whether everyone goes to a person at present, and this visitor does not wait for one yet."""


@dataclass(frozen=True)
class _Understood:
    """What the message means: an option picked or evidence found, told to the bot as `told`.

    `asked` is the message without clauses that only go back to something or ask for a language.
    """

    base: KnowledgeBase
    language: LanguageName
    told: Told
    found: Evidence | None
    picked: Pick | None
    asked: str = ""


class Turns:
    """Takes visitors' messages."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def take(self, session_id: str, place: Place, message: MessageIn) -> ReplyOut:
        """The reply to a message: to each exactly one, in the order received.

        While a helper has the session the message goes to them, and the reply is empty. Nothing is stored before the
        reply is known, so a message that could not be answered can simply be sent again.
        Raises UnknownOption, AssistantUnavailable.
        """
        clock, received_at = Stopwatch(), now()
        with clock.timing("mask"):
            said = mask(message.text).text if message.text is not None else None
        async with place:
            with clock.timing("storage"):
                heard = await self._recall(session_id, said, message)
            if isinstance(heard, ReplyOut):
                return heard
            if heard.conversation.state == "human":
                passed = await self._pass_on(heard, message.client_id, received_at)
                if passed is not None:
                    return passed
                # The helper gave the conversation back in this very moment, so it is the bot's to answer.
            self._services.events.publish(session_id, TypingStarted())
            with clock.timing("search"):
                understood = await self._understand(heard)
            with clock.timing("bot"):
                choice = await self._choose(heard, understood)
            if choice.act is Act.CHANGE_LANGUAGE:
                understood = replace(understood, language=asked_for(heard.text, understood.language))
            return await self._answer(heard, understood, choice, message.client_id, received_at, clock)

    async def _recall(self, session_id: str, said: str | None, message: MessageIn) -> _Heard | ReplyOut:
        """The message in its conversation; or the reply, if this client_id has been answered already."""
        async with self._services.database.reading() as work:
            held = await work.sessions.with_last_message(session_id)
            if held is None:
                raise NotYourSession
            row, last = held
            if message.client_id is not None:
                replies = await work.messages.replies_to(session_id, message.client_id)
                if replies is not None:
                    return _reply(replies, row)
            conversation = conversation_of(row, last)
            mode = await mode_of(work)
            to_people = mode.everyone_to_people and row.state == "bot"
            to_people = to_people and await is_staffed(self._services.settings, work, now())
            if said is not None:
                asked = conversation.offered is Offered.OPTIONS
                option = by_words(said, conversation.last_options, asked)
                question = None
                if option is None and conversation.last_act == Act.ANSWER.value and asks_for_half(said):
                    before = await work.messages.last_of_visitor(session_id)
                    question = half_asked(said, before.text) if before else None
                chosen = Chosen.WORDS if option else Chosen.NO
                return _Heard(said, conversation, option, question, chosen, mode, to_people)
            option = by_payload(message.payload or "", conversation.last_options)
            if option is None:
                offered = map(Option.from_json, await work.messages.options(session_id))
                option = by_payload(message.payload or "", tuple(offered))
            if option is None:
                raise UnknownOption
            return _Heard(option.title, conversation, option, None, Chosen.BUTTON, mode, to_people)

    async def _pass_on(self, heard: _Heard, client_id: str | None, received_at: dt.datetime) -> ReplyOut | None:
        """Give the message to the helper who has the session; None where nobody has it any more.

        What it is about is found out all the same: the helper's suggestions, and the bot when it answers again, go on
        from there.
        """
        understood = await self._understand(heard)
        session_id, language = heard.conversation.session_id, understood.language
        try:
            async with self._services.database.writing() as work:
                session = await work.sessions.hold(session_id)
                if session is None or session.state != "human":
                    return None
                asking = visitor_row(session_id, session.last_number + 1, heard.text, language, client_id, received_at)
                await talk.hear(work, session, asking)
                _follow(session, heard.conversation, understood)
                await work.commit()
            self._keep_reading(asking, understood)
        except IntegrityError:
            return await self._stored_reply(session_id, client_id)
        publish(self._services, session, "human", asking)
        log.info("message_passed_on", session_id=session_id)
        return ReplyOut(messages=[], state="human", language=language)

    def _keep_reading(self, asking: MessageRow, understood: _Understood) -> None:
        if understood.found is not None:
            self._services.readings.keep(asking.id, understood.found.entries)

    async def _understand(self, heard: _Heard) -> _Understood:
        conversation, base = heard.conversation, self._services.retriever.base
        language, asked = conversation.language, what_is_asked(heard.question or heard.text)
        if heard.by is not Chosen.BUTTON and heard.option is None:
            language = follow(heard.text, conversation.language)
            asked, request = beside_request(asked)
            language = asked_for(request, language)
        if heard.to_people:
            return _Understood(base, language, Told(Decision.ABSTAIN), None, None)
        picked = pick(heard.option, base) if heard.option else None
        if picked is not None:
            return _Understood(base, language, _told_pick(conversation, picked, heard.by), None, picked)
        found = await asyncio.get_running_loop().run_in_executor(
            self._services.search_threads,
            self._services.retriever.search,
            asked, language, items_meant(heard.text, conversation, base), conversation.facet,
        )  # fmt: skip
        base = found.base
        if found.read_as is not None:
            language = "zh"
        named = _item_named(conversation, found, base)
        if named is not None:
            return _Understood(base, language, _told_pick(conversation, named, Chosen.WORDS), found, named, asked)
        return _Understood(base, language, _told_found(conversation, found), found, None, asked)

    async def _choose(self, heard: _Heard, understood: _Understood) -> Choice:
        if heard.to_people or (understood.picked is not None and understood.picked.kind is Kind.HUMAN):
            return Choice(Act.HAND_OVER)  # A button that says so does so, even while the bot is down.
        read_as = understood.found.read_as if understood.found else None
        words = understood.picked.option.title if understood.picked else read_as or understood.asked or heard.text
        try:
            return await self._services.bot.choose(heard.conversation.session_id, words, understood.told)
        except BotUnavailable as error:
            self._services.metrics.unavailable.inc()
            log.warning("bot_unavailable", session_id=heard.conversation.session_id, reason=error.reason)
            raise AssistantUnavailable from error

    async def _answer(
        self,
        heard: _Heard,
        understood: _Understood,
        choice: Choice,
        client_id: str | None,
        received_at: dt.datetime,
        clock: Stopwatch,
    ) -> ReplyOut:
        """Carry the choice out, store both messages with where the conversation stands now, then tell followers.

        Where a helper took the session meanwhile, the answer comes too late: it becomes a suggestion to them.
        """
        services, conversation, language = self._services, heard.conversation, understood.language
        session_id = conversation.session_id
        handed: Handed | None = None
        try:
            with clock.timing("storage"):
                async with services.database.writing() as work:
                    session = await work.sessions.hold(session_id)
                    if session is None:
                        raise NotYourSession
                    before = session.state
                    asking = visitor_row(
                        session_id, session.last_number + 1, heard.text, language, client_id, received_at
                    )
                    if choice.act is Act.HAND_OVER and before != "human":
                        reason = Reason.EVERYONE_TO_PEOPLE if heard.to_people else reason_of(conversation, heard.text)
                        handed = await open_ticket(services, work, session, conversation, reason, said=heard.text)
                    draft = perform(
                        Scene(
                            services.texts,
                            understood.base,
                            language,
                            conversation,
                            choice,
                            understood.found,
                            understood.picked,
                            handed,
                        )
                    )
                    if before == "human":
                        await talk.hear(work, session, asking, late=draft.entry)
                        _follow(session, conversation, understood)
                        await work.commit()
                        self._keep_reading(asking, understood)
                        publish(services, session, before, asking)
                        return ReplyOut(messages=[], state="human", language=language)
                    await work.messages.add([asking])
                    if draft.entry is not None and draft.entry.item_id in heard.mode.approval_items:
                        draft = await approvals.hold(services, work, conversation, asking, draft, language)
                    reply = message_row(session_id, asking.number + 1, draft, language, reply_to=asking.id)
                    await work.messages.add([reply])
                    for column, value in _after(conversation, understood, draft).items():
                        setattr(session, column, value)
                    post(session, reply)
                    work.statistics.add(_statistics(heard, understood, choice, draft, clock, received_at))
                    await work.commit()
        except IntegrityError:
            # Another process took the same client_id first; what it stored is the reply.
            return await self._stored_reply(session_id, client_id)
        publish(services, session, before, asking, reply)
        self._count(draft, language, clock, handed is not None and handed.is_new)
        log.info(
            "turn_taken",
            session_id=session_id,
            act=draft.act.value,
            entry_id=draft.entry.entry_id if draft.entry else None,
            **{f"{stage}_ms": clock[stage] for stage in STAGES},
        )
        return ReplyOut(messages=[MessageOut.of(reply)], state=session.state, language=language)

    async def _stored_reply(self, session_id: str, client_id: str | None) -> ReplyOut:
        async with self._services.database.reading() as work:
            row = await work.sessions.get(session_id)
            replies = await work.messages.replies_to(session_id, client_id) if client_id else None
            if row is None or replies is None:
                raise AssistantUnavailable
            return _reply(replies, row)

    def _count(self, draft: Draft, language: str, clock: Stopwatch, ticket_is_new: bool) -> None:
        metrics = self._services.metrics
        metrics.turns.labels(draft.act.value, language).inc()
        for stage in STAGES:
            metrics.stages.labels(stage).observe(clock[stage] / 1000)
        if ticket_is_new:
            metrics.tickets.labels(language).inc()


STAGES = ("mask", "search", "bot", "storage")


def _reply(replies: Sequence[MessageRow], row: SessionRow) -> ReplyOut:
    messages = [MessageOut.of(reply) for reply in replies]
    language = messages[-1].language if messages else row.language
    return ReplyOut(messages=messages, state=row.state, language=language)


def _item_named(conversation: Conversation, found: Evidence, base: KnowledgeBase) -> Pick | None:
    """The answer to our "which permit?" when it names a permit in other words than the options did."""
    if conversation.last_act != Act.ASK_ITEM.value or conversation.facet is None or not found.items:
        return None
    item, facet = found.items[0], Facet(conversation.facet)
    if item.confidence < NAMED_ITEM or found.facet_confidence > UNASKED_FACET or item.item_id not in base.items:
        return None
    option = Option(base.items[item.item_id].name["zh"], ask_payload(item.item_id, facet), item.item_id, facet.value)
    return pick(option, base)


def _told(conversation: Conversation, decision: Decision, topic: Topic) -> Told:
    """How a message stands in its conversation; what was picked or found is to be added."""
    return Told(
        decision=decision,
        topic=topic,
        offered=conversation.offered,
        failures=conversation.failing,
        begun=conversation.begun,
        waiting=conversation.waiting,
    )


def _told_pick(conversation: Conversation, picked: Pick, by: Chosen) -> Told:
    decision = Decision.ABSTAIN if picked.item_id is None else Decision.ANSWER
    return replace(
        _told(conversation, decision, _topic(picked.item_id, conversation.item_id)),
        chosen=by,
        item=picked.item_id,
        facet=picked.facet.value if picked.facet else None,
        entry=picked.entry.entry_id if picked.entry else None,
    )


def _topic(item_id: str | None, current: str | None) -> Topic:
    if item_id is None:
        return Topic.NONE
    return Topic.SAME if item_id == current else Topic.NEW


def _told_found(conversation: Conversation, found: Evidence) -> Told:
    return replace(
        _told(conversation, found.decision, found.topic),
        elsewhere=found.elsewhere,
        item=found.item_id,
        facet=found.facet.value if found.facet else None,
        entry=found.entries[0].entry_id if found.decision is Decision.ANSWER and found.entries else None,
        embedding=base64.b64encode(found.embedding.astype("<f2").tobytes()).decode("ascii"),
    )


def _after(conversation: Conversation, understood: _Understood, draft: Draft) -> dict[str, object]:
    """The session's columns after the turn, besides those of its last message."""
    changed: dict[str, object] = {
        "language": understood.language,
        "last_act": draft.act.value,
        "offered": draft.offered.value,
        "failures": _failures(conversation, understood, draft),
    }
    told = understood.told
    if draft.entry is not None:
        changed |= {"item_id": draft.entry.item_id, "facet": draft.entry.facet.value}
        changed["shown"] = [*conversation.shown, draft.entry.entry_id][-MOST_SHOWN:]
    elif draft.act is Act.ANSWER:
        changed |= {"item_id": told.item or conversation.item_id, "facet": told.facet}
    elif draft.act is Act.ASK_ITEM:
        changed["facet"] = told.facet
    elif draft.act is Act.CLARIFY and (likeliest := _item_in_sight(understood)) is not None:
        # Which answer is meant was unclear; what it is about may have been plain, and a follow-up is then about that.
        changed["item_id"] = likeliest
    if understood.found is not None and draft.act in (Act.ANSWER, Act.CLARIFY, Act.ASK_ITEM):
        changed["candidates"] = [ranked.entry_id for ranked in understood.found.entries]
    return changed


def _follow(session: SessionRow, before: Conversation, understood: _Understood) -> None:
    """Let the held session be about what the visitor now says to a helper, where that was plain.

    An entry that the helper inserted meanwhile tells better than these words, which were read without it.
    """
    if (session.item_id, session.facet) != (before.item_id, before.facet):
        return
    told = understood.told
    if told.decision is Decision.ANSWER and told.item is not None:
        session.item_id, session.facet = told.item, told.facet
    elif told.decision is Decision.CLARIFY and (likeliest := _item_in_sight(understood)) is not None:
        session.item_id = likeliest


def _item_in_sight(understood: _Understood) -> str | None:
    """The item that a message is about, however unclear its question."""
    likeliest = next(iter(understood.found.items), None) if understood.found is not None else None
    return likeliest.item_id if likeliest is not None and likeliest.confidence >= NAMED_ITEM else None


def _failures(conversation: Conversation, understood: _Understood, draft: Draft) -> int:
    """Turns in a row without help. A next best that was picked after a failure has yet to prove itself."""
    if draft.failed:
        return conversation.failures + 1
    if draft.act is Act.HAND_OVER:
        return 0
    if draft.act is Act.ANSWER:
        second_try = understood.picked is not None and conversation.last_act == Act.TRY_NEXT.value
        return conversation.failures if second_try else 0
    return conversation.failures


def _statistics(
    heard: _Heard,
    understood: _Understood,
    choice: Choice,
    draft: Draft,
    clock: Stopwatch,
    at: dt.datetime,
) -> TurnRow:
    told, entry = understood.told, draft.entry
    return TurnRow(
        session_id=heard.conversation.session_id,
        at=at,
        language=understood.language,
        decision=told.decision.value,
        topic=told.topic.value,
        chosen=told.chosen.value,
        act=choice.act.value,
        performed=draft.act.value,
        item_id=entry.item_id if entry else told.item,
        facet=entry.facet.value if entry else told.facet,
        entry_id=entry.entry_id if entry else None,
        confidence=draft.answer["confidence"] if draft.answer else None,
        failures=heard.conversation.failures,
        revision=understood.base.revision,
        **{f"{stage}_ms": clock[stage] for stage in STAGES},
    )
