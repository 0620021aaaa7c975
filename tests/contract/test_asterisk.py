"""The hotline over a real Asterisk, with real SIP telephones (sipp): what the scripted exchange says is true of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import telephones
from at_desk import sign_in
from desk import running, settings_in
from telephones import Telephone
from test_hotline import CALLER, Operator, duty, put_roster, windows

from api.app import create_app

pytestmark = pytest.mark.skipif(
    telephones.missing() is not None, reason=f"not installed here: {telephones.missing()} (docs/hotline-guide.md)"
)
PATIENCE_S = 2.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exchange")


@pytest.fixture(scope="module")
def trunk(folder: Path) -> Iterator[Telephone]:
    """Where the exchange's trunk leads: the operator's and the caller's telephone, which both answer."""
    telephone = Telephone(folder, "answers")
    yield telephone
    telephone.end()


@pytest.fixture(scope="module")
def exchange_url(folder: Path, trunk: Telephone) -> Iterator[str]:
    with telephones.exchange(folder / "asterisk", trunk.port) as url:
        yield url


@pytest.fixture
def window(folder: Path) -> Iterator[Callable[[str], Telephone]]:
    """Puts a telephone at a window: window("busy")."""
    there: list[Telephone] = []

    def put(behaviour: str) -> Telephone:
        there.append(Telephone(folder, behaviour))
        return there[-1]

    yield put
    for telephone in there:
        telephone.end()


@pytest.fixture
async def http(tmp_path, retriever, bot, exchange_url):
    settings = settings_in(tmp_path, exchange_url=exchange_url, exchange_password=telephones.PASSWORD)
    app = create_app(settings, retriever, bot)
    app.state.services.switchboard.patience_s = PATIENCE_S
    async with running(app) as client:
        yield client


async def at_desk(http: httpx.AsyncClient, *line: Telephone) -> Operator:
    await put_roster(http, *(duty(telephone.address) for telephone in line))
    return Operator(http, (await sign_in(http, "li")).token)


async def bridged(exchange_url: str, bridge_id: str) -> int:
    """How many channels the exchange itself has in a bridge."""
    async with httpx.AsyncClient(auth=("bangban", telephones.PASSWORD), trust_env=False) as ari:
        return len((await ari.get(f"{exchange_url}/bridges/{bridge_id}")).json()["channels"])


async def test_busy_then_silent_then_answered_and_three_real_telephones_hear_each_other(http, exchange_url, window):
    busy, silent, answers = window("busy"), window("silent"), window("answers")
    li = await at_desk(http, busy, silent, answers)
    call = await li.until(await li.ring(ring_caller=True), "connected")
    assert [(state, failure) for _, state, failure in windows(call)] == [
        ("failed", "busy"),
        ("failed", "no_answer"),
        ("bridged", None),
    ]
    assert await bridged(exchange_url, call["id"]) == 3
    assert (silent.heard("CANCEL"), answers.heard("ACK")) == (1, 1)
    await li.told("POST", f"calls/{call['id']}/end")
    call = await li.until(call, "ended")
    assert answers.heard("BYE") == 1
    assert (await li.told("GET", "rate"))["rate"] == 1.0


async def test_nobody_at_a_real_telephone_leaves_a_call_back(http, trunk, window):
    goodbyes = trunk.heard("BYE")
    li = await at_desk(http, window("busy"), window("silent"))
    call = await li.until(await li.ring(), "failed")
    assert (call["failure"], call["callback"]["number"]) == ("nobody_answered", f"+86{CALLER}")
    assert trunk.heard("BYE") == goodbyes + 1


async def test_a_window_that_hangs_up_ends_the_call(http, window):
    li = await at_desk(http, window("hangs_up"))
    call = await li.until(await li.ring(), "ended")
    assert {leg["state"] for leg in call["legs"]} == {"ended"}


async def test_an_exchange_that_refuses_our_password_leaves_the_ringing_to_the_operator(
    tmp_path, retriever, bot, exchange_url, window
):
    settings = settings_in(tmp_path, exchange_url=exchange_url, exchange_password="another")
    async with running(create_app(settings, retriever, bot)) as client:
        li = await at_desk(client, window("answers"))
        call = await li.ring()
        while not call["by_hand"]:
            call = await li.told("GET", f"calls/{call['id']}")
    assert (call["state"], len(call["line"])) == ("ringing", 1)
