"""Entries that answer what the visitor said last, in the visitor's language to insert and in both to read."""

from __future__ import annotations

import asyncio

from api.desk.schemas import SuggestionOut, both
from api.desk.views import title_in_both
from api.services import Services
from api.storage.database import Work
from api.storage.models import TicketRow
from knowledge.base import Entry, KnowledgeBase

MOST = 9
"""As many as a keyboard has digits to choose with."""
LEAST_CONFIDENCE = 0.02


async def suggest(services: Services, text: str, language: str, item_id: str | None) -> list[SuggestionOut]:
    """What the base has for a text, best first."""
    found = await asyncio.get_running_loop().run_in_executor(
        services.search_threads, services.retriever.search, text, language, item_id
    )
    return [
        _of(services, found.base.entries[ranked.entry_id], language, ranked.confidence)
        for ranked in found.entries
        if ranked.confidence >= LEAST_CONFIDENCE and ranked.entry_id in found.base.entries
    ][:MOST]


async def asked_last(work: Work, ticket: TicketRow) -> tuple[str, list[str]] | None:
    """The visitor's last words, and the entries that the bot would have given to them; None where nothing was said."""
    asked = await work.messages.last_of_visitor(ticket.session_id) if ticket.session_id else None
    if asked is None:
        return None
    return asked.text, await work.desk.late_answers(ticket.id, asked.id)


async def for_ticket(services: Services, ticket: TicketRow, asked: tuple[str, list[str]]) -> list[SuggestionOut]:
    """What the bot would have said first, then what the search finds."""
    text, late_ids = asked
    base: KnowledgeBase = services.retriever.base
    found = await suggest(services, text, ticket.language, ticket.item_id)
    sure = {suggestion.entry_id: suggestion.confidence for suggestion in found}
    late = [
        _of(services, base.entries[entry_id], ticket.language, sure.get(entry_id, 0.0), late=True)
        for entry_id in dict.fromkeys(late_ids)
        if entry_id in base.entries
    ]
    known = {suggestion.entry_id for suggestion in late}
    return [*late, *(suggestion for suggestion in found if suggestion.entry_id not in known)][:MOST]


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
