"""The WebSocket that pushes what happens in a session."""

from __future__ import annotations

import asyncio
import contextlib
import json

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api import sessions
from api.events import MessageSent, SessionErased, StateChanged, Subscription, TypingStarted
from api.limits import client_address
from api.problems import NotYourSession, TooManyRequests, UnknownMessage
from api.schemas import MessageOut
from api.services import Services, of_app
from api.text_door import clean

router = APIRouter(prefix="/api/v1/sessions/{session_id}")

FIRST_FRAME_S = 5.0
HEARTBEAT_S = 25.0
FIRST_FRAME_CHARACTERS = 2_000

NO_TOKEN, NOT_YOURS, UNKNOWN_AFTER, TOO_MANY, TOO_SLOW = 4401, 4403, 4422, 4429, 1013
"""Close codes: the HTTP status that says the same, plus 4000; 1013 asks to come back (with `after`)."""


@router.websocket("/events")
async def follow(websocket: WebSocket, session_id: str) -> None:
    """Push the session's messages, from the one after `after` on, then whatever happens."""
    held = of_app(websocket)
    await websocket.accept()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        try:
            _count(held, websocket)
            token, after = await _first_frame(websocket)
            await sessions.authorise(held, session_id, token)
            with held.events.following(session_id) as subscription, held.metrics.followers.track_inprogress():
                await _push(held, websocket, session_id, after, subscription)
        except TooManyRequests:
            await websocket.close(TOO_MANY)
        except (ValueError, TimeoutError):
            await websocket.close(NO_TOKEN)
        except NotYourSession:
            await websocket.close(NOT_YOURS)
        except UnknownMessage:
            await websocket.close(UNKNOWN_AFTER)


def _count(held: Services, websocket: WebSocket) -> None:
    peer = websocket.client.host if websocket.client else None
    forwarded = websocket.headers.get("x-forwarded-for")
    held.limits.count("events", address=client_address(peer, forwarded, held.settings.trusted_proxies))


async def _first_frame(websocket: WebSocket) -> tuple[str, str | None]:
    """The token and the message to go on after. Raises ValueError, TimeoutError."""
    frame = await asyncio.wait_for(websocket.receive_text(), FIRST_FRAME_S)
    told = json.loads(frame) if len(frame) <= FIRST_FRAME_CHARACTERS else None
    if not isinstance(told, dict) or not isinstance(told.get("token"), str) or not told["token"]:
        raise ValueError("the first frame holds no token")
    after = told.get("after")
    return told["token"], clean(after) if isinstance(after, str) else None


async def _push(
    held: Services, websocket: WebSocket, session_id: str, after: str | None, subscription: Subscription
) -> None:
    """What was stored, then what happens. Following began before reading, so that nothing falls between the two."""
    rows, state = await sessions.read(held, session_id, after)
    await websocket.send_json({"type": "state", "state": state}, mode="text")
    last_number = 0
    for row in rows:
        await websocket.send_json(MessageOut.of(row).frame(), mode="text")
        last_number = row.number
    listening = asyncio.create_task(_until_gone(websocket))
    try:
        while not listening.done():
            if subscription.is_behind:
                return await websocket.close(TOO_SLOW)
            upcoming = asyncio.create_task(subscription.next(HEARTBEAT_S))
            await asyncio.wait((upcoming, listening), return_when=asyncio.FIRST_COMPLETED)
            if not upcoming.done():
                upcoming.cancel()
                return None
            match await upcoming:
                case MessageSent(number, frame) if number > last_number:
                    last_number = number
                    await websocket.send_json(frame, mode="text")
                case TypingStarted():
                    await websocket.send_json({"type": "typing"}, mode="text")
                case StateChanged(state):
                    await websocket.send_json({"type": "state", "state": state}, mode="text")
                case SessionErased():
                    return await websocket.close(NOT_YOURS)
                case None:
                    await websocket.send_json({"type": "heartbeat"}, mode="text")
    finally:
        listening.cancel()


async def _until_gone(websocket: WebSocket) -> None:
    """Read and ignore what the client sends, until it leaves."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
