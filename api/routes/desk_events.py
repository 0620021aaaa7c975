"""The WebSocket that tells a helper's page what happens at the desk, and holds the helper's presence."""

from __future__ import annotations

import asyncio
import contextlib
import json

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api.accounts.guard import user_of_socket
from api.accounts.identity import Permission, User, may
from api.desk import duty, house, telling
from api.desk.feed import Follower, Frame
from api.problems import NotSignedIn
from api.services import Services, of_app
from api.storage.desk_models import PresenceRow

router = APIRouter(prefix="/api/v1/desk")

FIRST_FRAME_S = 5.0
HEARTBEAT_S = 20.0
FRAME_CHARACTERS = 2_000
AT_ONCE = 200

NOT_SIGNED_IN, NOT_ALLOWED, BAD_FRAME, TOO_SLOW = 4401, 4403, 4422, 1013
"""Close codes: the HTTP status that says the same, plus 4000; 1013 asks to come back (with `after`)."""


@router.websocket("/events")
async def follow(websocket: WebSocket) -> None:
    """Say hello, then everything since `after`, then whatever happens."""
    held = of_app(websocket)
    await websocket.accept()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        try:
            told = await _first_frame(websocket)
        except (ValueError, TimeoutError):
            return await websocket.close(BAD_FRAME)
        user = await _helper(websocket, told.get("token"))
        if isinstance(user, int):
            return await websocket.close(user)
        with held.feed.following(user.username) as follower:
            code = await _push(held, websocket, user, follower, told)
        if code is not None:
            await websocket.close(code)


async def _first_frame(websocket: WebSocket) -> dict[str, object]:
    """Raises ValueError, TimeoutError."""
    frame = await asyncio.wait_for(websocket.receive_text(), FIRST_FRAME_S)
    told = json.loads(frame) if len(frame) <= FRAME_CHARACTERS else None
    after = told.get("after", 0) if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(after, int) or isinstance(after, bool) or not 0 <= after < 2**53:
        raise ValueError("the first frame is an object whose `after` is a sequence")
    return told


async def _helper(websocket: WebSocket, token: object, *, is_use: bool = True) -> User | int:
    """Whose page this is, or the code to close it with; `is_use` as for user_of_socket."""
    try:
        user = await user_of_socket(websocket, token, is_use=is_use)
    except NotSignedIn:
        return NOT_SIGNED_IN
    return user if may(user.role, Permission.HANDLE_TICKETS) else NOT_ALLOWED


async def _push(
    held: Services, websocket: WebSocket, user: User, follower: Follower, told: dict[str, object]
) -> int | None:
    """What was stored, then what happens, until the page leaves or has to (the code to close it with).

    Following began before reading, so that nothing falls between the two.
    """
    presence = await _note_sign_of_life(held, user)
    async with held.database.reading() as work:
        newest, now_holds = await work.desk_events.newest(), await house.house(held, work)
    hello = {
        "type": "hello",
        "epoch": held.feed.epoch,
        "sequence": newest,
        "username": user.username,
        "presence": duty.shown(presence),
        "house": now_holds.model_dump(mode="json"),
    }
    await websocket.send_json(hello, mode="text")
    last = newest
    if told.get("epoch") == held.feed.epoch and "after" in told:
        last = int(str(told["after"]))
        while backlog := await telling.frames(held, last, AT_ONCE):
            for frame in backlog:
                last = await _send(websocket, user, frame, last)
    token = told.get("token")
    ends = [asyncio.create_task(_listen(held, websocket, token)), asyncio.create_task(_watch(websocket, token))]
    try:
        while True:
            if follower.is_behind:
                return TOO_SLOW
            upcoming = asyncio.create_task(follower.next(HEARTBEAT_S))
            await asyncio.wait((upcoming, *ends), return_when=asyncio.FIRST_COMPLETED)
            ended = next((task for task in ends if task.done()), None)
            if ended is not None:
                upcoming.cancel()
                return ended.result()
            frame_or_none = await upcoming
            if frame_or_none is None:
                await websocket.send_json({"type": "heartbeat"}, mode="text")
            else:
                last = await _send(websocket, user, frame_or_none, last)
    finally:
        for task in ends:
            task.cancel()
        await asyncio.wait(ends)


async def _send(websocket: WebSocket, user: User, frame: Frame, last: int) -> int:
    """Send a frame that concerns the helper and was not sent yet; the sequence sent up to."""
    if frame.sequence is not None and frame.sequence <= last:
        return last
    if frame.only_for in (None, user.username):
        await websocket.send_json(frame.told, mode="text")
    return frame.sequence or last


async def _listen(held: Services, websocket: WebSocket, token: object) -> int | None:
    """Take every frame of the page as a sign of life, until it leaves or may hear no more (the code to close with)."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        user = await _helper(websocket, token)
        if isinstance(user, int):
            return user
        await asyncio.shield(_note_sign_of_life(held, user))  # A query that is cancelled costs its connection.
    return None


async def _watch(websocket: WebSocket, token: object) -> int:
    """Look whether a page that says nothing may still hear all this; the code to close with once it may not.

    Looking is no use of the login: nobody need be sitting there.
    """
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        user = await asyncio.shield(_helper(websocket, token, is_use=False))
        if isinstance(user, int):
            return user


async def _note_sign_of_life(held: Services, user: User) -> PresenceRow:
    async with held.database.writing() as work:
        presence = await duty.sign_of_life(work, user)
        await work.commit()
    held.feed.wake()
    return presence
