"""A machine whose clock jumps an hour ahead and back while visitors and helpers talk, through the real service."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import libfaketime
import pytest
from service import Stack, share_prepared, start, stop
from test_desk import add_helper, call, come, events, follow, messages

from api.clock import now

HOUR_S, PATIENCE_S = 3600, 30


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that says by how much the service's clock is wrong."""
    return tmp_path_factory.mktemp("clock") / "offset"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, clock: Path) -> Iterator[Stack]:
    """A service of its own, whose wall clock can be set; what counts seconds only goes on, as in a real machine."""
    data_dir = tmp_path_factory.mktemp("desk-clock")
    share_prepared(data_dir)
    add_helper(data_dir, "li")
    clock.write_text("+0")
    library = next(Path(libfaketime.__file__).parent.rglob("libfaketime.so.1"))
    running = start(
        data_dir,
        LD_PRELOAD=str(library),
        FAKETIME_TIMESTAMP_FILE=str(clock),
        FAKETIME_CACHE_DURATION="1",
        DONT_FAKE_MONOTONIC="1",
        FAKETIME_FORCE_MONOTONIC_FIX="0",
    )
    yield running
    stop(running)


@pytest.fixture
def set_ahead(desk: Stack, clock: Path) -> Iterator[Callable[[int], None]]:
    """Sets the service's clock ahead by so many seconds, and waits until it has noticed."""

    def jump(seconds: int) -> None:
        clock.write_text(f"+{seconds}")
        for _ in range(PATIENCE_S):
            if abs(_ahead_s(desk) - seconds) < HOUR_S / 4:
                return
            time.sleep(1)
        pytest.fail("the service's clock cannot be set: libfaketime brings a library for x86-64 alone")

    yield jump
    jump(0)


def _ahead_s(desk: Stack) -> float:
    told = httpx.get(f"{desk.url}/healthz").headers["date"]
    return (parsedate_to_datetime(told) - now()).total_seconds()


def test_a_clock_that_jumps_ahead_and_back_moves_nobody_in_the_queue_and_makes_no_wait_longer(desk, set_ahead):
    helper = come(desk, "li")

    def ask_for_a_person() -> tuple[str, str]:
        session = call(desk, "POST", "sessions", None, {"language": "zh"})
        handed = call(desk, "POST", f"sessions/{session['session_id']}/handoff", session["token"], {})
        return handed["ticket_number"], handed["position"]

    def queue() -> list[dict]:
        return call(desk, "GET", "desk/tickets?state=queued", helper)["tickets"]

    first = ask_for_a_person()
    set_ahead(HOUR_S)
    second = ask_for_a_person()
    set_ahead(0)
    third = ask_for_a_person()
    assert [position for _, position in (first, second, third)] == [1, 2, 3]
    waiting = queue()
    assert [ticket["number"] for ticket in waiting] == [number for number, _ in (first, second, third)]
    assert waiting[1]["queued_at"] > waiting[2]["queued_at"]  # the jump did reach what is stored
    assert [0 < ticket["waiting_s"] < HOUR_S / 4 for ticket in waiting] == [True] * 3
    set_ahead(HOUR_S)
    assert 0 < _metric(desk, "bangban_desk_longest_wait_seconds") < HOUR_S / 4
    for ticket in waiting:
        path = f"desk/tickets/{ticket['id']}"
        call(desk, "POST", f"{path}/accept", helper)
        call(desk, "POST", f"{path}/messages", helper, {"text": "您好。"})
        assert 0 < call(desk, "GET", path, helper)["first_reply_s"] < HOUR_S / 4
        call(desk, "POST", f"{path}/resolve", helper, {"outcome": "resolved"})


def _metric(desk: Stack, name: str) -> float:
    page = httpx.get(f"{desk.url}/metrics").text
    return float(next(line for line in page.splitlines() if line.startswith(f"{name} ")).split()[1])


def test_a_conversation_goes_on_in_order_while_the_clock_jumps_an_hour_ahead_and_back(desk, set_ahead):
    helper = come(desk, "li")
    session = call(desk, "POST", "sessions", None, {"language": "zh"})
    path = f"sessions/{session['session_id']}"
    visitor = follow(desk, f"{path}/events", {"token": session["token"]})
    page = follow(desk, "desk/events", {"token": helper})
    call(desk, "POST", f"{path}/handoff", session["token"], {})
    [ticket] = call(desk, "GET", "desk/tickets?state=queued", helper)["tickets"]
    ticket_path = f"desk/tickets/{ticket['id']}"

    def visitor_says(text: str) -> None:
        call(desk, "POST", f"{path}/messages", session["token"], {"text": text, "client_id": text})

    def helper_says(text: str) -> None:
        call(desk, "POST", f"{ticket_path}/messages", helper, {"text": text, "client_id": text})

    call(desk, "POST", f"{ticket_path}/accept", helper)
    visitor_says("一")
    set_ahead(HOUR_S)
    call(desk, "PUT", "desk/presence", helper, {"state": "online"})  # neither the login nor the presence has ended
    visitor_says("二")
    call(desk, "POST", f"{ticket_path}/read", helper, {"sequence": 0})
    set_ahead(0)
    call(desk, "PUT", "desk/presence", helper, {"state": "online"})
    visitor_says("三")
    whole = call(desk, "GET", ticket_path, helper)
    assert (whole["state"], whole["helper"], whole["unread"]) == ("active", "li", 3)
    helper_says("四")
    call(desk, "POST", f"{ticket_path}/read", helper, {"sequence": whole["transcript"][-1]["sequence"]})
    whole = call(desk, "GET", ticket_path, helper)
    assert whole["unread"] == 0
    assert 0 <= whole["first_reply_s"] < 60

    heard = messages(visitor, "四")
    assert [message["text"] for message in heard[-4:]] == ["一", "二", "三", "四"]
    at = {message["text"]: datetime.fromisoformat(message["at"]) for message in heard}
    assert (at["二"] - at["三"]).total_seconds() > HOUR_S / 2  # the jump did reach what is stored
    for told in (heard, whole["transcript"]):
        assert [message["sequence"] for message in told] == list(range(1, len(told) + 1))
    with follow(desk, f"{path}/events", {"token": session["token"], "after": heard[-3]["id"]}) as back:
        assert [message["text"] for message in messages(back, "四")] == ["三", "四"]
    felt = events(page, "四")
    assert [event["sequence"] for event in felt] == sorted({event["sequence"] for event in felt})
    assert [event["message"]["text"] for event in felt if event["kind"] == "message"] == ["一", "二", "三", "四"]
    assert not [event for event in felt if event["kind"] in ("requeued", "presence_changed")]
    call(desk, "POST", f"{ticket_path}/resolve", helper, {"outcome": "resolved"})
    visitor.close()
    page.close()
