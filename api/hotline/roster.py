"""Who can be rung at which window, in which order, and who of them is there now."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from uuid import uuid4

from api.accounts import audit
from api.accounts.identity import Permission, User, may
from api.clock import now
from api.desk.hours import OfficeHours
from api.hotline.address import parse
from api.hotline.schemas import DutyIn, DutyOut, RosterIn, RosterOut
from api.problems import AddressNeeded, NotAllowed, StaleRoster
from api.services import Services
from api.storage.hotline_models import DutyRow
from knowledge.schema import Family

KEEPING = (Permission.KEEP_ACCOUNTS, Permission.SEE_SUPERVISION)
"""Either of them lets somebody keep the roster."""


def keeps_roster(user: User) -> bool:
    """Whether the user may change the roster and see the addresses in it."""
    return any(may(user.role, permission) for permission in KEEPING)


async def read(services: Services, user: User) -> RosterOut:
    """The roster; addresses only for who keeps it, and the look is then written into the audit log."""
    if keeps_roster(user):
        async with services.database.writing() as work:
            rows = await work.hotline.roster()
            await audit.record(work, user, "hotline_roster_read")
            await work.commit()
    else:
        async with services.database.reading() as work:
            rows = await work.hotline.roster()
    return _out(services, user, rows)


async def put(services: Services, user: User, wish: RosterIn) -> RosterOut:
    """Put a whole roster in the place of the old one. Raises NotAllowed, StaleRoster, AddressNeeded."""
    if not keeps_roster(user):
        raise NotAllowed(user.role.value, Permission.SEE_SUPERVISION.value)
    moment = now()
    async with services.database.writing() as work:
        before = await work.hotline.roster()
        if _revision(before) != wish.revision:
            raise StaleRoster
        sealed = {row.id: row.sealed for row in before}
        rows = [_row(services, user, moment, sealed, place, duty) for place, duty in enumerate(wish.duties)]
        await work.hotline.replace_roster(rows)
        await audit.record(work, user, "hotline_roster_changed")
        await work.commit()
    return _out(services, user, rows)


def on_duty(rows: Sequence[DutyRow], family: str | None, moment: dt.datetime) -> list[DutyRow]:
    """Who is to be rung for an item family (None: not known), in order."""
    return [
        row for row in rows if _is_there(row, moment) and (family is None or not row.families or family in row.families)
    ]


def _is_there(row: DutyRow, moment: dt.datetime) -> bool:
    return row.on_duty and OfficeHours.of(row.hours, row.every_day).is_open(moment)


def _row(
    services: Services, user: User, moment: dt.datetime, sealed: dict[str, str], place: int, duty: DutyIn
) -> DutyRow:
    kept = sealed.get(duty.id or "")
    if duty.address is None and kept is None:
        raise AddressNeeded(duty.window, duty.person)
    return DutyRow(
        id=duty.id if duty.id in sealed else uuid4().hex,
        position=place,
        window=duty.window,
        person=duty.person,
        sealed=services.sealer.seal(duty.address) if duty.address is not None else kept,
        families=[family.value for family in duty.families],
        hours=duty.hours,
        every_day=duty.every_day,
        on_duty=duty.on_duty,
        changed_at=moment,
        changed_by=user.username,
    )


def _out(services: Services, user: User, rows: Sequence[DutyRow]) -> RosterOut:
    moment, sees_addresses = now(), keeps_roster(user)
    duties = []
    for row in rows:
        address = parse(services.sealer.open(row.sealed))
        duties.append(
            DutyOut(
                id=row.id,
                window=row.window,
                person=row.person,
                address=address.text if sees_addresses else None,
                address_hint=address.hint,
                families=list(map(Family, row.families)),
                hours=row.hours,
                every_day=row.every_day,
                on_duty=row.on_duty,
                open_now=_is_there(row, moment),
            )
        )
    revision = _revision(rows)
    return RosterOut(
        revision=revision, exchange=services.switchboard.has_exchange, may_change=sees_addresses, duties=duties
    )


def _revision(rows: Sequence[DutyRow]) -> str:
    """A fingerprint of the roster: whoever saves over another's change has an older one."""
    told = [
        [row.id, row.window, row.person, row.sealed, row.families, row.hours, row.every_day, row.on_duty]
        for row in rows
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
