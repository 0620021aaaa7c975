"""The one real exchange: Asterisk through its REST interface (ARI): HTTP to ask, a WebSocket to hear what happens.

Asterisk knows our legs by our own ids (channelId). Ids of other applications' channels never come to us, because ARI
tells an application only about its own. docs/decisions/0007-exchange.md says why Asterisk.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from pydantic import BaseModel, TypeAdapter, ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from api.hotline.address import Address, AddressKind
from api.hotline.exchange import ExchangeRefused, ExchangeUnavailable, LegMoved
from api.hotline.life import LegFailure, LegState
from api.settings import Settings

log = structlog.get_logger(__name__)

APP = "bangban"
TIMEOUT_S = 5.0
READY_TIMEOUT_S = 3.0
RETRY_S = (0.5, 1.0, 2.0, 5.0)
SPARE_S = 5
"""Asterisk gives up by itself so much later than we do, should we not be there to hang up."""

# Causes of ITU-T Q.850, as ChannelDestroyed tells them.
_FAILURES: Mapping[int, LegFailure] = {
    16: LegFailure.NO_ANSWER,
    17: LegFailure.BUSY,
    18: LegFailure.NO_ANSWER,
    19: LegFailure.NO_ANSWER,
    21: LegFailure.DECLINED,
    34: LegFailure.EXCHANGE_FAILED,
    38: LegFailure.EXCHANGE_FAILED,
    42: LegFailure.EXCHANGE_FAILED,
}
_GATEWAY = frozenset({502, 503, 504})
"""What a proxy says in place of an exchange that is gone, and Asterisk while it starts or stops."""


class _Channel(BaseModel):
    id: str
    state: str


class _Event(BaseModel):
    type: str
    channel: _Channel | None = None
    cause: int | None = None


_CHANNELS = TypeAdapter(list[_Channel])


class Asterisk:
    """An Exchange (api.hotline.exchange)."""

    def __init__(self, settings: Settings) -> None:
        assert settings.exchange_url is not None and settings.exchange_password is not None
        url, self._trunk = settings.exchange_url.rstrip("/"), settings.exchange_trunk
        user, password = settings.exchange_user, settings.exchange_password.get_secret_value()
        self._http = httpx.AsyncClient(
            base_url=url + "/", auth=(user, password), timeout=TIMEOUT_S, trust_env=False, follow_redirects=False
        )
        # The header, not `api_key=` in the address: addresses are logged on the way.
        self._key = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._events_url = f"{'wss' if urlsplit(url).scheme == 'https' else 'ws'}{url[url.index('://') :]}/events"
        self._tell: Callable[[LegMoved], None] = lambda _moved: None
        self._followed = asyncio.Event()
        self._legs: dict[str, LegState] = {}

    @asynccontextmanager
    async def running(self, tell: Callable[[LegMoved], None]) -> AsyncIterator[None]:
        """Listen until the block ends; comes back to an exchange that was away, and tells what happened meanwhile."""
        self._tell = tell
        following = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
            await self._http.aclose()

    async def originate(self, leg_id: str, address: Address, patience_s: float) -> None:
        """Ring a telephone. Raises ExchangeUnavailable, also where its news would not reach us; ExchangeRefused."""
        try:
            await asyncio.wait_for(self._followed.wait(), READY_TIMEOUT_S)
        except TimeoutError:
            raise ExchangeUnavailable("its events cannot be followed") from None
        wish = {"endpoint": self._endpoint(address), "app": APP, "timeout": round(patience_s) + SPARE_S}
        self._legs[leg_id] = LegState.DIALLING
        try:
            await self._call("POST", f"channels/{leg_id}", wish)
        except (ExchangeUnavailable, ExchangeRefused):
            self._legs.pop(leg_id, None)
            raise

    async def bridge(self, bridge_id: str, leg_ids: Sequence[str]) -> None:
        """Let telephones hear each other. Raises ExchangeUnavailable, ExchangeRefused."""
        with contextlib.suppress(ExchangeRefused):  # 409: it is there already. Were it not, adding to it is refused.
            await self._call("POST", f"bridges/{bridge_id}", {"type": "mixing"})
        await self._call("POST", f"bridges/{bridge_id}/addChannel", {"channel": ",".join(leg_ids)})

    async def hang_up(self, leg_id: str) -> None:
        """Put a telephone down. Raises ExchangeUnavailable."""
        with contextlib.suppress(ExchangeRefused):
            await self._call("DELETE", f"channels/{leg_id}")

    async def close_bridge(self, bridge_id: str) -> None:
        """Forget a bridge. Raises ExchangeUnavailable."""
        with contextlib.suppress(ExchangeRefused):
            await self._call("DELETE", f"bridges/{bridge_id}")

    def _endpoint(self, address: Address) -> str:
        if address.kind is AddressKind.SIP:
            return f"PJSIP/{self._trunk}/{address.text}"
        return f"PJSIP/{address.text}@{self._trunk}"

    async def _call(self, method: str, path: str, params: Mapping[str, Any] | None = None) -> bytes:
        try:
            reply = await self._http.request(method, path, params=params)
        except httpx.HTTPError as error:
            raise ExchangeUnavailable(type(error).__name__) from error
        if reply.status_code in (401, 403) or reply.is_redirect:
            raise ExchangeUnavailable(f"it answers {reply.status_code}: check BANGBAN_EXCHANGE_USER and _PASSWORD")
        if reply.status_code in _GATEWAY:
            raise ExchangeUnavailable(f"it answers {reply.status_code}")
        if reply.is_error:
            raise ExchangeRefused(f"{method} {path.partition('/')[0]}: {reply.status_code}")
        return reply.content

    async def _follow(self) -> None:
        """Stay connected; what happened while it was not is made up for from the list of channels."""
        failures = 0
        while True:
            try:
                async with connect(
                    f"{self._events_url}?app={APP}", additional_headers={"Authorization": self._key}, proxy=None
                ) as socket:
                    await self._catch_up()
                    self._followed.set()
                    failures = 0
                    log.info("exchange_connected")
                    await self._hear(socket)
            except (OSError, WebSocketException, TimeoutError, ExchangeUnavailable, ExchangeRefused) as error:
                log.warning("exchange_unreachable", error=type(error).__name__)
            self._followed.clear()
            await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
            failures += 1

    async def _hear(self, socket: ClientConnection) -> None:
        async for frame in socket:
            try:
                event = _Event.model_validate_json(frame)
            except ValidationError as error:  # The rest of the news is worth more than this one.
                log.warning("exchange_event_unread", faults=error.error_count())
                continue
            moved = _news(event, self._legs)
            if moved is not None:
                self._note(moved)

    async def _catch_up(self) -> None:
        try:
            here = {
                channel.id: channel.state for channel in _CHANNELS.validate_json(await self._call("GET", "channels"))
            }
        except ValidationError as error:
            raise ExchangeUnavailable("what it says is no list of channels") from error
        for leg_id, state in list(self._legs.items()):
            if leg_id not in here:
                self._note(_gone(leg_id, state, None))
            elif here[leg_id] == "Up" and state in (LegState.DIALLING, LegState.RINGING):
                self._note(LegMoved(leg_id, LegState.ANSWERED))

    def _note(self, moved: LegMoved) -> None:
        if moved.state in (LegState.ENDED, LegState.FAILED):
            self._legs.pop(moved.leg_id, None)
        else:
            self._legs[moved.leg_id] = moved.state
        self._tell(moved)


def _news(event: _Event, legs: Mapping[str, LegState]) -> LegMoved | None:
    """What an ARI event says of one of our legs, if it says anything new."""
    if event.channel is None or event.channel.id not in legs:
        return None
    leg_id = event.channel.id
    match event.type:
        case "ChannelStateChange" if event.channel.state == "Ringing":
            return LegMoved(leg_id, LegState.RINGING)
        case "StasisStart":  # not the state Up: only what has entered our application can be bridged
            return LegMoved(leg_id, LegState.ANSWERED)
        case "ChannelDestroyed":
            return _gone(leg_id, legs[leg_id], event.cause)
    return None


def _gone(leg_id: str, state: LegState, cause: int | None) -> LegMoved:
    if state is LegState.ANSWERED:
        return LegMoved(leg_id, LegState.ENDED)
    failure = LegFailure.EXCHANGE_FAILED if cause is None else _FAILURES.get(cause, LegFailure.UNREACHABLE)
    return LegMoved(leg_id, LegState.FAILED, failure)
