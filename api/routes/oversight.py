"""Supervision and follow-ups: what the desk's work comes to, and what visitors were not content with."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from api.accounts.guard import require
from api.accounts.identity import Permission, User
from api.oversight import call_backs, follow_ups, supervision
from api.oversight.counting import Days
from api.oversight.reasons import About, FollowUpState
from api.oversight.schemas import (
    CallbackClosingIn,
    FollowUpClosingIn,
    FollowUpOut,
    FollowUpsOut,
    ReasonsOut,
    SupervisionOut,
)
from api.problems import documented
from api.routes.door import Door, JsonRoute
from api.schemas import ItemId

router = APIRouter(prefix="/api/v1", tags=["helpers"], route_class=JsonRoute)

EARLIEST, LATEST = dt.date(2000, 1, 1), dt.date(2199, 12, 31)
Supervisor = Annotated[User, Depends(require(Permission.SEE_SUPERVISION))]
Follower = Annotated[User, Depends(require(Permission.FOLLOW_UP))]
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="as lists give it")]
First = Annotated[
    dt.date | None, Query(alias="from", ge=EARLIEST, le=LATEST, description="the first day, in Shanghai; today")
]
Last = Annotated[dt.date | None, Query(alias="to", ge=EARLIEST, le=LATEST, description="the last day; today")]


def _days(first: First = None, last: Last = None) -> Days:
    return supervision.days_of(first, last)


AskedDays = Annotated[Days, Depends(_days)]
LOOKING = documented(401, 403, 422)


@router.get("/supervision", responses=LOOKING)
async def read_supervision(door: Door, supervisor: Supervisor, days: AskedDays) -> SupervisionOut:
    """How the desk stands now, and what these days come to: as a whole, per helper, per item family."""
    return await supervision.supervise(door, days)


@router.get("/supervision.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}, **LOOKING})
async def read_supervision_as_csv(door: Door, supervisor: Supervisor, days: AskedDays) -> Response:
    """The same as CSV."""
    told = await supervision.supervise(door, days)
    name = f"bangban-desk-{days.first}-{days.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(supervision.as_csv(told), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/follow-ups", responses=LOOKING)
async def read_follow_ups(
    door: Door,
    follower: Follower,
    state: FollowUpState | None = None,
    overdue: Annotated[bool, Query(description="only open ones past their due day")] = False,
    item_id: Annotated[ItemId | None, Query()] = None,
    about: About | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> FollowUpsOut:
    """What visitors were not content with, and call-backs: open ones by due day, then the closed ones, newest first."""
    return await follow_ups.page(door, state, overdue, item_id, about, limit, skip)


@router.get("/follow-ups/reasons", responses=LOOKING)
async def read_reasons(door: Door, follower: Follower, first: First = None, last: Last = None) -> ReasonsOut:
    """What was found, counted by item, of the follow-ups opened in these days (of all, if none are given)."""
    return await follow_ups.reasons(door, first, last)


@router.post("/follow-ups/{follow_up_id}/close", responses=documented(400, 401, 403, 404, 409, 413, 415, 422))
async def close_follow_up(follow_up_id: Id, wish: FollowUpClosingIn, door: Door, follower: Follower) -> FollowUpOut:
    """Say what was behind it and what was done. It is written into the audit log."""
    return await follow_ups.close(door, follower, follow_up_id, wish)


@router.post("/follow-ups/{follow_up_id}/callback", responses=documented(400, 401, 403, 404, 409, 413, 415, 422))
async def close_callback(follow_up_id: Id, wish: CallbackClosingIn, door: Door, follower: Follower) -> FollowUpOut:
    """Say how a call-back went, or when it is tried again. It is written into the audit log."""
    return await call_backs.close(door, follower, follow_up_id, wish)
