"""Call-backs that visitors asked for: each has a due day and stays open until somebody has said how it went."""

import asyncio
import datetime as dt

import pytest
from at_desk import API, sign_in
from sqlalchemy import text

from api.clock import today
from api.desk.hours import working_day_after
from api.oversight.schemas import AGAIN_WITHIN_DAYS


@pytest.fixture
async def wang(http):
    return await sign_in(http, "wang")


async def owed(helper, **params):
    return (await helper.read("follow-ups", about="callback", state="open", **params))["follow_ups"]


async def closed_with(helper, follow_up, outcome, **more):
    path = f"{API}/follow-ups/{follow_up['id']}/callback"
    return await helper.http.post(path, json={"outcome": outcome, **more}, headers=helper.key)


async def ask_for_a_call(visitor, **wish):
    reply = await visitor.post("callback", {"phone": "13812345678", **wish})
    assert reply.status_code == 201, reply.text
    return reply.json()["ticket_number"]


async def make_overdue(app):
    async with app.state.services.database.writing() as work:
        await work._session.execute(text("UPDATE follow_ups SET due = '2026-01-05'"))
        await work.commit()


async def test_a_call_back_is_due_on_the_next_working_day_and_asking_again_moves_nothing(visitor, li):
    number = await ask_for_a_call(visitor, when="下午")
    await ask_for_a_call(visitor, phone="13912345678")
    [found] = await owed(li)
    asked_on = (dt.datetime.fromisoformat(found["opened_at"]) + dt.timedelta(hours=8)).date()
    assert found["due"] == working_day_after(asked_on, 1).isoformat()
    assert (found["ticket_number"], found["overdue"], found["failed_tries"]) == (number, False, 0)
    assert (found["callback"]["kind"], found["callback"]["contact"]) == ("phone", None)
    [ticket] = await li.queue()
    assert (ticket["callback"]["follow_up_id"], ticket["callback"]["due"]) == (found["id"], found["due"])


async def test_what_is_past_its_day_is_marked_and_counted_and_stands_first(app, http, visitor, li):
    await ask_for_a_call(visitor)
    await make_overdue(app)
    answer = next(said for said in (await visitor.say("砍树审批要多久"))["messages"] if said["answer"])
    await visitor.post("feedback", {"message_id": answer["id"], "resolved": False})
    listed = (await li.read("follow-ups"))["follow_ups"]
    assert [(one["about"], one["overdue"]) for one in listed] == [("callback", True), ("bot", False)]
    assert [one["about"] for one in (await li.read("follow-ups", overdue="true"))["follow_ups"]] == ["callback"]
    assert (await li.queue())[0]["callback"]["overdue"]
    zhou = await sign_in(http, "zhou", "supervisor")
    told = await zhou.read("supervision")
    assert (told["follow_ups_open"], told["follow_ups_overdue"]) == (2, 1)


@pytest.mark.parametrize("outcome", ["reached", "not_reached", "no_longer_wanted"])
async def test_closing_says_how_it_went_and_is_audited_once(http, visitor, li, wang, outcome):
    await ask_for_a_call(visitor)
    [found] = await owed(li)
    note = "说好了；他的号码是 13812345678"
    replies = await asyncio.gather(*(closed_with(helper, found, outcome, note=note) for helper in (li, wang)))
    assert sorted(reply.status_code for reply in replies) == [200, 409]
    told = next(reply.json() for reply in replies if reply.status_code == 200)
    assert (told["state"], told["reason"], told["failed_tries"]) == ("closed", outcome, int(outcome == "not_reached"))
    assert "说好了" in told["action"] and "13812345678" not in told["action"]
    assert await owed(li) == []
    admin = await sign_in(http, "chen", "admin")
    entries = (await admin.read("audit", target=found["id"]))["entries"]
    assert [(entry["what"], entry["user"]) for entry in entries] == [("callback_closed", told["closed_by"])]


async def test_who_was_not_reached_is_tried_again_on_the_day_that_is_named(visitor, li):
    await ask_for_a_call(visitor)
    [found] = await owed(li)
    day = (today() + dt.timedelta(days=2)).isoformat()
    reply = await closed_with(li, found, "not_reached", again_on=day, note="没人接")
    assert (reply.status_code, reply.json()["state"]) == (200, "open")
    [found] = await owed(li)
    assert (found["due"], found["failed_tries"], found["action"]) == (day, 1, "没人接")
    told = (await closed_with(li, found, "not_reached")).json()
    assert (told["state"], told["failed_tries"], told["action"]) == ("closed", 2, "没人接")
    assert (await closed_with(li, found, "not_reached", again_on=day)).status_code == 409


@pytest.mark.parametrize(
    ("outcome", "in_days"), [("reached", 1), ("not_reached", -1), ("not_reached", AGAIN_WITHIN_DAYS + 1), ("called", 0)]
)
async def test_an_outcome_or_a_day_that_makes_no_sense_changes_nothing(visitor, li, outcome, in_days):
    await ask_for_a_call(visitor)
    [found] = await owed(li)
    again_on = (today() + dt.timedelta(days=in_days)).isoformat()
    assert (await closed_with(li, found, outcome, again_on=again_on)).status_code == 422
    assert await owed(li) == [found]


async def test_a_rating_is_not_closed_as_a_call_and_a_call_not_as_a_rating(visitor, li):
    await ask_for_a_call(visitor)
    answer = next(said for said in (await visitor.say("砍树审批要多久"))["messages"] if said["answer"])
    await visitor.post("feedback", {"message_id": answer["id"], "resolved": False})
    listed = {one["about"]: one for one in (await li.read("follow-ups"))["follow_ups"]}
    assert (await closed_with(li, listed["bot"], "reached")).status_code == 404
    as_rating = {"reason": "not_reachable", "action": "Rang twice."}
    path = f"{API}/follow-ups/{listed['callback']['id']}/close"
    assert (await li.http.post(path, json=as_rating, headers=li.key)).status_code == 404
    assert [one["open"] for one in (await li.read("follow-ups/reasons"))["items"]] == [1]  # a call is no complaint


async def test_what_a_helper_agreed_to_is_owed_too_and_once(visitor, li):
    await ask_for_a_call(visitor)
    ticket = await li.take_next()
    told = (await li.post(f"tickets/{ticket['id']}/resolve", {"outcome": "callback"})).json()
    [found] = await owed(li)
    assert (told["callback"]["follow_up_id"], found["helper"]) == (found["id"], "li")
    await visitor.say("转人工")
    second = await li.take_next()
    await li.post(f"tickets/{second['id']}/resolve", {"outcome": "callback"})
    assert [(one["ticket_id"], one["callback"] is None) for one in await owed(li)] == [
        (ticket["id"], False),
        (second["id"], True),
    ]


async def test_a_call_that_is_owed_outlives_its_ticket_and_then_any_helper_may_make_it(visitor, li, wang, http):
    await ask_for_a_call(visitor)
    ticket = await li.take_next()
    assert (await wang.get(f"tickets/{ticket['id']}"))["callback"]["contact"] is None
    await li.post(f"tickets/{ticket['id']}/resolve", {"outcome": "unresolved"})
    seen = await wang.get(f"tickets/{ticket['id']}")
    assert seen["callback"]["contact"] == "13812345678"
    assert all(one["callback"]["contact"] is None for one in (await wang.get("tickets", state="resolved"))["tickets"])
    await closed_with(wang, {"id": seen["callback"]["follow_up_id"]}, "reached")
    assert (await wang.get(f"tickets/{ticket['id']}"))["callback"]["contact"] is None
    admin = await sign_in(http, "chen", "admin")
    looks = [entry["user"] for entry in (await admin.read("audit", target=ticket["id"]))["entries"]
             if entry["what"] == "transcript_read"]  # fmt: skip
    assert looks == ["wang"] * 3


async def test_whoever_stops_waiting_here_is_still_called(visitor, li):
    await visitor.say("转人工")
    await ask_for_a_call(visitor)
    assert (await visitor.http.delete(f"{visitor.path}/handoff", headers=visitor.key)).status_code == 204
    [found] = await owed(li)
    assert (await li.get(f"tickets/{found['ticket_id']}"))["callback"]["contact"] == "13812345678"


async def test_whoever_erases_the_conversation_is_owed_no_call(visitor, li, http):
    await ask_for_a_call(visitor)
    [found] = await owed(li)
    await visitor.erase()
    assert await owed(li) == []
    [ended] = (await li.read("follow-ups", about="callback", state="closed"))["follow_ups"]
    assert (ended["reason"], ended["closed_by"], ended["callback"]) == ("no_longer_wanted", None, None)
    admin = await sign_in(http, "chen", "admin")
    assert (await admin.read("audit", target=found["id"]))["entries"][0]["what"] == "callback_withdrawn"


async def test_the_desks_pages_hear_of_it(app, visitor, li):
    await ask_for_a_call(visitor)
    [found] = await owed(li)
    await closed_with(li, found, "not_reached", again_on=today().isoformat())
    await closed_with(li, found, "reached")
    async with app.state.services.database.reading() as work:
        told = [(row.kind, row.detail.get("outcome")) for row in await work.desk_events.after(0, 100)
                if row.ticket_id == found["ticket_id"] and row.kind.startswith("callback")]  # fmt: skip
    assert told == [
        ("callback_requested", None), ("callback_put_off", "not_reached"), ("callback_closed", "reached")
    ]  # fmt: skip


async def test_call_backs_are_for_those_who_follow_up(http, visitor, li):
    await ask_for_a_call(visitor)
    [found] = await owed(li)
    maintainer = await sign_in(http, "qian", "maintainer")
    assert (await closed_with(maintainer, found, "reached")).status_code == 403
    assert (await closed_with(li, {"id": "0" * 32}, "reached")).status_code == 404
