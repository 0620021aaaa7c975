"""The desk through the real service: a network that is gone, a service that is killed, and nothing lost or doubled."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Barrier, Event, Thread
from urllib.parse import urlsplit

import httpx
import pytest
from service import Stack, share_prepared, start, stop
from websockets.sync.client import ClientConnection, connect

from api.desk.duty import GONE_AFTER_S

PASSWORD = "a pass phrase for tests"
HELPERS = ("li", "wang", "zhang", "chen")


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[list[Stack]]:
    """The running service, in a list, so that a test may put another in its place over the same data."""
    data_dir = tmp_path_factory.mktemp("desk")
    share_prepared(data_dir)
    for name in HELPERS:
        add_helper(data_dir, name)
    running = [start(data_dir)]
    yield running
    stop(running[0])


def add_helper(data_dir: Path, name: str) -> None:
    command = [str(Path(sys.executable).with_name("bangban")), "user", "add", name, "--role", "agent"]
    environment = {**os.environ, "BANGBAN_DATA_DIR": str(data_dir)}
    subprocess.run([*command, "--password-stdin"], input=PASSWORD, text=True, env=environment, check=True, timeout=60)


def request(stack: Stack, method: str, path: str, token: str | None, body: object = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.request(method, f"{stack.url}/api/v1/{path}", json=body, headers=headers, timeout=30)


def call(stack: Stack, method: str, path: str, token: str | None, body: object = None) -> dict:
    reply = request(stack, method, path, token, body)
    assert reply.status_code < 300, reply.text
    return reply.json() if reply.content else {}


def at_once(calls: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """The replies to calls that all set out in the same moment, each from a thread of its own."""
    ready = Barrier(len(calls))

    def set_out(one: Callable[[], httpx.Response]) -> httpx.Response:
        ready.wait(timeout=30)
        return one()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(set_out, calls))


def come(stack: Stack, name: str) -> str:
    token = call(stack, "POST", "auth/login", None, {"username": name, "password": PASSWORD})["token"]
    call(stack, "PUT", "desk/presence", token, {"state": "online"})
    return token


def follow(stack: Stack, path: str, first: dict) -> ClientConnection:
    socket = connect(f"{stack.url.replace('http', 'ws')}/api/v1/{path}", open_timeout=30)
    socket.send(json.dumps(first))
    return socket


def messages(socket: ClientConnection, last: str) -> list[dict]:
    """The messages that arrive, up to the one with this text."""
    found: list[dict] = []
    while not found or found[-1]["text"] != last:
        frame = json.loads(socket.recv(timeout=30))
        if "sender" in frame and "id" in frame:
            found.append(frame)
    return found


def events(socket: ClientConnection, last: str) -> list[dict]:
    """The desk's events, up to the message with this text."""
    found: list[dict] = []
    while not found or found[-1].get("message", {}).get("text") != last:
        frame = json.loads(socket.recv(timeout=30))
        if frame["type"] == "event":
            found.append(frame)
    return found


def talk(stack: Stack) -> tuple[dict, str, str]:
    """A visitor, their helper's token, and the ticket between them."""
    helper = come(stack, "li")
    session = call(stack, "POST", "sessions", None, {"language": "zh"})
    call(stack, "POST", f"sessions/{session['session_id']}/handoff", session["token"], {})
    [ticket] = call(stack, "GET", "desk/tickets?state=queued", helper)["tickets"]
    call(stack, "POST", f"desk/tickets/{ticket['id']}/accept", helper)
    return session, helper, ticket["id"]


def test_of_helpers_who_accept_in_the_same_moment_exactly_one_has_the_conversation(desk):
    tokens = {name: come(desk[0], name) for name in HELPERS}
    for _ in range(3):
        session = call(desk[0], "POST", "sessions", None, {"language": "zh"})
        path = f"sessions/{session['session_id']}"
        call(desk[0], "POST", f"{path}/handoff", session["token"], {})
        [ticket] = call(desk[0], "GET", "desk/tickets?state=queued", tokens["li"])["tickets"]
        accept = partial(request, desk[0], "POST", f"desk/tickets/{ticket['id']}/accept")
        replies = at_once([partial(accept, token) for token in tokens.values()])
        outcome = dict(zip(tokens, replies, strict=True))
        [winner] = [name for name, reply in outcome.items() if reply.status_code == 200]
        for name, reply in outcome.items():
            assert name == winner or (reply.status_code, reply.json()["holder"]) == (409, winner)
        told = call(desk[0], "GET", f"{path}/messages", session["token"])["messages"]
        assert [message.get("event") for message in told].count("joined") == 1
        call(desk[0], "POST", f"desk/tickets/{ticket['id']}/return", tokens[winner])


def test_what_a_visitor_sends_twice_is_kept_once_and_told_the_helper_once(desk):
    session, helper, ticket_id = talk(desk[0])
    path = f"sessions/{session['session_id']}/messages"

    def say(text: str) -> httpx.Response:
        return request(desk[0], "POST", path, session["token"], {"text": text, "client_id": text})

    with follow(desk[0], "desk/events", {"token": helper}) as page:
        json.loads(page.recv(timeout=30))  # hello: from here on everything is heard
        twice = [*at_once([lambda: say("一")] * 3), say("一")]
        say("二")
        heard = events(page, "二")
    assert {(reply.status_code, reply.json()["state"]) for reply in twice} == {(200, "human")}
    assert [event["message"]["text"] for event in heard if event["kind"] == "message"] == ["一", "二"]
    whole = call(desk[0], "GET", f"desk/tickets/{ticket_id}", helper)
    assert [message["text"] for message in whole["transcript"] if message["sender"] == "visitor"] == ["一", "二"]
    assert whole["unread"] == 2
    call(desk[0], "POST", f"desk/tickets/{ticket_id}/resolve", helper, {"outcome": "resolved"})


def test_whoever_was_cut_off_gets_the_rest_once_and_in_order_also_after_the_service_was_killed(desk):
    session, helper, ticket_id = talk(desk[0])
    path = f"sessions/{session['session_id']}"

    def helper_says(text: str) -> None:
        call(desk[0], "POST", f"desk/tickets/{ticket_id}/messages", helper, {"text": text, "client_id": text})

    def visitor_says(text: str) -> None:
        call(desk[0], "POST", f"{path}/messages", session["token"], {"text": text, "client_id": text})

    visitor = follow(desk[0], f"{path}/events", {"token": session["token"]})
    page = follow(desk[0], "desk/events", {"token": helper})
    epoch = json.loads(page.recv(timeout=30))["epoch"]
    helper_says("一")
    seen = messages(visitor, "一")
    told = events(page, "一")
    # The network goes: neither side says goodbye, and what is said meanwhile reaches nobody.
    visitor.socket.close()
    page.socket.close()
    visitor_says("二")
    helper_says("三")
    helper_says("三")  # a retry, as a page does that got no reply
    desk[0].process.kill()
    desk[0].process.wait()
    desk[0] = start(desk[0].data_dir)
    visitor_says("四")
    resumed = {"token": session["token"], "epoch": epoch, "after": seen[-1]["id"]}
    with follow(desk[0], f"{path}/events", resumed) as back:
        rest = messages(back, "四")
    assert [message["text"] for message in rest] == ["二", "三", "四"]
    numbers = [message["sequence"] for message in (*seen, *rest)]
    assert numbers == list(range(1, len(numbers) + 1))
    with follow(desk[0], "desk/events", {"token": helper, "epoch": epoch, "after": told[-1]["sequence"]}) as again:
        heard = events(again, "四")
    assert [event["message"]["text"] for event in heard if event["kind"] == "message"] == ["二", "三", "四"]
    call(desk[0], "POST", f"desk/tickets/{ticket_id}/resolve", helper, {"outcome": "resolved"})


class SilentLine:
    """A way to the service that can go silent: nothing passes any more, and neither side hears that it ended."""

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._is_silent = Event()
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def go_silent(self) -> None:
        self._is_silent.set()

    def close(self) -> None:
        for each in (self._listening, *self._open):
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection((self._to.hostname, self._to.port))
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while (data := source.recv(65536)) and not self._is_silent.is_set():
                target.sendall(data)


def test_a_visitor_whose_network_was_silent_past_the_services_patience_misses_and_doubles_nothing(desk):
    session, helper, ticket_id = talk(desk[0])
    path = f"sessions/{session['session_id']}"

    def helper_says(text: str) -> None:
        call(desk[0], "PUT", "desk/presence", helper, {"state": "online"})  # the page's sign of life
        call(desk[0], "POST", f"desk/tickets/{ticket_id}/messages", helper, {"text": text, "client_id": text})

    def is_online() -> bool:
        return bool(call(desk[0], "GET", f"desk/tickets/{ticket_id}", helper)["visitor_online"])

    line = SilentLine(desk[0].url)
    visitor = follow(replace(desk[0], url=line.url), f"{path}/events", {"token": session["token"]})
    helper_says("0")
    seen = messages(visitor, "0")
    assert is_online()
    line.go_silent()
    said = {"text": "还在吗？", "client_id": "once"}
    first = call(desk[0], "POST", f"{path}/messages", session["token"], said)  # it arrives, and its reply is lost
    gone_at, told = time.monotonic(), []
    while is_online():
        assert time.monotonic() - gone_at < 90, "a silent visitor counts as being there"
        told.append(str(len(told) + 1))
        helper_says(told[-1])
        time.sleep(3)
    assert len(told) > 3
    helper_says("last")
    line.close()
    resumed = {"token": session["token"], "after": seen[-1]["id"]}
    with follow(desk[0], f"{path}/events", resumed) as back:
        rest = messages(back, "last")
        assert is_online()
    assert call(desk[0], "POST", f"{path}/messages", session["token"], said) == first
    assert [message["text"] for message in rest] == ["还在吗？", *told, "last"]
    numbers = [message["sequence"] for message in (*seen, *rest)]
    assert numbers == list(range(1, len(numbers) + 1))
    whole = call(desk[0], "GET", f"desk/tickets/{ticket_id}", helper)
    assert [message["text"] for message in whole["transcript"] if message["sender"] == "visitor"] == ["还在吗？"]
    assert (whole["state"], whole["unread"]) == ("active", 1)
    call(desk[0], "POST", f"desk/tickets/{ticket_id}/resolve", helper, {"outcome": "resolved"})


def test_a_helper_whose_browser_crashes_gives_the_conversation_back_within_half_a_minute(desk):
    session, helper, ticket_id = talk(desk[0])
    page = follow(desk[0], "desk/events", {"token": helper})
    page.send(json.dumps({"type": "beat"}))
    page.socket.close()
    vanished_at = time.monotonic()
    colleague = come(desk[0], "wang")
    while call(desk[0], "GET", f"desk/tickets/{ticket_id}", colleague)["state"] != "queued":
        assert time.monotonic() - vanished_at < 30
        call(desk[0], "PUT", "desk/presence", colleague, {"state": "online"})
        time.sleep(0.5)
    assert time.monotonic() - vanished_at > GONE_AFTER_S - 10
    call(desk[0], "POST", f"desk/tickets/{ticket_id}/accept", colleague)
    state = call(desk[0], "GET", f"sessions/{session['session_id']}/handoff", session["token"])["state"]
    assert state == "human"


@pytest.mark.parametrize(
    ("before", "told_helper", "asks_on"),
    [
        ("砍树审批要多久", "那户外招牌要备案吗？", "那要多少钱？"),
        ("How long does it take to get approval to fell a tree?", "What about a shop sign, must it be registered?",
         "and the fee?"),
    ],
)  # fmt: skip
def test_after_a_return_the_assistant_goes_on_from_what_was_said_to_the_helper(desk, before, told_helper, asks_on):
    helper = come(desk[0], "li")
    session = call(desk[0], "POST", "sessions", None, {"language": "auto"})
    path = f"sessions/{session['session_id']}"

    def say(text: str) -> list[dict]:
        return call(desk[0], "POST", f"{path}/messages", session["token"], {"text": text})["messages"]

    assert say(before)[0]["answer"]["item_id"] == "urban-tree-felling"
    call(desk[0], "POST", f"{path}/handoff", session["token"], {})
    [ticket] = call(desk[0], "GET", "desk/tickets?state=queued", helper)["tickets"]
    call(desk[0], "POST", f"desk/tickets/{ticket['id']}/accept", helper)
    assert say(told_helper) == []
    call(desk[0], "POST", f"desk/tickets/{ticket['id']}/messages", helper, {"text": "好的 · OK"})
    call(desk[0], "POST", f"desk/tickets/{ticket['id']}/return", helper)
    [reply] = say(asks_on)
    assert reply["answer"]["entry_id"] == "outdoor-signboard.fee"
