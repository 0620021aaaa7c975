"""The hotline: who is rung, in which order, what is kept of it, and the connection rate."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from at_desk import API, Helper, sign_in
from desk import app_of, running, settings_in
from fastapi import FastAPI
from scripted_exchange import BUSY, REFUSED, SILENT, ScriptedExchange
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from api.app import create_app
from api.hotline.life import CallFailure, CallState, Kind, LegState
from api.storage.database import Database
from api.storage.hotline_models import CallRow, HotlineEventRow
from api.storage.models import Base

HOTLINE = f"{API}/hotline"
OPERATOR, CALLER = "8001", "13800138000"
LINE = ("8101", "8102", "8103")
RATE_IN_CSV = ("connected", "asked", "rate", "low", "high", "target")
SHORT_S = 0.1


class Operator:
    """Somebody at the hotline."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http, self.key = http, {"Authorization": f"Bearer {token}"}

    async def call(self, method: str, below: str, body: object = None, **params: Any) -> httpx.Response:
        return await self.http.request(method, f"{HOTLINE}/{below}", json=body, params=params, headers=self.key)

    async def told(self, method: str, below: str, body: object = None, **params: Any) -> dict[str, Any]:
        reply = await self.call(method, below, body, **params)
        assert reply.status_code < 300, reply.text
        return reply.json()

    async def start(self, **wish: Any) -> dict[str, Any]:
        return await self.told("POST", "calls", {"reason": "想问办理进度", "callback_number": CALLER, **wish})

    async def ring(self, **wish: Any) -> dict[str, Any]:
        return await self.start(operator_phone=OPERATOR, **wish)

    async def until(self, call: dict[str, Any], state: str) -> dict[str, Any]:
        for _ in range(200):
            seen = await self.told("GET", f"calls/{call['id']}")
            if seen["state"] == state:
                return seen
            await asyncio.sleep(0.02)
        raise AssertionError(seen)

    async def log(self, call: dict[str, Any], outcome: str, **more: str) -> dict[str, Any]:
        return await self.told("POST", f"calls/{call['id']}/log", {"outcome": outcome, **more})


def duty(address: str, **more: Any) -> dict[str, Any]:
    always = {"hours": "0:00-24:00", "every_day": True}
    return {"window": "绿化窗口", "person": f"分机{address}", "address": address, **always, **more}


async def put_roster(http: httpx.AsyncClient, *duties: dict[str, Any]) -> dict[str, Any]:
    helper = await sign_in(http, "wu", "supervisor")
    keeper = Operator(http, helper.token)
    revision = (await keeper.told("GET", "roster"))["revision"]
    return await keeper.told("PUT", "roster", {"revision": revision, "duties": list(duties)})


@asynccontextmanager
async def ready_for_calls(app: FastAPI, patience_s: float) -> AsyncIterator[httpx.AsyncClient]:
    """The app with everyone of LINE on duty, whose telephones ring for `patience_s`."""
    app.state.services.switchboard.patience_s = patience_s
    async with running(app) as client:
        await put_roster(client, *map(duty, LINE))
        yield client


async def supervision_rows(zhou: Helper, **days: str) -> list[dict[str, str]]:
    """The CSV's rows: the desk's, then each helper's and each family's."""
    reply = await zhou.http.get(f"{API}/supervision.csv", params=days, headers=zhou.key)
    assert reply.status_code == 200, reply.text
    return list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))


async def keep_failed_calls(database: Database, *moments: dt.datetime) -> None:
    """Keep calls of other days as the hotline would have kept them then."""
    async with database.writing() as work:
        for number, moment in enumerate(moments):
            call = CallRow(
                id=f"{number:032x}", operator="li", purpose="", item_id=None, family=None, by_hand=True,
                state=CallState.FAILED.value, failure=CallFailure.GIVEN_UP.value, line=[], callback_sealed=None,
                called_back_at=None, started_at=moment, ended_at=moment,
            )  # fmt: skip
            await work.hotline.add(call)
            for kind, failure in ((Kind.STARTED, None), (Kind.FAILED, CallFailure.GIVEN_UP.value)):
                await work.hotline.append(HotlineEventRow(at=moment, call_id=call.id, kind=kind.value, failure=failure))
        await work.commit()


@pytest.fixture
def exchange() -> ScriptedExchange:
    return ScriptedExchange()


@pytest.fixture
async def connected_desk(tmp_path, retriever, bot, exchange):
    """The app with the scripted exchange."""
    async with ready_for_calls(create_app(settings_in(tmp_path), retriever, bot, exchange), SHORT_S) as client:
        yield client


@pytest.fixture
async def li(connected_desk) -> Operator:
    return Operator(connected_desk, (await sign_in(connected_desk, "li")).token)


@pytest.fixture
async def by_hand(http) -> Operator:
    """An operator where no exchange is set."""
    await put_roster(http, *map(duty, LINE))
    return Operator(http, (await sign_in(http, "li")).token)


@pytest.fixture
async def zhou(http) -> Helper:
    """Who supervises."""
    return await sign_in(http, "zhou", "supervisor")


def counted(rate: dict[str, Any]) -> tuple[int, int, float | None]:
    return rate["connected"], rate["asked"], rate["rate"]


def windows(call: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(leg["person"], leg["state"], leg["failure"]) for leg in call["legs"] if leg["party"] == "window"]


# ---- ringing in order


async def test_the_first_in_line_who_answers_is_bridged_and_nobody_after_is_rung(li, exchange):
    call = await li.until(await li.ring(), "connected")
    assert exchange.rung == [OPERATOR, LINE[0]]
    assert exchange.bridges[call["id"]] == [exchange.legs[OPERATOR], exchange.legs[LINE[0]]]
    assert windows(call) == [("分机8101", "bridged", None)]


async def test_after_busy_refused_and_a_time_out_the_next_in_line_is_rung(li, exchange):
    exchange.script = {LINE[0]: BUSY, LINE[1]: SILENT}
    call = await li.until(await li.ring(), "connected")
    assert exchange.rung == [OPERATOR, *LINE]
    assert exchange.put_down == [exchange.legs[LINE[1]]]
    assert windows(call) == [
        ("分机8101", "failed", "busy"),
        ("分机8102", "failed", "no_answer"),
        ("分机8103", "bridged", None),
    ]


async def test_where_nobody_answers_the_call_has_failed_and_the_caller_is_to_be_called_back(li, exchange):
    exchange.script = {LINE[0]: BUSY, LINE[1]: REFUSED, LINE[2]: SILENT}
    call = await li.until(await li.ring(), "failed")
    assert call["failure"] == "nobody_answered"
    assert [failure for _, _, failure in windows(call)] == ["busy", "exchange_failed", "no_answer"]
    assert call["callback"] == {"wanted": True, "number": "+86" + CALLER, "called_back_at": None}
    assert exchange.legs[OPERATOR] in exchange.put_down


async def test_an_answer_after_the_time_out_connects_nobody(li, exchange):
    exchange.script = {address: SILENT for address in LINE}
    call = await li.ring()
    while len(exchange.rung) < 3:
        await asyncio.sleep(0.01)
    exchange.tell(LINE[0], LegState.ANSWERED)
    call = await li.until(call, "failed")
    assert {state for _, state, _ in windows(call)} == {"failed"}


async def test_the_caller_is_rung_before_the_windows_where_that_is_wished_and_all_three_hear_each_other(li, exchange):
    call = await li.until(await li.ring(ring_caller=True), "connected")
    assert exchange.rung == [OPERATOR, "+86" + CALLER, LINE[0]]
    assert len(exchange.bridges[call["id"]]) == 3
    exchange.tell(OPERATOR, LegState.ENDED)
    exchange.tell("+86" + CALLER, LegState.ENDED)
    call = await li.until(call, "ended")
    assert {leg["state"] for leg in call["legs"]} == {"ended"}
    assert call["callback"]["number"] is None


async def test_no_window_is_rung_while_the_operator_does_not_answer(li, exchange):
    exchange.script = {OPERATOR: SILENT}
    call = await li.until(await li.ring(), "failed")
    assert (call["failure"], exchange.rung) == ("operator_unreachable", [OPERATOR])
    assert (await li.told("GET", "rate"))["not_counted"] == 1


async def test_an_operator_who_hangs_up_while_windows_are_rung_ends_the_call(li, exchange):
    exchange.script = {LINE[0]: SILENT}
    call = await li.ring()
    while LINE[0] not in exchange.legs:
        await asyncio.sleep(0.01)
    exchange.tell(OPERATOR, LegState.ENDED)
    call = await li.until(call, "failed")
    assert call["failure"] == "hung_up"
    assert windows(call) == [("分机8101", "failed", "withdrawn")]
    assert exchange.put_down == [exchange.legs[LINE[0]]]


async def test_an_operator_can_end_a_call_on_the_page(li, exchange):
    exchange.script = {LINE[0]: SILENT}
    call = await li.ring()
    await li.told("POST", f"calls/{call['id']}/end")
    assert (await li.until(call, "failed"))["failure"] == "given_up"
    assert (await li.call("POST", f"calls/{call['id']}/end")).json()["type"].endswith("call-is-over")
    admin = await sign_in(li.http, "chen", "admin")
    entries = (await admin.read("audit", target=call["id"]))["entries"]
    assert [(entry["user"], entry["what"]) for entry in entries] == [
        ("li", "hotline_call_ended"), ("li", "hotline_call_started")
    ]  # fmt: skip


async def test_where_the_exchange_is_gone_the_operator_goes_on_by_hand(li, exchange):
    exchange.is_down = True
    call = await li.ring()
    while not call["by_hand"]:
        call = await li.told("GET", f"calls/{call['id']}")
    assert call["state"] == "ringing"
    assert [place["address"] for place in call["line"]] == list(LINE)
    assert (await li.log(call, "connected"))["state"] == "connected"


async def test_nothing_is_logged_by_hand_while_the_exchange_rings(li, exchange):
    exchange.script = {LINE[0]: SILENT}
    call = await li.ring()
    reply = await li.call("POST", f"calls/{call['id']}/log", {"outcome": "busy"})
    assert (reply.status_code, reply.json()["type"]) == (409, "urn:bangban:problem:call-not-by-hand")


async def test_a_stopped_service_closes_what_rang_and_lets_those_talk_who_talk(tmp_path, retriever, bot, exchange):
    exchange.script = {LINE[0]: SILENT}
    async with running(create_app(settings_in(tmp_path), retriever, bot, exchange)) as client:
        await put_roster(client, *map(duty, LINE))
        li = Operator(client, (await sign_in(client, "li")).token)
        ringing = await li.ring()
        while LINE[0] not in exchange.legs:
            await asyncio.sleep(0.01)
        exchange.script = {}
        talking = await li.until(await li.ring(), "connected")
    talks_on = set(exchange.bridges[talking["id"]])
    assert not talks_on & set(exchange.put_down)
    async with running(create_app(settings_in(tmp_path), retriever, bot)) as client:
        li = Operator(client, li.key["Authorization"].removeprefix("Bearer "))
        assert (await li.until(ringing, "failed"))["failure"] == "interrupted"
        assert (await li.until(talking, "ended"))["failure"] is None


# ---- by hand


async def test_without_an_exchange_every_attempt_is_logged_by_hand_and_the_next_follows(by_hand):
    call = await by_hand.ring()
    assert call["by_hand"] and [place["address"] for place in call["line"]] == list(LINE)
    call = await by_hand.log(call, "busy")
    call = await by_hand.log(call, "no_answer", note="打 13912345678 也没人接")
    assert "13912345678" not in call["legs"][-1]["note"]
    assert [place["person"] for place in call["line"]] == ["分机8103"]
    call = await by_hand.log(call, "connected")
    assert (call["state"], call["line"]) == ("connected", [])
    assert (await by_hand.log(call, "ended"))["state"] == "ended"


async def test_a_call_back_is_wanted_until_it_is_logged_and_the_number_is_then_forgotten(by_hand):
    call = await by_hand.start()
    for _ in LINE:
        call = await by_hand.log(call, "no_answer")
    assert (call["failure"], call["callback"]["wanted"]) == ("nobody_answered", True)
    call = await by_hand.log(call, "called_back")
    assert (call["callback"]["wanted"], call["callback"]["number"]) == (False, None)
    reply = await by_hand.call("POST", f"calls/{call['id']}/log", {"outcome": "called_back"})
    assert reply.json()["type"] == "urn:bangban:problem:call-is-over"


async def test_only_who_is_left_in_line_can_be_logged(by_hand):
    call = await by_hand.start()
    last = call["line"][-1]["duty_id"]
    call = await by_hand.log(call, "declined", duty_id=last)
    assert [place["person"] for place in call["line"]] == ["分机8101", "分机8102"]
    reply = await by_hand.call("POST", f"calls/{call['id']}/log", {"outcome": "busy", "duty_id": last})
    assert reply.json()["type"] == "urn:bangban:problem:not-in-line"


async def test_a_colleague_sees_neither_the_callers_number_nor_whom_to_dial(by_hand):
    call = await by_hand.start()
    wang = Operator(by_hand.http, (await sign_in(by_hand.http, "wang")).token)
    seen = await wang.told("GET", f"calls/{call['id']}")
    assert [place["address"] for place in seen["line"]] == [None] * 3
    await by_hand.log(call, "given_up")
    seen = await wang.told("GET", f"calls/{call['id']}")
    assert (seen["callback"]["wanted"], seen["callback"]["number"]) == (True, None)


# ---- the roster


async def test_only_who_is_on_duty_now_and_knows_the_family_is_in_line(http, retriever):
    item = next(iter(retriever.base.items.values()))
    other = next(found.family.value for found in retriever.base.items.values() if found.family is not item.family)
    past = dt.datetime.now(dt.UTC).astimezone(dt.timezone(dt.timedelta(hours=8))).hour
    closed = "0:00-1:00" if past >= 1 else "22:00-23:00"
    await put_roster(
        http,
        duty("8101", families=[other]),
        duty("8102", on_duty=False),
        duty("8103", hours=closed),
        duty("8104", families=[item.family.value]),
        duty("8105"),
    )
    li = Operator(http, (await sign_in(http, "li")).token)
    call = await li.start(item_id=item.id)
    assert [place["person"] for place in call["line"]] == ["分机8104", "分机8105"]


async def test_with_nobody_on_duty_the_call_has_failed_at_once_and_counts(http):
    li = Operator(http, (await sign_in(http, "li")).token)
    call = await li.start()
    assert (call["state"], call["failure"], call["callback"]["wanted"]) == ("failed", "nobody_on_duty", True)
    rate = await li.told("GET", "rate")
    assert (rate["connected"], rate["asked"], rate["failures"]) == (0, 1, {"nobody_on_duty": 1})


async def test_numbers_are_encrypted_and_only_who_keeps_the_roster_sees_them(by_hand, app):
    roster = await by_hand.told("GET", "roster")
    assert roster["may_change"] is False
    assert [(told["address"], told["address_hint"]) for told in roster["duties"]] == [
        (None, f"…{a[-2:]}") for a in LINE
    ]
    reply = await by_hand.call("PUT", "roster", {"revision": roster["revision"], "duties": []})
    assert reply.status_code == 403
    await by_hand.start()
    async with app.state.services.database.reading() as work:
        stored = str([(await work._session.execute(select(table))).all() for table in Base.metadata.sorted_tables])
    assert "分机8102" in stored and CALLER not in stored
    assert "8102" not in stored.replace("分机8102", "")


async def test_a_roster_that_changed_meanwhile_is_not_written_over(http):
    roster = await put_roster(http, duty("8101"))
    keeper = Operator(http, (await sign_in(http, "zhao", "admin")).token)
    kept = {**roster["duties"][0], "person": "小张"}
    wish = {name: kept[name] for name in ("id", "window", "person", "hours", "every_day")}
    changed = await keeper.told("PUT", "roster", {"revision": roster["revision"], "duties": [wish]})
    assert (changed["duties"][0]["person"], changed["duties"][0]["address"]) == ("小张", "8101")
    reply = await keeper.call("PUT", "roster", {"revision": roster["revision"], "duties": []})
    assert (reply.status_code, reply.json()["type"]) == (409, "urn:bangban:problem:stale-roster")


@pytest.mark.parametrize(
    "address", ["+1 202 555 0100", "sip:a@b,Dial(x)", "12", "PJSIP/8101", "sip:a b@c", "400-820-0000&8101"]
)
async def test_what_must_not_be_dialled_is_refused(http, address):
    keeper = Operator(http, (await sign_in(http, "wu", "supervisor")).token)
    revision = (await keeper.told("GET", "roster"))["revision"]
    reply = await keeper.call("PUT", "roster", {"revision": revision, "duties": [duty(address)]})
    assert reply.status_code == 422


async def test_an_operators_phone_is_no_sip_address_of_any_machine(http):
    li = Operator(http, (await sign_in(http, "li")).token)
    wish = {"reason": "问", "operator_phone": "sip:li@elsewhere.example"}
    assert (await li.call("POST", "calls", wish)).status_code == 422


async def test_a_maintainer_has_no_hotline(http):
    maintainer = Operator(http, (await sign_in(http, "qian", "maintainer")).token)
    assert (await maintainer.call("GET", "roster")).status_code == 403


# ---- what is kept


async def test_the_rate_is_the_connected_among_the_calls_that_are_over(by_hand, zhou):
    for outcomes in (["connected"], ["busy", "connected"], ["no_answer"] * 3, ["given_up"], []):
        call = await by_hand.start()
        for outcome in outcomes:
            call = await by_hand.log(call, outcome)
    rate = await by_hand.told("GET", "rate")
    assert {name: rate[name] for name in ("connected", "asked", "rate", "target", "is_met", "still_open")} == {
        "connected": 2, "asked": 4, "rate": 0.5, "target": 0.9, "is_met": False, "still_open": 1,
    }  # fmt: skip
    assert rate["failures"] == {"nobody_answered": 1, "given_up": 1}
    page = (await by_hand.http.get("/metrics")).text
    told = dict(line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("bangban_hotline_connection_"))
    assert {name.removeprefix("bangban_hotline_connection_"): float(value) for name, value in told.items()} == {
        "ratio": 0.5, "count": 2, "of": 4,
    }  # fmt: skip
    assert (await zhou.read("supervision"))["hotline"] == rate
    other_day = await by_hand.told("GET", "rate", **{"from": "2020-01-01", "to": "2020-01-31"})
    assert (other_day["asked"], other_day["rate"], other_day["is_met"]) == (0, None, None)


async def test_supervisors_see_the_rate_of_the_days_they_ask_for_on_the_page_and_in_its_csv(by_hand, zhou, app):
    last_year = {"from": "2025-11-01", "to": "2025-11-30"}
    for outcome in ("connected", "connected", "given_up"):
        await by_hand.log(await by_hand.start(), outcome)
    last_second = dt.datetime(2025, 11, 30, 15, 59, 59, tzinfo=dt.UTC)  # of those days in Shanghai
    await keep_failed_calls(app.state.services.database, last_second, last_second + dt.timedelta(seconds=1))
    none = {"from": "2020-01-01", "to": "2020-01-31"}
    for days, counted in (({}, (2, 3, 2 / 3, 0.9)), (last_year, (0, 1, 0.0, 0.9)), (none, (0, 0, None, 0.9))):
        told = await zhou.read("supervision", **days)
        rate = told["hotline"]
        assert tuple(rate[part] for part in ("connected", "asked", "rate", "target")) == counted
        assert (rate["from"], rate["to"]) == (told["from"], told["to"])
        total = (await supervision_rows(zhou, **days))[0]
        told_in_csv = {part: str(rate[part]) if rate[part] is not None else "" for part in RATE_IN_CSV}
        assert {part: total[f"hotline_{part}"] for part in RATE_IN_CSV} == told_in_csv


async def test_supervisors_see_the_rate_of_each_operator_and_each_family_as_it_is_counted_for_all(
    by_hand, zhou, retriever
):
    items = {item.family.value: item.id for item in retriever.base.items.values()}
    (one, one_item), (other, other_item), *_ = sorted(items.items())
    wang = Operator(by_hand.http, (await sign_in(by_hand.http, "wang", display_name="王工")).token)
    for operator, about, outcome in (
        (by_hand, {"item_id": one_item}, "connected"),
        (by_hand, {"item_id": other_item}, "given_up"),
        (wang, {"family": one}, "given_up"),
        (wang, {}, "connected"),
    ):
        await operator.log(await operator.start(**about), outcome)
    await wang.start(family=one)  # still rings: counted for nobody
    told = await zhou.read("supervision")
    assert {(each["helper"], each["helper_name"]): counted(each["hotline"]) for each in told["helpers"]} == {
        ("li", "li"): (1, 2, 0.5), ("wang", "王工"): (1, 2, 0.5)
    }  # fmt: skip
    assert {each["family"]: counted(each["hotline"]) for each in told["families"]} == {
        one: (1, 2, 0.5), other: (0, 1, 0.0), None: (1, 1, 1.0)
    }  # fmt: skip
    parts = [*told["helpers"], *told["families"]]
    for row, rate in zip((await supervision_rows(zhou))[1:], [part["hotline"] for part in parts], strict=True):
        assert {part: row[f"hotline_{part}"] for part in RATE_IN_CSV} == {
            **{part: str(value) for part, value in rate.items()}, "target": ""
        }  # fmt: skip


@pytest.mark.parametrize("change", ["UPDATE hotline_events SET kind = 'connected'", "DELETE FROM hotline_events"])
async def test_the_database_itself_keeps_what_happened(by_hand, app, change):
    await by_hand.start()
    async with app.state.services.database.writing() as work:
        with pytest.raises(DBAPIError, match="only ever added to"):
            await work._session.execute(text(change))


async def test_callers_numbers_are_forgotten_in_time(by_hand):
    call, never_ended = await by_hand.start(), await by_hand.start()
    await by_hand.log(call, "given_up")
    database: Database = app_of(by_hand.http).state.services.database
    async with database.writing() as work:
        assert await work.hotline.forget_callbacks(dt.datetime.now(dt.UTC) - dt.timedelta(days=1)) == 0
        assert await work.hotline.forget_callbacks(dt.datetime.now(dt.UTC) + dt.timedelta(days=1)) == 2
        await work.commit()
    await by_hand.log(never_ended, "given_up")
    for each in (call, never_ended):
        assert (await by_hand.told("GET", f"calls/{each['id']}"))["callback"]["wanted"] is False
