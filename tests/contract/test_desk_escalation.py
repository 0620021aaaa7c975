"""Getting a person: on duty and off duty, reasons, waits, call-backs, and helpers who come, go and vanish."""

import datetime as dt

import pytest
from at_desk import sign_in
from desk import running, start
from sqlalchemy import update

from api.clock import SHANGHAI, now
from api.desk.duty import GONE_AFTER_S
from api.desk.offers import REOFFER_S
from api.desk.shift import FORGET_EVERY_S, UNHANDLED_CONTACT_DAYS, UNSTAFFED_AFTER_S, Shift
from api.storage.desk_models import ContactRow


class Clockwork:
    """The desk's clockwork with a clock of its own, so that minutes pass at once."""

    def __init__(self, app):
        self.seconds = 0.0
        self._shift = Shift(app.state.services, lambda: self.seconds)

    async def pass_by(self, seconds):
        await self._shift.step()
        self.seconds += seconds
        await self._shift.step()


@pytest.fixture
def clockwork(app, http):
    return Clockwork(app)


async def ask(visitor):
    return (await visitor.post("handoff", {})).json()


async def standing(visitor):
    return (await visitor.http.get(f"{visitor.path}/handoff", headers=visitor.key)).json()


async def last_event(visitor):
    return (await visitor.history())[-1].get("event")


async def test_with_nobody_on_duty_there_is_a_ticket_a_call_back_and_what_the_hotline_can_do(visitor):
    told = await ask(visitor)
    assert (told["state"], told["position"], told["expected_wait_s"]) == ("bot", None, None)
    assert told["message"]["event"] == "unstaffed" and "12345" in told["message"]["text"]
    assert [option["item_id"] for option in told["message"]["options"]] == ["hotline-12345"]
    assert (await visitor.say("砍树审批要多久"))["messages"][0]["kind"] == "answer"


async def test_outside_office_hours_nobody_is_promised_though_somebody_is_online(make_app):
    async with running(make_app(desk_hours="0:00-0:01", desk_days="every")) as http:
        await (await sign_in(http, "li")).come()
        visitor = await start(http)
        told = await ask(visitor)
        assert (told["state"], told["message"]["event"]) == ("bot", "unstaffed")
        tomorrow = now().astimezone(SHANGHAI) + dt.timedelta(days=1)
        opening = f"下次办公时间：{tomorrow.month}月{tomorrow.day}日"
        assert opening in told["message"]["text"] and opening in (await visitor.say("转人工"))["messages"][0]["text"]


async def test_a_ticket_from_when_nobody_was_there_waits_again_when_somebody_is(http, visitor):
    number = (await ask(visitor))["ticket_number"]
    await (await sign_in(http, "li")).come()
    told = await ask(visitor)
    assert (told["state"], told["ticket_number"], told["position"]) == ("queued", number, 1)
    assert told["message"]["event"] == "queued"


async def test_places_are_counted_from_who_has_waited_longest(http, li):
    visitors = [await start(http) for _ in range(3)]
    assert [(await ask(visitor))["position"] for visitor in visitors] == [1, 2, 3]
    await li.take_next()
    assert [(await standing(visitor))["position"] for visitor in visitors] == [None, 1, 2]
    again = await ask(visitors[2])
    assert (again["position"], again["message"]) == (2, None)


async def test_the_wait_is_unknown_until_it_was_measured_and_then_told(http, li, clockwork):
    for _ in range(5):
        visitor = await start(http)
        assert (await ask(visitor))["expected_wait_s"] is None
        await clockwork.pass_by(0)
        ticket = await li.take_next()
        await li.post(f"tickets/{ticket['id']}/resolve", {"outcome": "resolved"})
    told = await ask(await start(http))
    assert told["expected_wait_s"] in (0, 5) and "一分钟之内" in told["message"]["text"]


@pytest.mark.parametrize(
    ("before", "asking", "reason"),
    [
        ([], "转人工", "asked"),
        (["我的申请办到哪一步了"], "转人工", "named_case"),
        (["什么都没有", "什么都没有"], "转人工", "two_failures"),
        (["办不成事怎么反映"], "转人工", "cannot_get_it_done"),
        ([], "跑了三趟都办不成", "cannot_get_it_done"),
        ([], "被踢皮球了", "cannot_get_it_done"),
        ([], "I can't get anything done here", "cannot_get_it_done"),
        (["你们是吃干饭的吗"], "是的", "anger"),
        (["你们是吃干饭的吗", "砍树审批要多久"], "转人工", "asked"),
    ],
)
async def test_the_reason_is_where_the_conversation_stood(visitor, li, before, asking, reason):
    for text in before:
        await visitor.say(text)
    assert (await visitor.say(asking))["state"] == "queued"
    [ticket] = await li.queue()
    assert ticket["reason"] == reason


async def test_anger_is_a_reason(visitor, li):
    await visitor.post("handoff", {"reason": "你们什么态度，我要投诉"})
    [ticket] = await li.queue()
    assert ticket["reason"] == "anger" and "什么态度" in ticket["summary"]


async def test_a_call_back_is_sealed_and_shown_to_the_tickets_helper_alone(http, visitor, li, tmp_path):
    asked = await visitor.post("callback", {"phone": "138 1234 5678", "when": "上午，我的另一个号码13912345678"})
    assert asked.status_code == 201 and asked.json()["message"]["event"] == "callback"
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("bangban.db*"))
    assert b"1234 5678" not in stored and b"13912345678" not in stored
    [ticket] = await li.queue()
    assert (ticket["live"], ticket["callback"]["kind"], ticket["callback"]["contact"]) == (False, "phone", None)
    accepted = await li.take_next()
    assert accepted["callback"]["contact"] == "138 1234 5678"
    wang = await sign_in(http, "wang")
    assert (await wang.get(f"tickets/{ticket['id']}"))["callback"]["contact"] is None


@pytest.mark.parametrize(
    "wish", [{}, {"phone": "12"}, {"email": "nobody"}, {"phone": "13812345678", "email": "a@b.cn"}]
)
async def test_a_call_back_needs_one_address_that_can_be_used(visitor, wish):
    assert (await visitor.post("callback", wish)).status_code == 422


async def test_contacts_are_forgotten_some_days_after_the_end(make_app):
    app = make_app(contact_days=0)
    async with running(app) as http:
        visitor, li = await start(http), await (await sign_in(http, "li")).come()
        await visitor.post("callback", {"email": "someone@example.com"})
        ticket = await li.take_next()
        await Clockwork(app).pass_by(0)
        assert (await li.get(f"tickets/{ticket['id']}"))["callback"]["contact"]
        ended = (await li.post(f"tickets/{ticket['id']}/resolve", {"outcome": "callback"})).json()
        await Clockwork(app).pass_by(0)
        assert (await li.get(f"tickets/{ticket['id']}"))["callback"]["contact"]  # The call is still owed.
        called = f"/api/v1/follow-ups/{ended['callback']['follow_up_id']}/callback"
        assert (await http.post(called, json={"outcome": "reached"}, headers=li.key)).status_code == 200
        await Clockwork(app).pass_by(0)
        assert "callback" not in await li.get(f"tickets/{ticket['id']}")


async def test_a_contact_that_nobody_used_is_forgotten_too_and_the_helper_sees_that(app, visitor, li, clockwork):
    await visitor.post("callback", {"phone": "13812345678", "when": "上午"})

    async def left_days_ago(days):
        async with app.state.services.database.writing() as work:
            await work._session.execute(update(ContactRow).values(at=now() - dt.timedelta(days=days)))
            await work.commit()
        await li.come()
        clockwork.seconds += FORGET_EVERY_S
        await clockwork.pass_by(0)
        return (await li.get(f"tickets/{ticket['id']}"))["callback"]

    ticket = await li.take_next()
    kept = await left_days_ago(UNHANDLED_CONTACT_DAYS - 1)
    assert (kept["contact"], kept["forgotten"]) == ("13812345678", False)
    gone = await left_days_ago(UNHANDLED_CONTACT_DAYS + 1)
    assert (gone["kind"], gone["contact"], gone["when"], gone["forgotten"]) == ("phone", None, None, True)
    await visitor.post("callback", {"email": "someone@example.com"})
    assert (await li.get(f"tickets/{ticket['id']}"))["callback"]["contact"] == "someone@example.com"


async def test_a_ticket_is_offered_and_after_a_minute_to_somebody_else(http, visitor, li, clockwork):
    await ask(visitor)
    await clockwork.pass_by(0)
    wang = await (await sign_in(http, "wang")).come()
    assert (await li.queue())[0]["offered_to"] == "li"
    await clockwork.pass_by(REOFFER_S - 35)  # both show signs of life, so only the offer lapses
    await li.come(), await wang.come()
    await clockwork.pass_by(REOFFER_S - 35)
    await li.come(), await wang.come()
    await clockwork.pass_by(REOFFER_S - 35)
    assert (await li.queue())[0]["offered_to"] == "wang"
    assert (await li.take_next())["helper"] == "li"  # an offer is no lock


async def test_an_offer_goes_to_who_knows_the_family(http, visitor, clockwork):
    an = await (await sign_in(http, "an", skills="parks")).come()
    await (await sign_in(http, "bo", skills="trees")).come()
    await visitor.say("砍树审批要多久")
    await ask(visitor)
    await clockwork.pass_by(0)
    assert (await an.queue())[0]["offered_to"] == "bo"


async def test_what_is_passed_to_a_group_is_offered_to_who_knows_it(http, visitor, li, clockwork):
    await (await sign_in(http, "an", skills="parks")).come()
    bo = await (await sign_in(http, "bo", skills="trees")).come()
    await ask(visitor)
    ticket = await li.take_next()
    assert (await li.post(f"tickets/{ticket['id']}/transfer", {"to": "trees"})).status_code == 200
    await clockwork.pass_by(0)
    assert [waiting["offered_to"] for waiting in await bo.queue()] == ["bo"]


async def test_a_helper_who_vanishes_gives_the_conversation_back_to_the_queue(http, visitor, li, clockwork):
    await ask(visitor)
    ticket = await li.take_next()
    wang = await (await sign_in(http, "wang")).come()
    await clockwork.pass_by(GONE_AFTER_S - 1)
    assert (await wang.get(f"tickets/{ticket['id']}"))["state"] == "active"
    await wang.come()
    await clockwork.pass_by(1)
    after = await wang.get(f"tickets/{ticket['id']}")
    assert (after["state"], after.get("helper"), await last_event(visitor)) == ("queued", None, "lost")
    assert (await visitor.say("你好"))["state"] == "queued"
    states = {helper["username"]: helper["state"] for helper in (await wang.get("colleagues"))["colleagues"]}
    assert states == {"li": "offline", "wang": "online"}
    refused = await li.post(f"tickets/{ticket['id']}/messages", {"text": "我回来了"})
    assert refused.status_code == 409
    assert (await wang.take_next())["helper"] == "wang"


async def places(visitors):
    return [(await standing(visitor))["position"] for visitor in visitors]


async def test_whose_helper_vanishes_keeps_the_place_and_before_the_first_words_also_the_clock(http, li, clockwork):
    visitors = [await start(http) for _ in range(3)]
    for visitor in visitors:
        await ask(visitor)
    await li.take_next()
    spoken_to = await li.take_next()
    await li.say(spoken_to, "您好，我看一下。")
    wang = await (await sign_in(http, "wang")).come()
    assert await places(visitors) == [None, None, 1]
    await clockwork.pass_by(GONE_AFTER_S - 1)
    await wang.come()
    await clockwork.pass_by(1)
    assert await places(visitors) == [1, 2, 3]
    waits = [ticket["waiting_s"] for ticket in await wang.queue()]
    assert waits[0] > waits[2] > waits[1]  # the second was spoken to: that wait is over, and a new one has begun
    for visitor in visitors:
        await wang.take_next()
        assert (await standing(visitor))["state"] == "human"


async def test_who_is_passed_on_keeps_the_place(http, visitor, li):
    await (await sign_in(http, "wang")).come()
    other = await start(http)
    await ask(visitor), await ask(other)
    ticket = await li.take_next()
    await li.say(ticket, "这件事由同事办理。")
    await li.post(f"tickets/{ticket['id']}/transfer", {"to": "parks"})
    assert await places([visitor, other]) == [1, 2]
    first, second = await li.queue()
    assert first["id"] == ticket["id"] and first["waiting_s"] < second["waiting_s"]


async def test_who_was_not_told_to_wait_has_the_place_of_the_moment_in_which_a_helper_took_the_ticket(
    http, visitor, li, clockwork
):
    early, late = await start(http), await start(http)
    await visitor.post("callback", {"email": "someone@example.com"})
    await ask(early)
    [left_for_later] = [ticket for ticket in await li.queue() if not ticket["live"]]
    assert (await li.post(f"tickets/{left_for_later['id']}/accept")).status_code == 200
    await ask(late)
    await li.come("offline")
    await clockwork.pass_by(0)
    assert await places([early, visitor, late]) == [1, 2, 3]


async def test_after_a_restart_a_helper_has_as_long_to_come_back_as_ever(make_app, app, visitor, li):
    await ask(visitor)
    ticket = await li.take_next()
    restarted = Clockwork(app)  # a clockwork that starts now, as after a restart
    await restarted.pass_by(GONE_AFTER_S - 1)
    assert (await li.get(f"tickets/{ticket['id']}"))["state"] == "active"
    await restarted.pass_by(2)
    assert (await li.get(f"tickets/{ticket['id']}"))["state"] == "queued"


async def test_going_offline_gives_conversations_back_at_once_and_being_away_does_not(visitor, li, clockwork):
    await ask(visitor)
    ticket = await li.take_next()
    await li.come("away")
    await clockwork.pass_by(0)
    assert (await li.get(f"tickets/{ticket['id']}"))["state"] == "active"
    await li.come("offline")
    assert (await li.get(f"tickets/{ticket['id']}"))["state"] == "queued"
    told = (await visitor.history())[-1]
    assert told["event"] == "lost" and "工作人员离开了" in told["text"]  # nobody's connection broke


async def test_when_the_last_helper_leaves_nobody_is_kept_waiting_and_the_ticket_stays(visitor, li, clockwork):
    number = (await ask(visitor))["ticket_number"]
    await li.come("offline")
    await clockwork.pass_by(UNSTAFFED_AFTER_S - 1)
    assert (await standing(visitor))["state"] == "queued"
    await clockwork.pass_by(1)
    told = await standing(visitor)
    assert (told["state"], told["ticket_number"], told["position"]) == ("bot", number, None)
    assert await last_event(visitor) == "unstaffed"
    assert [ticket["live"] for ticket in await li.queue()] == [False]
