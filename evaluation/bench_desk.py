"""How the desk carries a full house: `make bench-desk` (VISITORS=200 HELPERS=20 SECONDS=120 PACE=15).

Real service, real bot, real WebSockets. Each visitor asks the assistant one question and then for a person; helpers
hear of it as their pages do, and accept. When everyone talks, both sides write for SECONDS: each pair a message every
PACE seconds on average, so that a helper with ten visitors writes every 3 s, faster than people do. The pages' other
calls are made too: signs of typing, what was read, and the search for suggestions after each message of a visitor.
Every tenth visitor and helper loses the network for some seconds.

Everybody is in this process, so one clock tells when a message was sent and when it was received; how late this
process itself was is told as `client_lag` and is part of every figure. Everybody has one address too, which the
service's limits (20 new sessions a minute for one address) would turn away: they are off (BANGBAN_RATE_LIMITS=off),
and the desk is open at any hour.

Status 1 where a message was lost, doubled or out of order, or a visitor was not served.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from evaluation.deliveries import Line, Numbers
from evaluation.service import BANGBAN, CHECKOUT, Service, prepare, running

OPEN = {"BANGBAN_DESK_HOURS": "0:00-24:00", "BANGBAN_DESK_DAYS": "every"}
PASSWORD = "a pass phrase for the benchmark"  # of accounts in a database that is thrown away
ARRIVE_EVERY_S, SERVED_WITHIN_S, DRAINED_WITHIN_S = 0.3, 180.0, 20.0
BREAKS_EACH, BREAK_S, COMES_BACK_AFTER_S = 10, 4.0, 0.5
BEAT_S, CALL_ATTEMPTS, LAG_STEP_S = 10.0, 5, 0.05
SEED = 20261124
ASKED = (
    "砍树要交多少钱？",
    "临时占用绿地要什么材料？",
    "店招怎么办？",
    "How long does a felling permit take?",
    "在哪里办？",
)
OF_VISITORS = ("那要带什么材料？", "我家在二楼，可以吗？", "要多久才能办好？", "网上能办吗？", "好的，明白了。")
OF_HELPERS = ("您好，我看一下。", "请带上身份证。", "一般当天就能受理。", "可以在网上申请。", "还有别的问题吗？")
_COUNTED = re.compile(r"（(\d+)）$")


@dataclass
class House:
    """Everyone who takes part, and what went wrong besides deliveries."""

    service: Service
    http: httpx.AsyncClient
    group: asyncio.TaskGroup
    endless: list[asyncio.Task[None]] = field(default_factory=list)
    visitors: dict[str, Visitor] = field(default_factory=dict)
    """By session."""
    retried: int = 0
    broken: int = 0
    """Networks that were cut on purpose."""
    cut_off: int = 0
    """Connections that ended otherwise."""

    def keep_doing(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something until the benchmark ends."""
        self.endless.append(self.group.create_task(work))

    async def call(self, method: str, path: str, token: str | None, body: object = None, **params: str) -> Any:
        """One call of a page, sent again as pages do where it was not answered. Raises httpx.HTTPStatusError."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for attempt in count(1):
            try:
                reply = await self.http.request(method, f"/{path}", json=body, params=params, headers=headers)
                if reply.status_code < 500 or attempt == CALL_ATTEMPTS:
                    return reply.raise_for_status().json() if reply.content else None
            except httpx.TransportError:
                if attempt == CALL_ATTEMPTS:
                    raise
            self.retried += 1
            await asyncio.sleep(COMES_BACK_AFTER_S)
        raise AssertionError("unreachable")


class Page:
    """A page's WebSocket, which comes back with what it saw last."""

    def __init__(self, house: House, path: str, hears: Callable[[dict[str, Any]], None], came_back: Callable[[], None]):
        self._house = house
        self._url = f"{house.service.url.replace('http', 'ws')}/api/v1/{path}"
        self._hears, self._came_back = hears, came_back
        self._socket: ClientConnection | None = None
        self._away_s = 0.0
        self.is_up = asyncio.Event()

    async def follow(self, first_frame: Callable[[], dict[str, object]]) -> None:
        """Hear everything until cancelled."""
        for again in count():
            with contextlib.suppress(ConnectionClosed, OSError, TimeoutError):
                async with connect(self._url, open_timeout=30, ping_interval=None, proxy=None) as socket:
                    await socket.send(json.dumps(first_frame()))
                    if again:
                        self._came_back()
                    self._socket = socket
                    self.is_up.set()
                    async for told in socket:
                        self._hears(json.loads(told))
            self.is_up.clear()
            self._house.cut_off += self._away_s == 0.0
            await asyncio.sleep(self._away_s or COMES_BACK_AFTER_S)
            self._away_s = 0.0

    async def send(self, frame: dict[str, object]) -> None:
        """A sign that may be lost."""
        if self._socket is not None and self.is_up.is_set():
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(json.dumps(frame))

    def break_off(self) -> None:
        """Lose the network for some seconds, without a goodbye."""
        if self._socket is not None and self.is_up.is_set():
            self._house.broken += 1
            self._away_s = BREAK_S
            self._socket.transport.abort()


class Visitor:
    """A visitor with the widget open, and both directions of what is said with their helper."""

    def __init__(self, house: House, number: int) -> None:
        self._house, self.number = house, number
        self.to_helper, self.from_helper = Line(), Line()
        self.sequences = Numbers(dense=True)
        self.ticket_id: str | None = None
        self.helper: Helper | None = None
        self.helper_sequences = Numbers(dense=True)
        self._last: dict[str, object] = {}
        self._epoch: object = None

    async def come(self) -> None:
        """Open the widget, ask the assistant, then ask for a person."""
        opened = await self._house.call("POST", "sessions", None, {"language": "auto", "channel": "bench"})
        self.session_id, self._token = opened["session_id"], opened["token"]
        self._house.visitors[self.session_id] = self
        self.page = Page(self._house, f"sessions/{self.session_id}/events", self._hear, self._came_back)
        self._house.keep_doing(self.page.follow(self._first_frame))
        await self._post("messages", {"text": ASKED[self.number % len(ASKED)]})
        await self._post("handoff", {})

    async def say(self) -> None:
        """Type something and send it."""
        await self.page.is_up.wait()
        await self.page.send({"type": "typing"})
        counter = self.to_helper.say(time.perf_counter())
        text = f"{OF_VISITORS[counter % len(OF_VISITORS)]}（{counter}）"
        reply = await self._post("messages", {"text": text, "client_id": f"v{counter}"})
        assert reply["state"] == "human", reply
        self.to_helper.taken.add(counter)

    async def _post(self, below: str, body: object) -> Any:
        return await self._house.call("POST", f"sessions/{self.session_id}/{below}", self._token, body)

    def _first_frame(self) -> dict[str, object]:
        return {"token": self._token, **self._last}

    def _came_back(self) -> None:
        self.from_helper.back_at = time.perf_counter()

    def _hear(self, frame: dict[str, Any]) -> None:
        if frame.get("type") == "state":
            self._epoch = frame["epoch"]
        if "sender" not in frame or "id" not in frame:
            return
        self.sequences.hear(frame["sequence"])
        self._last = {"epoch": self._epoch, "after": frame["id"]}
        counted = _COUNTED.search(frame["text"])
        if frame["sender"] == "agent" and counted:
            self.from_helper.arrive(int(counted[1]), time.perf_counter())


class Helper:
    """A helper with the desk open."""

    def __init__(self, house: House, username: str) -> None:
        self._house, self.username = house, username
        self.events = Numbers(dense=False)
        self.talks: list[Visitor] = []
        self._after: dict[str, object] = {}

    async def come(self) -> None:
        """Sign in, open the desk, say that conversations are taken."""
        told = await self._house.call("POST", "auth/login", None, {"username": self.username, "password": PASSWORD})
        self._token = told["token"]
        self.page = Page(self._house, "desk/events", self._hear, self._came_back)
        self._house.keep_doing(self.page.follow(lambda: {"token": self._token, **self._after}))
        self._house.keep_doing(self._beat())
        await self.page.is_up.wait()
        await self._house.call("PUT", "desk/presence", self._token, {"state": "online"})

    async def say(self, visitor: Visitor) -> None:
        """Look at the conversation, type something and send it."""
        await self.page.is_up.wait()
        ticket = f"desk/tickets/{visitor.ticket_id}"
        await self._house.call("POST", f"{ticket}/typing", self._token, {})
        if visitor.helper_sequences.last is not None:
            await self._house.call("POST", f"{ticket}/read", self._token, {"sequence": visitor.helper_sequences.last})
        counter = visitor.from_helper.say(time.perf_counter())
        text = f"{OF_HELPERS[counter % len(OF_HELPERS)]}（{counter}）"
        body = {"text": text, "client_id": f"{visitor.number}-{counter}"}
        await self._house.call("POST", f"{ticket}/messages", self._token, body)
        visitor.from_helper.taken.add(counter)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            await self.page.send({"type": "beat"})

    def _came_back(self) -> None:
        for visitor in self.talks:
            visitor.to_helper.back_at = time.perf_counter()

    def _hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "hello":
            self._after.setdefault("after", frame["sequence"])
            self._after["epoch"] = frame["epoch"]
        if frame["type"] != "event":
            return
        self.events.hear(frame["sequence"])
        self._after["after"] = frame["sequence"]
        if frame["kind"] == "offered" and frame["detail"]["to"] == self.username:
            self._house.group.create_task(self._accept(frame["ticket"]))
        if frame["kind"] == "message":
            self._hear_message(frame["ticket"], frame["message"])

    def _hear_message(self, ticket: dict[str, Any], message: dict[str, Any]) -> None:
        visitor = self._house.visitors[ticket["session_id"]]
        visitor.helper_sequences.hear(message["sequence"])
        counted = _COUNTED.search(message["text"])
        if message["sender"] == "visitor" and counted:
            visitor.to_helper.arrive(int(counted[1]), time.perf_counter())
            self._house.group.create_task(self._look_for_suggestions(message["text"], ticket))

    async def _accept(self, ticket: dict[str, Any]) -> None:
        await asyncio.sleep(random.uniform(1, 3))
        try:
            await self._house.call("POST", f"desk/tickets/{ticket['id']}/accept", self._token, {})
        except httpx.HTTPStatusError as refused:
            if refused.response.status_code == httpx.codes.CONFLICT:
                return  # Somebody was faster, or the visitor left.
            raise
        await self._house.call("GET", f"desk/tickets/{ticket['id']}", self._token)
        visitor = self._house.visitors[ticket["session_id"]]
        visitor.ticket_id, visitor.helper = ticket["id"], self
        self.talks.append(visitor)

    async def _look_for_suggestions(self, text: str, ticket: dict[str, Any]) -> None:
        asked = {"q": text, "language": ticket["language"], "ticket_id": ticket["id"]}
        await self._house.call("GET", "desk/suggestions", self._token, **asked)


@dataclass(frozen=True)
class Outcome:
    """What one run came to. Times in seconds."""

    served: int
    seconds: float
    processors: float
    lag_p99_s: float
    house: House
    helpers: list[Helper]


async def measure(service: Service, visitors: int, helpers: int, seconds: float, pace_s: float) -> Outcome:
    """Let everyone come, talk, and hear the rest."""
    unbounded = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    url = f"{service.url}/api/v1"
    async with (
        httpx.AsyncClient(base_url=url, timeout=30, limits=unbounded, trust_env=False) as http,
        asyncio.TaskGroup() as group,
    ):
        house = House(service, http, group)
        lags: list[float] = []
        staff = [Helper(house, _username(number)) for number in range(helpers)]
        for helper in staff:
            await helper.come()
        arriving = [Visitor(house, number) for number in range(visitors)]
        doors_s = ARRIVE_EVERY_S * visitors
        await asyncio.gather(*(_after(random.uniform(0, doors_s), visitor.come) for visitor in arriving))
        await _until(lambda: all(visitor.helper for visitor in arriving), SERVED_WITHIN_S)
        served = [visitor for visitor in arriving if visitor.helper]
        lagging = group.create_task(_note_lags(lags))
        before_s, began = _processor_s(service), time.perf_counter()
        ends = began + seconds
        talking: list[Awaitable[None]] = []
        for visitor in served:
            assert visitor.helper is not None
            helper = visitor.helper
            talking.append(_keep_saying(visitor.say, ends, 2 * pace_s))
            talking.append(_keep_saying(lambda helper=helper, visitor=visitor: helper.say(visitor), ends, 2 * pace_s))
        pages = [each.page for each in (*served[::BREAKS_EACH], *staff[::BREAKS_EACH])]
        breaking = [_after(random.uniform(0.1, 0.8) * seconds, _breaking(page)) for page in pages]
        await asyncio.gather(*talking, *breaking)
        took_s = time.perf_counter() - began
        processors = (_processor_s(service) - before_s) / took_s
        await _until(lambda: not any(line.lost for line in _lines(served)), DRAINED_WITHIN_S)
        await asyncio.sleep(2)  # What comes twice may come late.
        for task in (lagging, *house.endless):
            task.cancel()
    return Outcome(len(served), took_s, processors, _percentile(lags, 99), house, staff)


def main() -> None:
    """Measure, print the table, write reports/bench-desk.json; status 1 as told above."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--visitors", type=int, default=200)
    asked.add_argument("--helpers", type=int, default=20)
    asked.add_argument("--seconds", type=float, default=120.0)
    asked.add_argument("--pace", type=float, default=15.0, help="seconds between two messages of a pair, on average")
    wish = asked.parse_args()
    random.seed(SEED)
    prepare()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as data_dir:
        _add_accounts(Path(data_dir), wish.helpers)
        with running(Path(data_dir), settings=OPEN) as service:
            outcome = asyncio.run(measure(service, wish.visitors, wish.helpers, wish.seconds, wish.pace))
    told = _told(outcome, wish, load)
    path = CHECKOUT / "reports" / "bench-desk.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    _show(told)
    if told["served"] < wish.visitors or any(told["faults"].values()):
        sys.exit(1)


def _told(outcome: Outcome, wish: argparse.Namespace, load: float) -> dict[str, Any]:
    visitors, house = list(outcome.house.visitors.values()), outcome.house
    lines = {
        "visitor_to_helper": [visitor.to_helper for visitor in visitors],
        "helper_to_visitor": [visitor.from_helper for visitor in visitors],
    }
    everything = [line for both in lines.values() for line in both]
    dense = [numbers for visitor in visitors for numbers in (visitor.sequences, visitor.helper_sequences)]
    numbers = [*dense, *(helper.events for helper in outcome.helpers)]
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return {
        "asked": vars(wish),
        "served": outcome.served,
        "messages": sum(len(line.said) for line in everything),
        "messages_per_second": round(sum(len(line.said) for line in everything) / outcome.seconds, 1),
        "delivery": {name: _delays(of_one_direction) for name, of_one_direction in lines.items()},
        "faults": {
            "lost": sum(line.lost for line in everything),
            "doubled": sum(line.doubled for line in everything),
            "out_of_order": sum(line.out_of_order for line in everything),
            "not_taken": sum(len(line.said) - len(line.taken) for line in everything),
            "sequences_skipped": sum(each.skipped for each in numbers),
            "sequences_repeated": sum(each.repeated for each in numbers),
        },
        "networks_cut": house.broken,
        "caught_up_after_a_cut": sum(line.caught_up for line in everything),
        "other_reconnects": house.cut_off,
        "calls_sent_again": house.retried,
        "service_processors": round(outcome.processors, 2),
        "client_lag_p99_ms": round(1000 * outcome.lag_p99_s, 1),
        "load_before": round(load, 1),
        "machine": f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "commit": commit.stdout.strip(),
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }


def _delays(lines: Iterable[Line]) -> dict[str, float]:
    delays = [delay for line in lines for delay in line.delays_s]
    shown = {f"p{share}_ms": round(1000 * _percentile(delays, share), 1) for share in (50, 95, 99)}
    return {"messages": len(delays), **shown, "max_ms": round(1000 * max(delays), 1)}


def _show(told: dict[str, Any]) -> None:
    table = Table("direction", "messages", "p50", "p95", "p99", "longest", box=None, pad_edge=False)
    for name, delays in told["delivery"].items():
        row = (f"{delays[key]:.0f} ms" for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms"))
        table.add_row(name.replace("_", " "), str(delays["messages"]), *row)
    Console(width=None if sys.stdout.isatty() else 120, highlight=False).print(table)
    print(
        f"{told['served']} visitors with {told['asked']['helpers']} helpers, {told['messages']} messages, "
        f"{told['messages_per_second']}/s, {told['asked']['seconds']:g} s. "
        + ", ".join(f"{name.replace('_', ' ')}: {number}" for name, number in told["faults"].items())
        + f". Networks cut: {told['networks_cut']} ({told['caught_up_after_a_cut']} messages caught up), other "
        f"reconnects: {told['other_reconnects']}, calls sent again: {told['calls_sent_again']}.\n"
        f"The service used {told['service_processors']} processors; this client was {told['client_lag_p99_ms']} ms "
        f"late (p99). Load before: {told['load_before']}. Written to reports/bench-desk.json."
    )


def _add_accounts(data_dir: Path, helpers: int) -> None:
    environment = os.environ | {"BANGBAN_DATA_DIR": str(data_dir)}
    for number in range(helpers):
        command = [str(BANGBAN), "user", "add", _username(number), "--role", "agent", "--password-stdin"]
        subprocess.run(command, input=PASSWORD, text=True, env=environment, check=True, stdout=subprocess.DEVNULL)


def _username(number: int) -> str:
    return f"helper-{number + 1:02}"


def _lines(visitors: Iterable[Visitor]) -> Iterable[Line]:
    return (line for visitor in visitors for line in (visitor.to_helper, visitor.from_helper))


async def _keep_saying(say: Callable[[], Awaitable[None]], ends: float, every_s: float) -> None:
    """Say something at moments that do not shift where the service is slow."""
    due = time.perf_counter() + random.uniform(0, every_s)
    while due < ends:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await say()
        due += random.uniform(0.5, 1.5) * every_s


def _breaking(page: Page) -> Callable[[], Awaitable[None]]:
    async def break_off() -> None:
        page.break_off()

    return break_off


async def _after(wait_s: float, work: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(wait_s)
    await work()


async def _until(holds: Callable[[], bool], patience_s: float) -> None:
    """Wait until something holds, or patience is over."""
    ends = time.monotonic() + patience_s
    while not holds() and time.monotonic() < ends:
        await asyncio.sleep(0.2)


async def _note_lags(lags: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(LAG_STEP_S)
        lags.append(time.perf_counter() - began - LAG_STEP_S)


def _processor_s(service: Service) -> float:
    """Processor seconds of the service and its bot so far."""
    spent = [process.cpu_times() for process in (service.process, *service.process.children(recursive=True))]
    return sum(each.user + each.system for each in spent)


def _percentile(values: list[float], share: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


if __name__ == "__main__":
    main()
