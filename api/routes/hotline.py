"""The hotline desk: the roster, calls to the windows, and the connection rate (docs/hotline-guide.md)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from api.accounts.guard import require
from api.accounts.identity import Permission, User
from api.hotline import calls, rate, roster
from api.hotline.life import CallState
from api.hotline.schemas import CallIn, CallOut, CallsOut, LogIn, RateOut, RosterIn, RosterOut
from api.problems import documented
from api.routes.door import Door, JsonRoute
from api.routes.oversight import AskedDays

router = APIRouter(prefix="/api/v1/hotline", tags=["helpers"], route_class=JsonRoute)

Operator = Annotated[User, Depends(require(Permission.USE_HOTLINE))]
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="as lists give it")]

LOOKING = documented(401, 403, 422)
ONE = documented(401, 403, 404, 422)
CHANGING = documented(400, 401, 403, 404, 409, 413, 415, 422)


@router.get("/roster", responses=LOOKING)
async def read_roster(door: Door, operator: Operator) -> RosterOut:
    """Who can be rung, in order. Addresses only for who keeps the roster."""
    return await roster.read(door, operator)


@router.put("/roster", responses=CHANGING)
async def put_roster(wish: RosterIn, door: Door, operator: Operator) -> RosterOut:
    """Put a whole roster in the place of the old one; for supervisors and administrators."""
    return await roster.put(door, operator, wish)


@router.post("/calls", status_code=201, responses=CHANGING)
async def start_call(wish: CallIn, door: Door, operator: Operator) -> CallOut:
    """Begin to look for somebody at a window: the exchange rings in order, or the operator does."""
    return await calls.start(door, operator, wish)


@router.get("/calls", responses=LOOKING)
async def read_calls(door: Door, operator: Operator, state: CallState | None = None) -> CallsOut:
    """The newest calls, newest first."""
    return CallsOut(calls=await calls.listing(door, operator, state))


@router.get("/calls/{call_id}", responses=ONE)
async def read_call(call_id: Id, door: Door, operator: Operator) -> CallOut:
    """A call with its telephones as they are now."""
    return await calls.look(door, operator, call_id)


@router.post("/calls/{call_id}/log", responses=CHANGING)
async def log_call(call_id: Id, told: LogIn, door: Door, operator: Operator) -> CallOut:
    """Keep what happened by hand: what came of ringing the next in line, the end, or a call-back."""
    return await calls.log_by_hand(door, operator, call_id, told)


@router.post("/calls/{call_id}/end", responses=CHANGING)
async def end_call(call_id: Id, door: Door, operator: Operator) -> CallOut:
    """Let the exchange put every telephone of the call down."""
    return await calls.end(door, operator, call_id)


@router.get("/rate", responses=LOOKING)
async def read_rate(door: Door, operator: Operator, days: AskedDays) -> RateOut:
    """The connection rate against 90 %, with its numerator and denominator."""
    async with door.database.reading() as work:
        return (await rate.rates(work, days)).total
