"""Canned replies: those of texts.yaml, and what supervisors put beside or in the place of them."""

from __future__ import annotations

import re

import structlog

from api.accounts import audit
from api.accounts.identity import User
from api.clock import now
from api.desk.life import Happening
from api.desk.record import happened
from api.desk.schemas import BothIn, CannedIn, CannedOut, both
from api.problems import UnknownCanned, UnknownVariable
from api.schemas import BothOut
from api.services import Services
from api.storage.desk_models import CannedRow
from api.storage.models import TicketRow

log = structlog.get_logger(__name__)

VARIABLES = ("number", "item", "hotline", "portal")
"""What {placeholders} may show: the ticket's number, the item's name, and the contacts of texts.yaml."""
_IN_BRACES = re.compile(r"\{[^{}]*\}|[{}]")
_ANY_ITEM = BothOut(zh="这件事", en="this matter")


def variables(services: Services, ticket: TicketRow) -> dict[str, BothOut]:
    """What the placeholders stand for in a ticket."""
    item = services.retriever.base.items.get(ticket.item_id or "")
    contacts = services.texts.contacts
    told = {"number": ticket.number, "hotline": contacts.hotline, "portal": contacts.portal}
    same = {name: BothOut(zh=value, en=value) for name, value in told.items()}
    return {**same, "item": both(item.name) if item else _ANY_ITEM}


async def everything(services: Services, retired: bool = False) -> list[CannedOut]:
    """Every canned reply, the built-in ones first; those that were taken away only where `retired` is asked for."""
    async with services.database.reading() as work:
        rows = {row.id: row for row in await work.desk.canned()}
    built_in = [
        CannedOut(id=name, title=both(reply.title), text=both(reply.text), built_in=True)
        for name, reply in services.texts.canned.items()
    ]
    kept = [_of(rows.pop(reply.id)) if reply.id in rows else reply for reply in built_in]
    return [reply for reply in (*kept, *map(_of, rows.values())) if retired or not reply.retired]


async def put(services: Services, user: User, canned_id: str, wish: CannedIn) -> CannedOut:
    """Write a canned reply, new or in the place of another. Raises UnknownVariable."""
    _check_variables(wish.text)
    row = CannedRow(
        id=canned_id,
        title=wish.title.model_dump(),
        text=wish.text.model_dump(),
        hidden=False,
        changed_at=now(),
        changed_by=user.username,
    )
    await _keep(services, user, row)
    return CannedOut(id=canned_id, title=both(row.title), text=both(row.text), built_in=False)


async def remove(services: Services, user: User, canned_id: str) -> None:
    """Take a canned reply away. Raises UnknownCanned."""
    reply = next((reply for reply in await everything(services) if reply.id == canned_id), None)
    if reply is None:
        raise UnknownCanned
    row = CannedRow(
        id=canned_id,
        title=reply.title.model_dump(),
        text=reply.text.model_dump(),
        hidden=True,
        changed_at=now(),
        changed_by=user.username,
    )
    await _keep(services, user, row)


async def _keep(services: Services, user: User, row: CannedRow) -> None:
    async with services.database.writing() as work:
        await work.desk.keep(row)
        await happened(work, Happening.CANNED_CHANGED, row.changed_at, helper=user.username, canned_id=row.id)
        await audit.record(work, user, "canned_reply_removed" if row.hidden else "canned_reply_written", row.id)
        await work.commit()
    services.feed.wake()
    log.info("canned_changed", canned_id=row.id, hidden=row.hidden)


def _check_variables(text: BothIn) -> None:
    """Refuse every brace that the desk's page would not fill in (api/web/desk/canned.js): visitors would read it."""
    known = [f"{{{name}}}" for name in VARIABLES]
    for shown in (*_IN_BRACES.findall(text.zh), *_IN_BRACES.findall(text.en)):
        if shown not in known:
            raise UnknownVariable(shown, known)


def _of(row: CannedRow) -> CannedOut:
    return CannedOut(id=row.id, title=both(row.title), text=both(row.text), built_in=False, retired=row.hidden)
