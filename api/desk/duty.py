"""Who is at the desk, whether that makes it staffed, and how long a visitor will wait then."""

from __future__ import annotations

import datetime as dt

from api.accounts.identity import User
from api.acts import opening_in_words
from api.clock import now
from api.desk.life import Happening
from api.desk.record import happened
from api.desk.schemas import PresenceName
from api.desk.waiting import RECENT, RECENT_DAYS, Pace, expected_wait_s
from api.services import Services
from api.settings import Settings
from api.storage.database import Work
from api.storage.desk_models import PresenceRow

GONE_AFTER_S = 26.0
"""A page sends a sign of life every 10 to 15 s; the clockwork, and a slow machine, need their part of the 30 s."""


async def is_staffed(settings: Settings, work: Work, moment: dt.datetime) -> bool:
    """Whether somebody will answer: within office hours, and a helper is online."""
    return settings.office_hours.is_open(moment) and bool(await work.presences.online())


def opening_told(services: Services, language: str, moment: dt.datetime) -> str:
    """When the desk opens next, as a sentence to stand after another; "" where none can be promised."""
    return opening_in_words(services.texts, language, services.settings.office_hours.next_opening(moment))


async def expected_wait(work: Work, position: int, moment: dt.datetime) -> int | None:
    """Seconds that the visitor at this place will wait, or None where too little is known (api.desk.waiting)."""
    since = moment - dt.timedelta(days=RECENT_DAYS)
    accepted = await work.desk_events.details([Happening.ACCEPTED], since, RECENT)
    ended = await work.desk_events.details([Happening.RESOLVED, Happening.RETURNED], since, RECENT)
    pace = Pace(
        [detail["since_offer_s"] for detail in accepted if detail.get("since_offer_s") is not None],
        [detail["served_s"] for detail in ended if detail.get("served_s") is not None],
    )
    online = {row.username for row in await work.presences.online()}
    loads = await work.tickets.open_by_helper()
    return expected_wait_s(position, len(online), sum(loads.get(name, 0) for name in online), pace)


async def sign_of_life(work: Work, user: User, state: PresenceName | None = None, works: bool = False) -> PresenceRow:
    """Note that the helper is there; `state` is what they say of themselves, if they say so now.

    Who vanished and is back is online again; who `works` without having said so is online too. Skills and languages are
    copied from the account, so that offering asks one table.
    """
    known = await work.presences.get(user.username)
    before = known.state if known else "offline"
    comes_back = before == "vanished" or (works and before == "offline")
    moment = now()
    row = PresenceRow(
        username=user.username,
        display_name=user.display_name,
        state=state or ("online" if comes_back else before),
        last_seen=moment,
        skills=sorted(user.skills),
        languages=sorted(user.languages),
    )
    await work.presences.keep(row)
    if row.state != before:
        await happened(work, Happening.PRESENCE_CHANGED, moment, helper=user.username, state=row.state)
    return row


def shown(row: PresenceRow | None) -> PresenceName:
    """What others see of a presence."""
    if row is None or not row.is_here:
        return "offline"
    return "online" if row.state == "online" else "away"
