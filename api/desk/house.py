"""What holds for the whole desk: the notice to visitors, the switch that sends everyone to people, approval mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

import structlog

from api.accounts import audit
from api.accounts.identity import User
from api.clock import now
from api.desk.life import Happening
from api.desk.record import happened
from api.desk.schemas import HouseOut, ModeIn, NoticeIn, both
from api.events import NoticeChanged
from api.masking import mask
from api.problems import UnknownItem
from api.schemas import BothOut
from api.services import Services
from api.storage.database import Work
from api.storage.desk_models import HouseRow

log = structlog.get_logger(__name__)

NOTICE, MODE, EPOCH = "notice", "mode", "epoch"


@dataclass(frozen=True)
class Mode:
    """How the desk works at present. Answers to `approval_items` wait for a helper's yes."""

    everyone_to_people: bool = False
    approval_items: frozenset[str] = frozenset()


async def mode_of(work: Work) -> Mode:
    """How the desk works at present."""
    told = await work.desk.house(MODE) or {}
    return Mode(bool(told.get("everyone_to_people")), frozenset(told.get("approval_items", ())))


async def notice_of(work: Work) -> BothOut | None:
    """What every visitor must know now."""
    told = await work.desk.house(NOTICE)
    return both(told) if told else None


async def house(services: Services, work: Work) -> HouseOut:
    """All of it, with the hours."""
    mode, hours, moment = await mode_of(work), services.settings.office_hours, now()
    return HouseOut(
        notice=await notice_of(work),
        everyone_to_people=mode.everyone_to_people,
        approval_items=sorted(mode.approval_items),
        is_open=hours.is_open(moment),
        opens_at=hours.next_opening(moment),
    )


async def put_notice(services: Services, user: User, wish: NoticeIn) -> HouseOut:
    """Show this to every visitor, or nothing."""
    told = {name: mask(text).text for name, text in wish.notice.model_dump().items()} if wish.notice else None
    async with services.database.writing() as work:
        before = await notice_of(work)
        await _keep(work, NOTICE, told or {}, user.username)
        if told != (before.model_dump() if before else None):
            await audit.record(work, user, "notice_shown" if told else "notice_taken_away", NOTICE)
        await happened(work, Happening.NOTICE_CHANGED, now(), helper=user.username, shown=told is not None)
        await work.commit()
        changed = await house(services, work)
    services.events.publish_to_all(NoticeChanged(told))
    services.feed.wake()
    log.info("notice_changed", by=user.username, shown=told is not None)
    return changed


async def put_mode(services: Services, user: User, wish: ModeIn) -> HouseOut:
    """Change how the desk works. Raises UnknownItem."""
    for item_id in wish.approval_items or ():
        if item_id not in services.retriever.base.items:
            raise UnknownItem(item_id)
    async with services.database.writing() as work:
        before = await mode_of(work)
        everyone = before.everyone_to_people if wish.everyone_to_people is None else wish.everyone_to_people
        items = sorted(before.approval_items if wish.approval_items is None else set(wish.approval_items))
        told = {"everyone_to_people": everyone, "approval_items": items}
        await _keep(work, MODE, told, user.username)
        await _record(work, user, before, Mode(everyone, frozenset(items)))
        await happened(work, Happening.MODE_CHANGED, now(), helper=user.username, everyone=everyone, items=items)
        await work.commit()
        changed = await house(services, work)
    services.feed.wake()
    log.info("mode_changed", by=user.username, **told)
    return changed


async def epoch_of(services: Services) -> str:
    """The name of this database's numbering, given at its first start."""
    async with services.database.writing() as work:
        told = await work.desk.house(EPOCH)
        if told is None:
            told = {"id": uuid4().hex}
            await _keep(work, EPOCH, told, None)
            await work.commit()
    return str(told["id"])


async def _record(work: Work, user: User, before: Mode, after: Mode) -> None:
    """Write what changed into the audit log, each item for itself, so that its own history can be asked for."""
    if after.everyone_to_people != before.everyone_to_people:
        what = "everyone_sent_to_people" if after.everyone_to_people else "everyone_sent_to_people_ended"
        await audit.record(work, user, what, MODE)
    for item_id in sorted(after.approval_items ^ before.approval_items):
        what = "approval_begun" if item_id in after.approval_items else "approval_ended"
        await audit.record(work, user, what, item_id)


async def _keep(work: Work, name: str, value: Mapping[str, object], username: str | None) -> None:
    await work.desk.keep(HouseRow(name=name, value=dict(value), changed_at=now(), changed_by=username))
