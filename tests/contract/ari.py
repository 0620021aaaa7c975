"""An exchange that speaks the part of Asterisk's REST interface (ARI) that ours uses, over real HTTP and WebSocket.

For where Asterisk is not installed. It answers as Asterisk's interface is documented (docs.asterisk.org); whether
Asterisk itself does so is what test_asterisk.py says.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

USER, PASSWORD, TRUNK = "bangban", "the exchange's pass phrase in tests", "trunk"
NORMAL, BUSY, NO_ANSWER, REJECTED = 16, 17, 19, 21
"""Causes of ITU-T Q.850."""
ANSWERS: tuple[str | int, ...] = ("Ringing", "Up")


@dataclass
class Ari:
    """The exchange, with its channels by id and the channels of its bridges.

    `script` says what comes of ringing an endpoint: states, then a cause where the telephone is put down; what it does
    not name answers. `refusals` says which calls ("POST channels") get which status, or which body, instead of theirs;
    `asked` has all of them.
    """

    script: dict[str, tuple[str | int, ...]] = field(default_factory=dict)
    refusals: dict[str, int | str] = field(default_factory=dict)
    rung: list[str] = field(default_factory=list)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    bridges: dict[str, list[str]] = field(default_factory=dict)
    followers: list[WebSocket] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """What BANGBAN_EXCHANGE_URL is for it."""
        return f"http://127.0.0.1:{self.port}/ari"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve until the block ends, which cuts off whoever is connected; a second time at the same port."""
        routes = [
            Route("/ari/channels", self._list),
            Route("/ari/channels/{id}", self._originate, methods=["POST"]),
            Route("/ari/channels/{id}", self._hang_up, methods=["DELETE"]),
            Route("/ari/bridges/{id}", self._create, methods=["POST"]),
            Route("/ari/bridges/{id}", self._destroy, methods=["DELETE"]),
            Route("/ari/bridges/{id}/addChannel", self._add, methods=["POST"]),
            WebSocketRoute("/ari/events", self._follow),
        ]
        app = Starlette(routes=routes, middleware=[Middleware(_Door, self)])
        server = uvicorn.Server(uvicorn.Config(app, port=self.port, log_config=None, timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server.serve())
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        self.port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.should_exit = True
            await serving

    def at(self, endpoint: str) -> str:
        """The id of the channel that rings or talks there."""
        return next(channel["id"] for channel in self.channels.values() if channel["name"].startswith(f"{endpoint}-"))

    async def say(self, frame: str) -> None:
        """Send whoever follows a frame."""
        for follower in self.followers:
            await follower.send_text(frame)

    async def put_down(self, channel_id: str, cause: int = NORMAL) -> None:
        """The telephone is put down, or never was answered."""
        channel = self.channels.pop(channel_id)
        await self._tell("ChannelDestroyed", channel, cause=cause, cause_txt="")

    async def _tell(self, kind: str, channel: dict[str, Any], **more: object) -> None:
        event = {"type": kind, "application": "bangban", "channel": channel, **more}
        await self.say(JSONResponse(event).body.decode())

    async def _list(self, request: Request) -> Response:
        return JSONResponse(list(self.channels.values()))

    async def _originate(self, request: Request) -> Response:
        """News come before the reply, as they may."""
        asked, channel_id = request.query_params, request.path_params["id"]
        if channel_id in self.channels:
            return JSONResponse({"message": "Channel with given unique ID already exists"}, 409)
        self.rung.append(asked["endpoint"])
        channel = {"id": channel_id, "name": f"{asked['endpoint']}-00000001", "state": "Down", "app": asked["app"]}
        self.channels[channel_id] = channel
        assert int(asked["timeout"]) > 0
        for step in self.script.get(asked["endpoint"], ANSWERS):
            if isinstance(step, int):
                await self.put_down(channel_id, step)
                continue
            channel["state"] = step
            await self._tell("ChannelStateChange", channel)
            if step == "Up":
                await self._tell("StasisStart", channel, args=[])
        return JSONResponse(channel)

    async def _hang_up(self, request: Request) -> Response:
        if request.path_params["id"] not in self.channels:
            return JSONResponse({"message": "Channel not found"}, 404)
        await self.put_down(request.path_params["id"])
        return Response(status_code=204)

    async def _create(self, request: Request) -> Response:
        bridge_id = request.path_params["id"]
        if bridge_id in self.bridges:
            return JSONResponse({"message": "Bridge with id already exists"}, 409)
        self.bridges[bridge_id] = []
        return JSONResponse({"id": bridge_id, "bridge_type": request.query_params["type"], "channels": []})

    async def _add(self, request: Request) -> Response:
        bridge_id, channel_ids = request.path_params["id"], request.query_params["channel"].split(",")
        if bridge_id not in self.bridges:
            return JSONResponse({"message": "Bridge not found"}, 404)
        if not self.channels.keys() >= set(channel_ids):
            return JSONResponse({"message": "Channel not found"}, 400)
        if any(self.channels[channel_id]["state"] != "Up" for channel_id in channel_ids):
            return JSONResponse({"message": "Channel not in Stasis application"}, 422)
        self.bridges[bridge_id] += channel_ids
        return Response(status_code=204)

    async def _destroy(self, request: Request) -> Response:
        known = self.bridges.pop(request.path_params["id"], None) is not None
        return Response(status_code=204) if known else JSONResponse({"message": "Bridge not found"}, 404)

    async def _follow(self, socket: WebSocket) -> None:
        assert socket.query_params["app"] == "bangban" and "api_key" not in socket.query_params
        await socket.accept()
        self.followers.append(socket)
        async for _ in socket.iter_text():
            pass
        self.followers.remove(socket)


class _Door:
    """Lets in who knows name and password, and refuses what is to be refused."""

    def __init__(self, app: ASGIApp, ari: Ari) -> None:
        self.app, self.ari = app, ari

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        connection = HTTPConnection(scope)
        key = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        asked = f"{scope.get('method', 'WS')} {scope['path'].split('/')[2]}"
        self.ari.asked.append(asked)
        refusal = 401 if connection.headers.get("authorization") != key else self.ari.refusals.get(asked)
        if refusal is None:
            return await self.app(scope, receive, send)
        reply = Response(refusal) if isinstance(refusal, str) else Response(status_code=refusal)
        if scope["type"] == "websocket":
            return await WebSocket(scope, receive, send).send_denial_response(reply)
        await reply(scope, receive, send)
