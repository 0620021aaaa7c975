"""Entries that answer what the visitor said last, in the visitor's language to insert and in both to read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from api.desk.schemas import SuggestionOut, both
from api.desk.views import title_in_both
from api.problems import UnknownTicket
from api.services import Services
from api.storage.database import Work
from api.storage.models import TicketRow
from knowledge.base import Entry
from retrieval.evidence import RankedEntry

MOST = 9
"""As many as a keyboard has digits to choose with."""
LEAST_CONFIDENCE = 0.02


@dataclass(frozen=True)
class Asked:
    """What the visitor said last, and where the conversation stands: its item and facet, what was found or came late.

    `message_id` and `text` are None where nothing was said.
    """

    message_id: str | None
    text: str | None
    item_id: str | None
    facet: str | None
    late_ids: tuple[str, ...]


async def asked_last(work: Work, ticket: TicketRow) -> Asked:
    """What is to be answered in a ticket's conversation."""
    session = await work.sessions.get(ticket.session_id) if ticket.session_id else None
    if session is None:
        return Asked(None, None, ticket.item_id, ticket.facet, ())
    asked = await work.messages.last_of_visitor(session.id)
    late_ids = await work.desk.late_answers(ticket.id, asked.id) if asked else []
    # The conversation may have moved on from what the ticket was opened about.
    item_id, facet = (session.item_id, session.facet) if session.item_id else (ticket.item_id, ticket.facet)
    return Asked(asked.id if asked else None, asked.text if asked else None, item_id, facet, tuple(late_ids))


async def for_asked(services: Services, language: str, asked: Asked) -> list[SuggestionOut]:
    """What the bot would have said first, then what the search finds for the visitor's last words."""
    if asked.message_id is None or asked.text is None:
        return []
    known = services.readings.of(asked.message_id)
    found = _shown(services, known, language) if known is not None else await _search(services, language, asked)
    base = services.retriever.base
    sure = {suggestion.entry_id: suggestion.confidence for suggestion in found}
    late = [
        _of(services, base.entries[entry_id], language, sure.get(entry_id, 0.0), late=True)
        for entry_id in dict.fromkeys(asked.late_ids)
        if entry_id in base.entries
    ]
    late_ids = {suggestion.entry_id for suggestion in late}
    return [*late, *(suggestion for suggestion in found if suggestion.entry_id not in late_ids)][:MOST]


async def for_words(services: Services, words: str, language: str, ticket_id: str | None) -> list[SuggestionOut]:
    """What the base has for any words, best first; within a ticket's conversation, if one is named.

    Raises UnknownTicket.
    """
    if ticket_id is None:
        return await _search(services, language, Asked(None, words, None, None, ()))
    async with services.database.reading() as work:
        ticket = await work.tickets.get(ticket_id)
        if ticket is None:
            raise UnknownTicket
        asked = await asked_last(work, ticket)
    if words == asked.text:
        return await for_asked(services, language, asked)
    return await _search(services, language, Asked(None, words, asked.item_id, asked.facet, ()))


async def _search(services: Services, language: str, asked: Asked) -> list[SuggestionOut]:
    about = (asked.item_id,) if asked.item_id else ()
    found = await asyncio.get_running_loop().run_in_executor(
        services.search_threads, services.retriever.search, asked.text or "", language, about, asked.facet
    )
    return _shown(services, found.entries, language)


def _shown(services: Services, found: Iterable[RankedEntry], language: str) -> list[SuggestionOut]:
    base = services.retriever.base
    return [
        _of(services, base.entries[ranked.entry_id], language, ranked.confidence)
        for ranked in found
        if ranked.confidence >= LEAST_CONFIDENCE and ranked.entry_id in base.entries
    ][:MOST]


def _of(services: Services, entry: Entry, language: str, confidence: float, late: bool = False) -> SuggestionOut:
    titles = both(entry.question) if entry.is_situation else title_in_both(services, entry.item_id, entry.facet.value)
    return SuggestionOut(
        entry_id=entry.entry_id,
        item_id=entry.item_id,
        facet=entry.facet,
        title=titles.zh if language == "zh" else titles.en,
        text=entry.answer[language],
        confidence=round(confidence, 4),
        titles=titles,
        texts=both(entry.answer),
        late=late,
    )
