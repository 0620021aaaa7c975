"""The hotline over ARI as it is on the wire: HTTP, a WebSocket, and what goes wrong with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from ari import BUSY, NO_ANSWER, PASSWORD, REJECTED, TRUNK, Ari
from at_desk import sign_in
from desk import settings_in
from test_hotline import CALLER, LINE, OPERATOR, Operator, ready_for_calls, windows

from api.app import create_app

SHORT_S, GIVE_UP_S = 0.5, 10.0
SILENT = ("Ringing",)


def at(number: str) -> str:
    """The endpoint that a number is dialled at."""
    return f"PJSIP/{number}@{TRUNK}"


class Exchange(Ari):
    """One that can go away and come back."""

    def __init__(self) -> None:
        super().__init__()
        self._life = AsyncExitStack()

    async def come(self) -> None:
        await self._life.enter_async_context(self.running())

    async def go(self) -> None:
        """All telephones are put down, and nobody hears of it."""
        await self._life.aclose()
        self.channels.clear()
        self.bridges.clear()


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    there = Exchange()
    await there.come()
    yield there
    await there.go()


@pytest.fixture
def password() -> str:
    return PASSWORD


@pytest.fixture
async def http(tmp_path, retriever, bot, exchange, password) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_in(tmp_path, exchange_url=exchange.url, exchange_password=password, exchange_trunk=TRUNK)
    async with ready_for_calls(create_app(settings, retriever, bot), SHORT_S) as client:
        yield client


@pytest.fixture
async def li(http) -> Operator:
    return Operator(http, (await sign_in(http, "li")).token)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(GIVE_UP_S):
        while not is_so():
            await asyncio.sleep(0.01)


async def until_rung(exchange: Exchange, number: str) -> None:
    await until(lambda: at(number) in exchange.rung)


async def until_by_hand(li: Operator, call: dict) -> dict:
    async with asyncio.timeout(GIVE_UP_S):
        while not call["by_hand"]:
            await asyncio.sleep(0.02)
            call = await li.told("GET", f"calls/{call['id']}")
    return call


async def test_who_answers_is_bridged_and_whoever_is_put_down_ends_the_call_for_all(li, exchange):
    call = await li.until(await li.ring(ring_caller=True), "connected")
    rung = [OPERATOR, f"+86{CALLER}", LINE[0]]
    assert exchange.rung == [at(number) for number in rung]
    assert exchange.bridges == {call["id"]: [exchange.at(at(number)) for number in rung]}
    await exchange.put_down(exchange.at(at(LINE[0])))
    await exchange.put_down(exchange.at(at(OPERATOR)))
    call = await li.until(call, "ended")
    assert {leg["state"] for leg in call["legs"]} == {"ended"}
    await until(lambda: not exchange.channels and not exchange.bridges)  # the caller's telephone is put down too


async def test_causes_say_why_nobody_answered(li, exchange):
    exchange.script = {at(LINE[0]): (BUSY,), at(LINE[1]): ("Ringing", REJECTED), at(LINE[2]): ("Ringing", NO_ANSWER)}
    call = await li.until(await li.ring(), "failed")
    assert [failure for _, _, failure in windows(call)] == ["busy", "declined", "no_answer"]
    assert (call["failure"], call["callback"]["wanted"]) == ("nobody_answered", True)


async def test_who_rings_too_long_is_put_down_and_the_next_is_rung(li, exchange):
    exchange.script = {at(LINE[0]): SILENT}
    call = await li.until(await li.ring(), "connected")
    assert windows(call) == [("分机8101", "failed", "no_answer"), ("分机8102", "bridged", None)]
    assert len(exchange.channels) == 2


async def test_an_operator_who_ends_the_call_puts_every_telephone_down(li, exchange):
    call = await li.until(await li.ring(), "connected")
    await li.told("POST", f"calls/{call['id']}/end")
    await li.until(call, "ended")
    await until(lambda: not exchange.channels and not exchange.bridges)


async def test_an_address_that_the_exchange_refuses_is_passed_over(li, exchange):
    exchange.refusals = {"POST channels": 500}  # what Asterisk says of an endpoint that it does not know
    call = await li.until(await li.ring(), "failed")
    assert call["failure"] == "operator_unreachable"


@pytest.mark.parametrize("password", ["another"])
async def test_where_the_password_is_wrong_the_operator_rings_by_hand(li, exchange):
    call = await until_by_hand(li, await li.ring())
    assert (call["state"], exchange.rung, len(call["line"])) == ("ringing", [], 3)


@pytest.mark.parametrize("status", [401, 302, 502, 503, 504])
async def test_where_only_what_stands_before_the_exchange_answers_the_operator_rings_by_hand(li, exchange, status):
    exchange.refusals = {"POST channels": status}
    call = await until_by_hand(li, await li.ring())
    assert (call["state"], len(call["line"])) == ("ringing", 3)


@pytest.mark.parametrize("page", ["<h1>Welcome</h1>", '{"id": 1}', "[{}]"])
async def test_a_list_of_channels_that_is_none_is_asked_for_again(li, exchange, page):
    await until(lambda: exchange.followers)
    exchange.refusals = {"GET channels": page}
    exchange.asked.clear()
    await exchange.followers[0].close()
    await until(lambda: "GET channels" in exchange.asked)
    exchange.refusals = {}
    await li.until(await li.ring(), "connected")


async def test_an_exchange_that_is_gone_while_a_window_rings_leaves_the_rest_to_the_operator(li, exchange):
    exchange.script = {at(LINE[0]): SILENT}
    call = await li.ring()
    await until_rung(exchange, LINE[0])
    await exchange.go()
    call = await until_by_hand(li, call)
    assert [place["address"] for place in call["line"]] == list(LINE[1:])
    assert (await li.log(call, "connected"))["state"] == "connected"


async def test_an_exchange_that_was_gone_for_a_moment_is_asked_what_became_of_the_telephones(li, http, exchange):
    http._transport.app.state.services.switchboard.patience_s = 10
    exchange.script = {at(LINE[0]): SILENT}
    call = await li.ring()
    await until_rung(exchange, LINE[0])
    await exchange.go()
    await exchange.come()
    call = await li.until(call, "failed")  # the operator's telephone was put down too
    assert call["failure"] == "hung_up"


async def test_a_call_that_an_exchange_cut_off_is_over_when_it_is_back(li, exchange):
    call = await li.until(await li.ring(), "connected")
    await exchange.go()
    await exchange.come()
    call = await li.until(call, "ended")
    assert {leg["state"] for leg in call["legs"]} == {"ended"}


async def test_an_answer_while_only_the_news_were_cut_off_is_not_lost(li, http, exchange):
    http._transport.app.state.services.switchboard.patience_s = 10
    exchange.script = {at(LINE[0]): SILENT}
    call = await li.ring()
    await until_rung(exchange, LINE[0])
    await exchange.followers[0].close()
    exchange.channels[exchange.at(at(LINE[0]))]["state"] = "Up"
    await li.until(call, "connected")


@pytest.mark.parametrize("frame", ["no JSON", "[]", "{}", '{"type": "StasisStart", "channel": {}}'])
async def test_a_frame_that_nobody_understands_is_passed_over(li, exchange, frame):
    await until(lambda: "GET channels" in exchange.asked)
    await exchange.say(frame)
    await li.until(await li.ring(), "connected")
