"""The life of a ticket: who may have it, who speaks, and what the visitor sees."""

import asyncio

import pytest
from at_desk import Helper, sign_in
from desk import running, start
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError


@pytest.fixture
async def wang(http):
    return await (await sign_in(http, "wang")).come()


async def queued(visitor):
    await visitor.say("砍树审批要多久")
    told = await visitor.say("转人工")
    assert told["state"] == "queued"
    return told["messages"][0]


async def kinds(app, ticket_id=None):
    async with app.state.services.database.reading() as work:
        return [row.kind for row in await work.desk_events.after(0, 1000) if ticket_id in (None, row.ticket_id)]


async def test_with_a_helper_on_duty_a_person_is_queued_for_and_the_bot_goes_on_answering(visitor, li):
    message = await queued(visitor)
    assert (message["kind"], message["event"]) == ("handoff", "queued") and "第 1 位" in message["text"]
    reply = await visitor.say("砍树要交什么材料")
    assert reply["state"] == "queued" and reply["messages"][0]["kind"] == "answer"


async def test_the_ticket_tells_what_was_asked_about_what_and_what_was_answered_in_both_languages(visitor, li):
    await queued(visitor)
    [ticket] = await li.queue()
    assert (ticket["state"], ticket["live"], ticket["reason"]) == ("queued", True, "asked")
    assert (ticket["item_id"], ticket["facet"], ticket["family"]) == ("urban-tree-felling", "time_limit", "trees")
    assert "砍树审批要多久" in ticket["summary"] and "办理时限" in ticket["summaries"]["zh"]
    assert "砍树审批要多久" in ticket["summaries"]["en"] and "Answered so far" in ticket["summaries"]["en"]


async def test_the_ticket_tells_which_answers_the_visitor_said_did_not_help(visitor, li):
    [helped] = (await visitor.say("砍树要多少钱"))["messages"]
    [marked] = (await visitor.say("砍树要交什么材料"))["messages"]
    for message, resolved in ((helped, False), (helped, True), (marked, False)):
        await visitor.post("feedback", {"message_id": message["id"], "resolved": resolved})
    [told] = (await visitor.say("砍树审批要多久"))["messages"]
    await visitor.say("没用")
    await visitor.say("转人工")
    [ticket] = await li.queue()
    titles = [message["answer"]["title"] for message in (marked, told)]
    assert f"访客说没帮上：{'；'.join(titles)}\n" in ticket["summaries"]["zh"]
    assert "Did not help, the visitor said: " in ticket["summaries"]["en"]


async def test_of_many_helpers_who_accept_at_once_exactly_one_wins_and_the_others_are_told_who(http, visitor, li):
    await queued(visitor)
    [ticket] = await li.queue()
    helpers = [await sign_in(http, f"helper{number}") for number in range(6)]
    replies = await asyncio.gather(*(helper.post(f"tickets/{ticket['id']}/accept") for helper in helpers))
    assert sorted(reply.status_code for reply in replies) == [200, *[409] * 5]
    [winner] = [reply.json()["helper"] for reply in replies if reply.status_code == 200]
    for reply in replies:
        if reply.status_code == 409:
            assert reply.json()["type"].endswith("ticket-taken") and reply.json()["holder"] == winner


async def test_what_is_said_after_accepting_goes_from_person_to_person(visitor, li, bot):
    await queued(visitor)
    ticket = await li.take_next()
    told_before = len(bot.told)
    assert (await visitor.say("那要多少钱"))["messages"] == []
    assert len(bot.told) == told_before
    said = await li.say(ticket, "免费。")
    [joined, asked, answered] = (await visitor.history())[-3:]
    assert (joined["sender"], joined["event"]) == ("system", "joined")
    assert (asked["sender"], asked["text"]) == ("visitor", "那要多少钱")
    assert (answered["id"], answered["sender"], answered["text"]) == (said["id"], "agent", "免费。")
    assert "li" not in str(answered).replace(said["id"], "")
    whole = await li.get(f"tickets/{ticket['id']}")
    assert [message["text"] for message in whole["transcript"]][-2:] == ["那要多少钱", "免费。"]


async def test_the_same_reply_twice_is_said_once(visitor, li):
    await queued(visitor)
    ticket = await li.take_next()
    same = await asyncio.gather(*(li.say(ticket, "请稍等", client_id="once") for _ in range(4)))
    assert len({message["id"] for message in same}) == 1 and same[0]["client_id"] == "once"
    history = await visitor.history()
    assert [message["text"] for message in history].count("请稍等") == 1
    assert all("client_id" not in message for message in history if message["sender"] == "agent")


async def test_the_same_note_twice_is_kept_once_and_another_helpers_is_another(visitor, li, wang, app):
    await queued(visitor)
    ticket = await li.take_next()

    async def note(helper, text, **more):
        reply = await helper.post(f"tickets/{ticket['id']}/notes", {"text": text, **more})
        assert reply.status_code == 201, reply.text
        return reply.json()

    same = await asyncio.gather(*(note(li, "带孩子来", client_id="once") for _ in range(4)))
    assert len({each["id"] for each in same}) == 1
    await note(wang, "下午再来", client_id="once")
    for _ in range(2):
        await note(li, "没有编号")
    notes = (await li.get(f"tickets/{ticket['id']}"))["notes"]
    assert [each["text"] for each in notes] == ["带孩子来", "下午再来", "没有编号", "没有编号"]
    assert (await kinds(app, ticket["id"])).count("noted") == 4


async def test_an_entry_is_inserted_in_the_visitors_language_with_its_sources(http, li, retriever):
    visitor = await start(http, language="en")
    await visitor.say("How long does it take to get approval to fell a tree?")
    await visitor.post("handoff", {})
    ticket = await li.take_next()
    entry = retriever.base.entries["urban-tree-felling.fee"]
    said = await li.say(ticket, "About the cost:", entry_id=entry.entry_id)
    assert (said["kind"], said["sender"], said["language"]) == ("answer", "agent", "en")
    assert said["text"] == f"About the cost:\n\n{entry.answer.en}" and said["answer"]["sources"]
    unknown = await li.post(f"tickets/{ticket['id']}/messages", {"entry_id": "no.such"})
    assert (unknown.status_code, unknown.json()["type"].split(":")[-1]) == (422, "unknown-entry")


async def test_a_late_answer_of_the_bot_becomes_a_suggestion_and_never_a_message(visitor, li, bot):
    await queued(visitor)
    bot.takes_s = 0.4
    asking = asyncio.create_task(visitor.say("砍树要交什么材料"))
    await asyncio.sleep(0.15)
    ticket = await li.take_next()
    reply = await asking
    assert (reply["messages"], reply["state"]) == ([], "human")
    history = await visitor.history()
    assert [message["sender"] for message in history[-2:]] == ["system", "visitor"]
    late = (await li.get(f"tickets/{ticket['id']}"))["suggestions"][0]
    assert (late["entry_id"], late["late"]) == ("urban-tree-felling.materials", True)


async def test_after_returning_the_bot_goes_on_from_what_the_helper_inserted(visitor, li, bot):
    await queued(visitor)
    ticket = await li.take_next()
    await li.say(ticket, entry_id="outdoor-signboard.overview")
    moved = await li.post(f"tickets/{ticket['id']}/return")
    assert (moved.json()["state"], moved.json()["outcome"]) == ("resolved", "returned")
    assert (await visitor.history())[-1]["event"] == "returned"
    reply = await visitor.say("要交什么材料")
    assert reply["state"] == "bot" and reply["messages"][0]["answer"]["item_id"] == "outdoor-signboard"


@pytest.mark.parametrize(
    ("told_helper", "asks_on", "entry_id"),
    [
        (["好的，谢谢"], "那要多少钱？", "urban-tree-felling.fee"),
        (["那户外招牌要备案吗？", "嗯嗯"], "那要多少钱？", "outdoor-signboard.fee"),
        (["What about a shop sign, do I have to register it?"], "and the fee?", "outdoor-signboard.fee"),
        (["那户外招牌要多少钱？"], "那砍树呢？", "urban-tree-felling.fee"),
    ],
)
async def test_after_returning_the_bot_goes_on_from_what_the_visitor_told_the_helper(
    visitor, li, told_helper, asks_on, entry_id
):
    await queued(visitor)
    ticket = await li.take_next()
    for words in told_helper:
        await visitor.say(words)
        await li.say(ticket, "好的，我给您说说。")
    await li.post(f"tickets/{ticket['id']}/return")
    [reply] = (await visitor.say(asks_on))["messages"]
    assert reply["answer"]["entry_id"] == entry_id


async def test_an_entry_that_was_inserted_last_is_what_the_visitors_next_words_are_about(visitor, li):
    await queued(visitor)
    ticket = await li.take_next()
    await visitor.say("户外招牌要备案吗")
    await li.say(ticket, entry_id="urban-tree-felling.overview")
    await visitor.say("要交什么材料")
    await li.post(f"tickets/{ticket['id']}/return")
    [reply] = (await visitor.say("那要多少钱？"))["messages"]
    assert reply["answer"]["entry_id"] == "urban-tree-felling.fee"


async def test_only_the_tickets_helper_speaks_and_ends_and_only_while_it_is_active(visitor, li, wang):
    await queued(visitor)
    [waiting] = await li.queue()
    path = f"tickets/{waiting['id']}"
    early = await li.post(f"{path}/messages", {"text": "嗯"})
    assert (early.status_code, early.json()["type"].split(":")[-1]) == (409, "ticket-not-active")
    await li.take_next()
    for act, body in (("messages", {"text": "嗯"}), ("resolve", {"outcome": "resolved"}), ("return", None)):
        refused = await wang.post(f"{path}/{act}", body)
        assert (refused.status_code, refused.json()["holder"]) == (409, "li"), act
    assert (await li.post(f"{path}/resolve", {"outcome": "resolved", "note": "说清楚了"})).status_code == 200
    assert (await li.post(f"{path}/resolve", {"outcome": "resolved"})).status_code == 409
    assert (await visitor.history())[-1]["event"] == "ended"
    assert (await visitor.say("砍树审批要多久"))["state"] == "bot"


async def test_a_transferred_ticket_waits_again_and_is_offered_to_whom_it_was_passed(visitor, li, wang):
    await queued(visitor)
    ticket = await li.take_next()
    nobody = await li.post(f"tickets/{ticket['id']}/transfer", {"to": "nobody"})
    assert (nobody.status_code, nobody.json()["type"].split(":")[-1]) == (404, "unknown-colleague")
    moved = (await li.post(f"tickets/{ticket['id']}/transfer", {"to": "wang", "note": "广告归你"})).json()
    assert (moved["state"], moved["offered_to"], moved["transfer_note"]) == ("queued", "wang", "广告归你")
    assert "helper" not in moved
    assert (await visitor.say("你好"))["state"] == "queued"
    assert (await wang.take_next())["helper"] == "wang"


async def test_whoever_stops_waiting_is_not_called_again(visitor, li, app):
    await queued(visitor)
    [ticket] = await li.queue()
    assert (await visitor.http.delete(f"{visitor.path}/handoff", headers=visitor.key)).status_code == 204
    assert await li.queue() == []
    assert (await visitor.say("你好"))["state"] == "bot"
    late = await li.post(f"tickets/{ticket['id']}/accept")
    assert (late.status_code, late.json()["holder"]) == (409, None)
    assert (await kinds(app, ticket["id"]))[-1] == "abandoned"


async def test_accepting_and_giving_up_at_once_leaves_one_truth(http, li, app):
    for _ in range(5):
        visitor = await start(http)
        await queued(visitor)
        [ticket] = await li.queue()
        accepted, _ = await asyncio.gather(
            li.post(f"tickets/{ticket['id']}/accept"),
            visitor.http.delete(f"{visitor.path}/handoff", headers=visitor.key),
        )
        state = (await http.get(f"{visitor.path}/handoff", headers=visitor.key)).json()["state"]
        assert state == ("human" if accepted.status_code == 200 else "bot")
        assert ("accepted" in await kinds(app, ticket["id"])) != ("abandoned" in await kinds(app, ticket["id"]))


async def test_every_change_is_an_event_and_no_event_can_be_changed_or_removed(visitor, li, app):
    await queued(visitor)
    ticket = await li.take_next()
    await li.say(ticket, "好")
    await visitor.say("谢谢")
    await li.post(f"tickets/{ticket['id']}/resolve", {"outcome": "resolved"})
    happened = [kind for kind in await kinds(app, ticket["id"]) if kind != "offered"]
    assert happened == ["opened", "accepted", "first_reply", "message", "message", "resolved"]
    for change in ("UPDATE desk_events SET kind = 'x'", "DELETE FROM desk_events"):
        with pytest.raises(DBAPIError, match="only ever added to"):
            async with app.state.services.database.writing() as work:
                await work._session.execute(text(change))


async def test_erasing_forgets_words_notes_and_contact_and_ends_the_conversation(visitor, li, app):
    await queued(visitor)
    ticket = await li.take_next()
    await li.post(f"tickets/{ticket['id']}/notes", {"text": "秘密便条"})
    await visitor.post("callback", {"phone": "13812345678"})
    await visitor.erase()
    whole = await li.get(f"tickets/{ticket['id']}")
    assert (whole["state"], whole["outcome"], whole["transcript"], whole["notes"]) == ("resolved", "erased", [], [])
    assert "callback" not in whole and whole["summary"] is None
    assert (await li.post(f"tickets/{ticket['id']}/messages", {"text": "在吗"})).status_code == 409


async def test_what_a_helper_types_is_masked_too(visitor, li):
    await queued(visitor)
    ticket = await li.take_next()
    assert "13812345678" not in (await li.say(ticket, "您的电话是13812345678吗"))["text"]
    note = await li.post(f"tickets/{ticket['id']}/notes", {"text": "打13812345678"})
    assert "13812345678" not in note.text


async def test_unread_counts_what_the_visitor_said_since_the_helper_read(visitor, li):
    await queued(visitor)
    ticket = await li.take_next()
    transcript = (await li.get(f"tickets/{ticket['id']}"))["transcript"]
    await li.post(f"tickets/{ticket['id']}/read", {"sequence": transcript[-1]["sequence"]})
    await visitor.say("在吗")
    await visitor.say("喂")
    [mine] = (await li.get("tickets", state="active", mine=True))["tickets"]
    assert mine["unread"] == 2


async def test_a_restart_keeps_queue_conversations_and_epoch(make_app, app, visitor, li):
    await queued(visitor)
    ticket = await li.take_next()
    epoch = app.state.services.feed.epoch
    async with running(make_app()) as again:
        helper = Helper(again, "li", li.token)
        assert (await helper.get(f"tickets/{ticket['id']}"))["helper"] == "li"
        assert again._transport.app.state.services.feed.epoch == epoch
        await helper.say(ticket, "还在")
    assert (await visitor.history())[-1]["text"] == "还在"


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [("maintainer", "tickets?state=queued", 403), ("agent", "promotions", 403), ("maintainer", "promotions", 200)],
)
async def test_a_role_sees_what_it_may(http, role, path, status):
    helper = await sign_in(http, "someone", role)
    assert (await http.get(f"/api/v1/desk/{path}", headers=helper.key)).status_code == status


async def test_without_a_login_the_desk_is_closed(http):
    assert (await http.get("/api/v1/desk/tickets?state=queued")).status_code == 401
