"""A helper's reply becomes a draft entry, with what speaks against it, for the maintainers; nothing is published."""

from __future__ import annotations

import asyncio
import re
from typing import Literal
from uuid import uuid4

import structlog

from api.accounts import audit
from api.accounts.identity import User
from api.clock import now
from api.desk.hold import hold_ticket
from api.desk.life import Happening
from api.desk.record import happened
from api.desk.schemas import ClosingIn, PromotionIn, PromotionOut, WarningOut, both
from api.desk.views import title_in_both
from api.masking import mask
from api.problems import AlreadyDecided, UnknownItem, UnknownMessage, UnknownPromotion
from api.services import Services
from api.storage.database import Work
from api.storage.desk_models import PromotionRow
from api.storage.models import TicketRow
from knowledge.base import Entry
from knowledge.schema import Facet

log = structlog.get_logger(__name__)

NEAR = 0.6
"""From which calibrated confidence on an entry counts as answering the draft's question already."""
_FIGURE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(个工作日|工作日|个自然日|日内|天|元|万元|平方米|米|个月|年|株|%|％"
    r"|working days?|calendar days?|days?|yuan|square metres?|metres?|months?|years?|trees?)",
    re.I,
)


async def promote(services: Services, user: User, ticket_id: str, wish: PromotionIn) -> PromotionOut:
    """Keep the draft. Raises UnknownTicket, UnknownMessage, UnknownItem."""
    warnings = await warnings_for(services, wish)
    async with services.database.writing() as work:
        ticket, _ = await hold_ticket(work, ticket_id)
        row = await draft(work, user, ticket, wish, warnings)
        await work.commit()
    services.feed.wake()
    return promotion_out(row)


async def warnings_for(services: Services, wish: PromotionIn) -> list[WarningOut]:
    """Entries that answer the same question already, and entries whose figures say otherwise. Raises UnknownItem."""
    base = services.retriever.base
    if wish.item_id not in base.items:
        raise UnknownItem(wish.item_id)
    near: dict[str, float] = {}
    for language in ("zh", "en"):
        question = getattr(wish.question, language)
        if question is not None:
            found = await asyncio.get_running_loop().run_in_executor(
                services.search_threads, services.retriever.search, question, language, wish.item_id
            )
            for ranked in found.entries:
                if ranked.confidence >= NEAR:
                    near[ranked.entry_id] = max(near.get(ranked.entry_id, 0.0), ranked.confidence)
    same_facet = [entry for entry in base.entries_of(wish.item_id) if entry.facet is wish.facet]
    return [
        *(_near_duplicate(services, base.entries[name], sure) for name, sure in near.items() if name in base.entries),
        *(warning for entry in same_facet if (warning := _contradiction(services, entry, wish)) is not None),
    ]


async def draft(
    work: Work, user: User, ticket: TicketRow, wish: PromotionIn, warnings: list[WarningOut]
) -> PromotionRow:
    """The kept draft, in an open unit of work. Raises UnknownMessage."""
    message = await work.messages.get(wish.message_id)
    if message is None or message.session_id != ticket.session_id or message.sender != "agent":
        raise UnknownMessage
    row = PromotionRow(
        id=uuid4().hex,
        ticket_id=ticket.id,
        message_id=wish.message_id,
        item_id=wish.item_id,
        facet=wish.facet.value,
        question=_masked(wish.question.model_dump()),
        answer=_masked(wish.answer.model_dump()),
        source=mask(wish.source).text if wish.source else None,
        effective=wish.effective,
        expires=wish.expires,
        warnings={"warnings": [warning.model_dump() for warning in warnings]},
        state="open",
        helper=user.username,
        at=now(),
    )
    await work.desk.add(row)
    await happened(work, Happening.PROMOTED, row.at, ticket_id=ticket.id, helper=user.username, promotion_id=row.id)
    await audit.record(work, user, "reply_promoted", row.id)
    return row


async def everything(services: Services, state: str | None) -> list[PromotionOut]:
    """Drafts, newest first."""
    async with services.database.reading() as work:
        return [promotion_out(row) for row in await work.desk.promotions(state)]


async def close(services: Services, user: User, promotion_id: str, wish: ClosingIn) -> PromotionOut:
    """Note what a maintainer did with a draft. Raises UnknownPromotion, AlreadyDecided."""
    async with services.database.writing() as work:
        row = await closed(work, user, promotion_id, wish)
        await work.commit()
    log.info("promotion_closed", promotion_id=promotion_id, state=wish.state)
    return promotion_out(row)


async def closed(work: Work, user: User, promotion_id: str, wish: ClosingIn) -> PromotionRow:
    """The draft, closed in an open unit of work. Raises UnknownPromotion, AlreadyDecided."""
    row = await work.desk.promotion(promotion_id)
    if row is None:
        raise UnknownPromotion
    if row.state != "open":
        raise AlreadyDecided
    row.state, row.closed_at, row.closed_by, row.closing_note = wish.state, now(), user.username, wish.note
    await audit.record(work, user, f"promotion_{wish.state}", promotion_id)
    return row


def promotion_out(row: PromotionRow) -> PromotionOut:
    """The draft as it is sent."""
    return PromotionOut(
        id=row.id,
        state=row.state,
        at=row.at,
        helper=row.helper,
        ticket_id=row.ticket_id,
        message_id=row.message_id,
        item_id=row.item_id,
        facet=Facet(row.facet),
        question=row.question,
        answer=row.answer,
        source=row.source,
        effective=row.effective,
        expires=row.expires,
        warnings=[WarningOut.model_validate(told) for told in row.warnings["warnings"]],
    )


def figures(text: str) -> dict[str, set[float]]:
    """The figures of a text by their unit."""
    told: dict[str, set[float]] = {}
    for number, unit in _FIGURE.findall(text):
        told.setdefault(unit.lower().rstrip("s").removeprefix("个"), set()).add(float(number))
    return told


def _near_duplicate(services: Services, entry: Entry, confidence: float) -> WarningOut:
    sure = round(confidence * 100)
    detail = {
        "zh": f"已有条目很可能已经回答了这个问题（{sure}%）。",
        "en": f"An entry very probably answers this already ({sure}%).",
    }
    return _warning(services, "near_duplicate", entry, detail)


def _contradiction(services: Services, entry: Entry, wish: PromotionIn) -> WarningOut | None:
    """Figures of the draft that the entry gives otherwise, in the same unit and language."""
    for language in ("zh", "en"):
        said = figures(getattr(wish.answer, language) or "")
        known = figures(entry.answer[language])
        for unit in said.keys() & known.keys():
            if said[unit].isdisjoint(known[unit]):
                here, there = (", ".join(f"{value:g}" for value in sorted(told[unit])) for told in (said, known))
                detail = {
                    "zh": f"草稿写{here}{unit}，已有条目写{there}{unit}。",
                    "en": f"The draft says {here} ({unit}); the entry says {there}.",
                }
                return _warning(services, "contradiction", entry, detail)
    return None


def _warning(
    services: Services, kind: Literal["near_duplicate", "contradiction"], entry: Entry, detail: dict[str, str]
) -> WarningOut:
    title = title_in_both(services, entry.item_id, entry.facet.value)
    return WarningOut(kind=kind, entry_id=entry.entry_id, title=title, detail=both(detail))


def _masked(told: dict[str, str | None]) -> dict[str, str | None]:
    return {language: mask(text).text if text is not None else None for language, text in told.items()}
