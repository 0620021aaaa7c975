"""The WebSocket that pushes what happens in a session."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api import sessions, tickets
from api.desk import talk
from api.desk.house import notice_of
from api.events import (
    MessageSent,
    NoticeChanged,
    QueueMoved,
    SessionErased,
    StateChanged,
    Subscription,
    TypingStarted,
)
from api.problems import NotYourSession, TooManyRequests, UnknownMessage
from api.proxies import address_of
from api.schemas import MessageOut
from api.services import Services, of_app
from api.text_door import clean

router = APIRouter(prefix="/api/v1/sessions/{session_id}")

FIRST_FRAME_S = 5.0
HEARTBEAT_S = 25.0
FIRST_FRAME_CHARACTERS = 2_000

TYPING = re.compile(r'\s*\{\s*"type"\s*:\s*"typing"\s*\}\s*')
TYPING_EVERY_S = 2.0

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
            token, after = await _first_frame(websocket, held.feed.epoch)
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
    held.limits.count("events", address=address_of(websocket, held.settings.trusted_proxies))


async def _first_frame(websocket: WebSocket, epoch: str) -> tuple[str, str | None]:
    """The token and the message to go on after; from the beginning for a page that remembers another database.

    Raises ValueError, TimeoutError.
    """
    frame = await asyncio.wait_for(websocket.receive_text(), FIRST_FRAME_S)
    told = json.loads(frame) if len(frame) <= FIRST_FRAME_CHARACTERS else None
    if not isinstance(told, dict) or not isinstance(told.get("token"), str) or not told["token"]:
        raise ValueError("the first frame holds no token")
    after = told.get("after") if told.get("epoch") in (None, epoch) else None
    return told["token"], clean(after) if isinstance(after, str) else None


async def _push(
    held: Services, websocket: WebSocket, session_id: str, after: str | None, subscription: Subscription
) -> None:
    """What was stored, then what happens. Following began before reading, so that nothing falls between the two."""
    rows, state = await sessions.read(held, session_id, after)
    last_number = 0
    await websocket.send_json(await _standing(held, session_id, state, rows[-1].number if rows else None), mode="text")
    for row in rows:
        await websocket.send_json(MessageOut.of(row).frame(), mode="text")
        last_number = row.number
    if state == "queued":
        told = await tickets.standing(held, session_id)
        if told.position is not None:
            await websocket.send_json(_queue(told.position, told.expected_wait_s), mode="text")
    listening = asyncio.create_task(_until_gone(held, websocket, session_id))
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
                case TypingStarted(by_helper):
                    told_typing = {"type": "typing", "sender": "agent"} if by_helper else {"type": "typing"}
                    await websocket.send_json(told_typing, mode="text")
                case QueueMoved(position, expected_wait_s):
                    await websocket.send_json(_queue(position, expected_wait_s), mode="text")
                case NoticeChanged(notice):
                    await websocket.send_json({"type": "notice", "notice": notice}, mode="text")
                case StateChanged(state):
                    await websocket.send_json(
                        {"type": "state", "state": state, "epoch": held.feed.epoch, "sequence": last_number},
                        mode="text",
                    )
                case SessionErased():
                    return await websocket.close(NOT_YOURS)
                case None:
                    await websocket.send_json({"type": "heartbeat"}, mode="text")
    finally:
        listening.cancel()
        await asyncio.wait([listening])


async def _standing(held: Services, session_id: str, state: str, sequence: int | None) -> dict[str, object]:
    """The first frame: who answers, up to where the conversation goes, and what every visitor must know."""
    async with held.database.reading() as work:
        notice = await notice_of(work)
        if sequence is None:
            row = await work.sessions.get(session_id)
            sequence = row.last_number if row else 0
    told: dict[str, object] = {"type": "state", "state": state, "epoch": held.feed.epoch, "sequence": sequence}
    return told | ({"notice": notice.model_dump()} if notice else {})


def _queue(position: int, expected_wait_s: int | None) -> dict[str, object]:
    return {"type": "queue", "position": position, "expected_wait_s": expected_wait_s}


async def _until_gone(held: Services, websocket: WebSocket, session_id: str) -> None:
    """Read what the client sends until it leaves: that the visitor types; anything else is ignored."""
    told_at = -TYPING_EVERY_S
    while (frame := await websocket.receive())["type"] != "websocket.disconnect":
        is_typing = TYPING.fullmatch(frame.get("text") or "") is not None
        if is_typing and time.monotonic() - told_at >= TYPING_EVERY_S:
            told_at = time.monotonic()
            await asyncio.shield(
                talk.visitor_types(held, session_id)
            )  # A query that is cancelled costs its connection.
