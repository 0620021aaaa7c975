"""Calls as operators make them: begin one, look, log by hand, end it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import structlog

from api.accounts import audit
from api.accounts.identity import Permission, User, may
from api.clock import now
from api.desk.schemas import both
from api.hotline import roster
from api.hotline.address import parse
from api.hotline.life import CallFailure, CallState, Kind, LegFailure, LegState, Party
from api.hotline.record import call_moved, finish, leg_moved, legs
from api.hotline.schemas import CallbackOut, CallIn, CallOut, LegOut, LogIn, PlaceOut
from api.hotline.switchboard import Telephone, telephones
from api.masking import mask
from api.problems import CallIsOver, CallNotByHand, NotInLine, UnknownCall, UnknownItem
from api.services import Services
from api.storage.database import Work
from api.storage.hotline_models import CallRow, HotlineEventRow
from knowledge.schema import Family

log = structlog.get_logger(__name__)

MOST_CALLS = 100


async def start(services: Services, user: User, wish: CallIn) -> CallOut:
    """Begin a call: the exchange rings the line, or the operator does. Raises UnknownItem.

    Nobody on duty: the call has failed at once, and the caller is to be called back.
    """
    item = services.retriever.base.items.get(wish.item_id) if wish.item_id else None
    if wish.item_id and item is None:
        raise UnknownItem(wish.item_id)
    family = wish.family or (item.family if item else None)
    moment = now()
    row = CallRow(
        id=uuid4().hex,
        operator=user.username,
        purpose=mask(wish.reason).text,
        item_id=wish.item_id,
        family=family.value if family else None,
        by_hand=not (services.switchboard.has_exchange and wish.operator_phone),
        state=CallState.RINGING.value,
        failure=None,
        line=[],
        callback_sealed=services.sealer.seal(wish.callback_number) if wish.callback_number else None,
        called_back_at=None,
        started_at=moment,
        ended_at=None,
    )
    async with services.database.writing() as work:
        there = roster.on_duty(await work.hotline.roster(), row.family, moment)
        row.line = [
            {"duty_id": duty.id, "window": duty.window, "person": duty.person, "sealed": duty.sealed} for duty in there
        ]
        await work.hotline.add(row)
        await call_moved(work, row.id, Kind.STARTED, by=user.username)
        if not there:
            await finish(work, row.id, CallState.FAILED, CallFailure.NOBODY_ON_DUTY)
        await audit.record(work, user, "hotline_call_started", row.id)
        await work.commit()
    log.info("call_started", call_id=row.id, by_hand=row.by_hand, line=len(row.line))
    if there and not row.by_hand:
        services.switchboard.ring(row.id, _present(wish), telephones(services.sealer, row.line))
    return await look(services, user, row.id)


async def look(services: Services, user: User, call_id: str) -> CallOut:
    """A call as it is now. Raises UnknownCall."""
    async with services.database.reading() as work:
        return await _look(services, user, work, call_id)


async def listing(services: Services, user: User, state: CallState | None) -> list[CallOut]:
    """The newest calls, newest first."""
    async with services.database.reading() as work:
        rows = await work.hotline.calls([state.value] if state else [], MOST_CALLS)
        events: dict[str, list[HotlineEventRow]] = {row.id: [] for row in rows}
        for event in await work.hotline.events(events.keys()):
            events[event.call_id].append(event)
    return [_out(services, user, row, events[row.id]) for row in rows]


async def log_by_hand(services: Services, user: User, call_id: str, told: LogIn) -> CallOut:
    """Keep what happened by hand; the next in line follows.

    Raises UnknownCall, CallNotByHand, CallIsOver, NotInLine.
    """
    note = mask(told.note).text if told.note else None
    async with services.database.writing() as work:
        row = await work.hotline.call(call_id)
        if row is None:
            raise UnknownCall
        match told.outcome:
            case "called_back":
                if not await work.hotline.mark_called_back(call_id, now()):
                    raise CallIsOver(row.state)
                await call_moved(work, call_id, Kind.CALLED_BACK, by=user.username, note=note)
            case _ if not row.by_hand:
                raise CallNotByHand
            case "ended" | "given_up":
                if (row.state == CallState.CONNECTED) != (told.outcome == "ended") or row.ended_at:
                    raise CallIsOver(row.state)
                ended = told.outcome == "ended"
                state, failure = (CallState.ENDED, None) if ended else (CallState.FAILED, CallFailure.GIVEN_UP)
                if ended:
                    await _hang_up_all(work, call_id, user)
                await finish(work, call_id, state, failure, user.username)
            case _:
                await _attempt(work, user, row, told, note)
        await audit.record(work, user, f"hotline_{told.outcome}_logged", call_id)
        await work.commit()
    return await look(services, user, call_id)


async def end(services: Services, user: User, call_id: str) -> CallOut:
    """Let the exchange put every telephone of a call down. Raises UnknownCall, CallIsOver."""
    call = await look(services, user, call_id)
    if not services.switchboard.end(call_id, user.username):
        raise CallIsOver(call.state.value)
    async with services.database.writing() as work:
        await audit.record(work, user, "hotline_call_ended", call_id)
        await work.commit()
    return await look(services, user, call_id)


def _present(wish: CallIn) -> list[Telephone]:
    """Whose telephones are rung before the windows': the operator's, and the caller's where that is wished."""
    assert wish.operator_phone is not None
    there = [Telephone(Party.OPERATOR, parse(wish.operator_phone))]
    if wish.ring_caller and wish.callback_number:
        there.append(Telephone(Party.CALLER, parse(wish.callback_number)))
    return there


async def _attempt(work: Work, user: User, row: CallRow, told: LogIn, note: str | None) -> None:
    """Somebody was rung by hand: connected, or the next in line, or nobody is left."""
    if row.state != CallState.RINGING:
        raise CallIsOver(row.state)
    left = _left(row, await work.hotline.events([row.id]))
    place = next((place for place in left if told.duty_id in (None, place["duty_id"])), None)
    if place is None:
        raise NotInLine
    connected = told.outcome == "connected"
    state = LegState.BRIDGED if connected else LegState.FAILED
    failure = None if connected else LegFailure(told.outcome)
    await leg_moved(
        work, row.id, uuid4().hex, Party.WINDOW, place["duty_id"], state, failure, by=user.username, note=note
    )
    if connected:
        await work.hotline.move(row.id, [CallState.RINGING.value], state=CallState.CONNECTED.value)
        await call_moved(work, row.id, Kind.CONNECTED, by=user.username)
    elif len(left) == 1:
        await finish(work, row.id, CallState.FAILED, CallFailure.NOBODY_ANSWERED)


async def _hang_up_all(work: Work, call_id: str, user: User) -> None:
    for leg in legs(await work.hotline.events([call_id])):
        if leg.state is LegState.BRIDGED:
            await leg_moved(work, call_id, leg.id, leg.party, leg.duty_id, LegState.ENDED, by=user.username)


async def _look(services: Services, user: User, work: Work, call_id: str) -> CallOut:
    row = await work.hotline.call(call_id)
    if row is None:
        raise UnknownCall
    return _out(services, user, row, list(await work.hotline.events([call_id])))


def _left(row: CallRow, events: Sequence[HotlineEventRow]) -> list[dict[str, str]]:
    """Who is still to be rung."""
    rung = {leg.duty_id for leg in legs(events)}
    return [place for place in row.line if place["duty_id"] not in rung]


def _out(services: Services, user: User, row: CallRow, events: list[HotlineEventRow]) -> CallOut:
    names = {place["duty_id"]: place for place in row.line}
    item = services.retriever.base.items.get(row.item_id or "")
    is_ringing = row.state == CallState.RINGING
    # Who rings by hand needs the number; nobody else does.
    dials = row.by_hand and row.operator == user.username
    sees_number = user.username == row.operator or may(user.role, Permission.SEE_SUPERVISION)
    sealed = row.callback_sealed if row.state == CallState.FAILED else None
    return CallOut(
        id=row.id,
        state=CallState(row.state),
        failure=CallFailure(row.failure) if row.failure else None,
        by_hand=row.by_hand,
        operator=row.operator,
        reason=row.purpose,
        item_id=row.item_id,
        item=both(item.name) if item else None,
        family=Family(row.family) if row.family else None,
        started_at=row.started_at,
        ended_at=row.ended_at,
        legs=[
            LegOut(
                id=leg.id,
                party=leg.party,
                window=names[leg.duty_id]["window"] if leg.duty_id else None,
                person=names[leg.duty_id]["person"] if leg.duty_id else None,
                state=leg.state,
                failure=leg.failure,
                began_at=leg.began_at,
                moved_at=leg.moved_at,
                note=leg.note,
            )
            for leg in legs(events)
        ],
        line=[
            PlaceOut(
                duty_id=place["duty_id"],
                window=place["window"],
                person=place["person"],
                address=services.sealer.open(place["sealed"]) if dials else None,
            )
            for place in (_left(row, events) if is_ringing else [])
        ],
        callback=CallbackOut(
            wanted=sealed is not None,
            number=services.sealer.open(sealed) if sealed and sees_number else None,
            called_back_at=row.called_back_at,
        ),
    )
