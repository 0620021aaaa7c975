"""Visitors' sessions: start, speak, read, judge, ask for a person, erase."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from api import feedback, sessions, tickets
from api.desk.house import notice_of
from api.problems import documented
from api.routes.door import Address, Door, JsonRoute, Queued, SessionRoute, documented_key
from api.schemas import (
    CallbackIn,
    CallbackOut,
    FeedbackIn,
    HandoffIn,
    HandoffOut,
    HistoryOut,
    MessageIn,
    NoticeOut,
    ReplyOut,
    SessionIn,
    SessionOut,
    WaitOut,
)
from api.text_door import Key
from api.turns import Turns

starting = APIRouter(prefix="/api/v1", tags=["visitors"], route_class=JsonRoute)
router = APIRouter(
    prefix="/api/v1/sessions/{session_id}",
    tags=["visitors"],
    route_class=SessionRoute,
    dependencies=[Depends(documented_key)],
)


@starting.post("/sessions", status_code=201, responses=documented(400, 404, 413, 415, 422, 429))
async def start_session(
    door: Door,
    address: Address,
    wish: SessionIn | None = None,
    accept_language: Annotated[str | None, Header()] = None,
) -> SessionOut:
    """Start a conversation; the reply holds the greeting and the token, the visitor's only key."""
    door.limits.count("session", address=address)
    return await sessions.start(door, wish or SessionIn(), accept_language)


@starting.get("/notice", responses=documented())
async def read_notice(door: Door) -> NoticeOut:
    """What every visitor must know now; null where there is nothing."""
    async with door.database.reading() as work:
        return NoticeOut(notice=await notice_of(work))


@router.post("/messages", responses=documented(400, 401, 403, 413, 415, 422, 429, 503))
async def say(session_id: str, message: MessageIn, door: Door, place: Queued, address: Address) -> ReplyOut:
    """Say something, or choose an option. Messages of one session are answered in the order received."""
    door.limits.count("message", session=session_id, address=address)
    return await Turns(door).take(session_id, place, message)


@router.get("/messages", responses=documented(401, 403, 422, 429))
async def read_messages(session_id: str, door: Door, after: Annotated[Key | None, Query()] = None) -> HistoryOut:
    """The conversation so far, or what came after a message of it."""
    door.limits.count("read", session=session_id)
    return await sessions.history(door, session_id, after)


@router.post("/feedback", status_code=204, responses=documented(400, 401, 403, 413, 415, 422, 429))
async def give_feedback(session_id: str, given: FeedbackIn, door: Door, place: Queued) -> Response:
    """Say whether a message (or the conversation) helped; the last word about a message counts."""
    door.limits.count("feedback", session=session_id)
    await feedback.give(door, session_id, place, given)
    return Response(status_code=204)


@router.post("/handoff", status_code=202, responses=documented(400, 401, 403, 413, 415, 422, 429))
async def ask_for_a_person(
    session_id: str, door: Door, place: Queued, address: Address, wish: HandoffIn | None = None
) -> HandoffOut:
    """Ask for a person. Where nobody is on duty this opens a ticket; a second call returns the same one."""
    door.limits.count("handoff", session=session_id, address=address)
    return await tickets.hand_over(door, session_id, place, wish.reason if wish else None)


@router.get("/handoff", responses=documented(401, 403, 429))
async def where_it_stands(session_id: str, door: Door) -> WaitOut:
    """Where the wish for a person stands: the place in the queue and the expected wait, null where it is unknown."""
    door.limits.count("read", session=session_id)
    return await tickets.standing(door, session_id)


@router.delete("/handoff", status_code=204, responses=documented(401, 403))
async def stop_waiting(session_id: str, door: Door, place: Queued) -> Response:
    """Stop waiting for a person; nothing happens where nobody waits."""
    await tickets.stop_waiting(door, session_id, place)
    return Response(status_code=204)


@router.post("/callback", status_code=201, responses=documented(400, 401, 403, 413, 415, 422, 429))
async def ask_to_be_called_back(
    session_id: str, wish: CallbackIn, door: Door, place: Queued, address: Address
) -> CallbackOut:
    """Leave a phone number or e-mail address. It is encrypted; only whoever handles the ticket sees it."""
    door.limits.count("callback", session=session_id, address=address)
    return await tickets.call_back(door, session_id, place, wish)


@router.delete("", status_code=204, responses=documented(401, 403))
async def erase_session(session_id: str, request: Request, door: Door, place: Queued) -> Response:
    """Erase what the visitor said. Statistics stay, without text."""
    await sessions.erase(door, session_id, place)
    return Response(status_code=204)
