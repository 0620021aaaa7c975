"""What holds for the whole desk, and what helpers have at hand: modes, approvals, canned replies, search, drafts."""

import asyncio

import pytest
from at_desk import DESK, sign_in
from desk import start

TREES = "urban-tree-felling"


@pytest.fixture
async def boss(http):
    return await sign_in(http, "boss", "supervisor")


async def with_ticket(visitor, li):
    await visitor.say("砍树审批要多久")
    await visitor.post("handoff", {})
    return await li.take_next()


async def test_while_everyone_goes_to_people_the_first_word_calls_one(visitor, li, boss, bot):
    assert (await boss.put("mode", {"everyone_to_people": True})).json()["everyone_to_people"]
    told = await visitor.say("砍树审批要多久")
    assert (told["state"], told["messages"][0]["event"], bot.told) == ("queued", "queued", [])
    [ticket] = await li.queue()
    assert ticket["reason"] == "everyone_to_people" and "砍树审批要多久" in ticket["summary"]
    assert (await visitor.say("砍树审批要多久"))["messages"][0]["kind"] == "answer"


async def test_with_nobody_on_duty_the_assistant_answers_though_everyone_should_go_to_people(visitor, boss):
    await boss.put("mode", {"everyone_to_people": True})
    told = await visitor.say("砍树审批要多久")
    assert (told["state"], told["messages"][0]["kind"]) == ("bot", "answer")


async def test_an_agent_changes_neither_mode_nor_notice_nor_canned_replies(li):
    both = {"zh": "一", "en": "one"}
    for path, body in (("mode", {"everyone_to_people": True}), ("notice", {"notice": both}),
                       ("canned/mine", {"title": both, "text": both})):  # fmt: skip
        assert (await li.put(path, body)).status_code == 403


async def test_an_answer_to_a_chosen_item_waits_for_a_helpers_yes(visitor, li, boss):
    await boss.put("mode", {"approval_items": [TREES]})
    [told] = (await visitor.say("砍树审批要多久"))["messages"]
    assert (told["kind"], told["event"]) == ("text", "held")
    [held] = (await li.get("approvals"))["approvals"]
    assert (held["question"], held["answer"]["item_id"], held["state"]) == ("砍树审批要多久", TREES, "held")
    decisions = await asyncio.gather(*(li.post(f"approvals/{held['id']}/approve") for _ in range(3)))
    assert sorted(reply.status_code for reply in decisions) == [200, 409, 409]
    answers = [message for message in await visitor.history() if message["kind"] == "answer"]
    assert [(answer["sender"], answer["text"]) for answer in answers] == [("bot", held["text"])]
    assert (await visitor.say("那要交什么材料"))["messages"][0]["event"] == "held"
    assert (await li.get("approvals"))["approvals"][0]["answer"]["item_id"] == TREES


async def test_an_answer_held_while_nobody_is_on_duty_promises_nothing_and_offers_a_person(http, visitor, boss):
    await boss.put("mode", {"approval_items": [TREES]})
    [held] = (await visitor.say("砍树审批要多久"))["messages"]
    assert held["event"] == "held" and "说不准什么时候" in held["text"]
    [again] = (await visitor.say("砍树要交什么材料"))["messages"]
    assert again["text"] != held["text"]
    await boss.come()
    [promised] = (await visitor.say("砍树要多少钱"))["messages"]
    assert "说不准" not in promised["text"]
    assert [message["options"][0]["payload"] for message in (held, again, promised)] == ["human"] * 3
    await boss.come("offline")
    other = await start(http)
    await other.say("砍树审批要多久")
    [registered] = (await other.say("是的"))["messages"]
    assert registered["event"] == "unstaffed"
    asked = (await other.post("callback", {"phone": "13812345678"})).json()
    assert asked["ticket_number"] in registered["text"]


async def test_an_edited_answer_comes_from_a_person_and_a_rejected_one_offers_one(visitor, li, boss):
    await boss.put("mode", {"approval_items": [TREES]})
    await visitor.say("砍树审批要多久")
    [held] = (await li.get("approvals"))["approvals"]
    await li.post(f"approvals/{held['id']}/edit", {"text": "这要看树在哪里。"})
    last = (await visitor.history())[-1]
    assert (last["sender"], last["text"], last["answer"]) == ("agent", "这要看树在哪里。", None)
    await visitor.say("砍树要交什么材料")
    [held] = (await li.get("approvals"))["approvals"]
    assert (await li.post(f"approvals/{held['id']}/reject")).json()["state"] == "rejected"
    assert (await visitor.history())[-1]["options"][0]["payload"] == "human"
    assert (await visitor.say("是的"))["state"] == "queued"


async def test_an_answer_approved_after_a_helper_took_over_is_a_suggestion_to_them(visitor, li, boss):
    await boss.put("mode", {"approval_items": [TREES]})
    await visitor.say("砍树审批要多久")
    await visitor.post("handoff", {})
    ticket = await li.take_next()
    [held] = (await li.get("approvals"))["approvals"]
    await li.post(f"approvals/{held['id']}/approve")
    assert not [message for message in await visitor.history() if message["kind"] == "answer"]
    late = (await li.get(f"tickets/{ticket['id']}"))["suggestions"][0]
    assert late["late"] and late["entry_id"] == held["answer"]["entry_id"]


async def test_a_notice_is_there_for_every_visitor_until_it_is_taken_away(http, boss):
    both = {"zh": "今天系统维护", "en": "Maintenance today"}
    assert (await boss.put("notice", {"notice": both})).json()["notice"] == both
    assert (await http.get("/api/v1/notice")).json() == {"notice": both}
    await boss.put("notice", {"notice": None})
    assert (await http.get("/api/v1/notice")).json() == {"notice": None}


async def test_suggestions_are_in_the_visitors_language_and_in_both_to_read(http, li, retriever):
    visitor = await start(http, language="en")
    await visitor.say("How long does it take to get approval to fell a tree?")
    await visitor.post("handoff", {})
    ticket = await li.take_next()
    best = (await li.get(f"tickets/{ticket['id']}"))["suggestions"][0]
    entry = retriever.base.entries[best["entry_id"]]
    assert (best["item_id"], best["facet"], best["late"]) == (TREES, "time_limit", False)
    assert best["text"] == entry.answer.en and best["texts"] == entry.answer.model_dump()
    assert best["titles"]["zh"] == "砍伐城市树木审批 · 办理时限" and best["title"] == best["titles"]["en"]
    searched = (await li.get("suggestions", q="店招怎么设", language="en"))["suggestions"]
    assert searched[0]["item_id"] == "outdoor-signboard"


async def test_suggestions_follow_up_on_what_the_conversation_is_about(visitor, li):
    ticket = await with_ticket(visitor, li)

    async def best(words):
        shown = (await li.get(f"tickets/{ticket['id']}"))["suggestions"]
        searched = (await li.get("suggestions", q=words, language="zh", ticket_id=ticket["id"]))["suggestions"]
        assert searched == shown
        return shown[0]["entry_id"]

    await visitor.say("那要多少钱？")
    assert await best("那要多少钱？") == f"{TREES}.fee"
    await visitor.say("那户外招牌呢？")
    assert await best("那户外招牌呢？") == "outdoor-signboard.fee"
    await visitor.say("要交什么材料")
    assert await best("要交什么材料") == "outdoor-signboard.materials"
    helpers_own = await li.get("suggestions", q="办理时限", language="zh", ticket_id=ticket["id"])
    assert helpers_own["suggestions"][0]["entry_id"] == "outdoor-signboard.time_limit"
    unknown = await li.http.get(f"{DESK}/suggestions", params={"q": "费用", "ticket_id": "0" * 32}, headers=li.key)
    assert unknown.status_code == 404


async def test_a_correction_is_read_once(visitor, li):
    ticket = await with_ticket(visitor, li)
    await visitor.say("临时占用绿地要多少钱")
    await visitor.say("不是，我说的是砍树")
    for _ in range(2):
        assert (await li.get(f"tickets/{ticket['id']}"))["suggestions"][0]["item_id"] == TREES


async def test_every_canned_reply_can_be_filled_in_for_a_ticket(visitor, li):
    ticket = await with_ticket(visitor, li)
    variables = (await li.get(f"tickets/{ticket['id']}"))["variables"]
    replies = (await li.get("canned"))["canned"]
    assert len(replies) >= 5
    for reply in replies:
        for language in ("zh", "en"):
            filled = reply["text"][language].format(**{name: told[language] for name, told in variables.items()})
            assert "{" not in filled
    assert variables["number"]["zh"] == ticket["number"] and "砍伐" in variables["item"]["zh"]


async def test_a_canned_reply_is_written_replaced_and_taken_away(boss):
    wish = {"title": {"zh": "你好", "en": "Hi"}, "text": {"zh": "{number}", "en": "{number}"}}
    assert (await boss.put("canned/hello", wish)).status_code == 200
    [hello] = [reply for reply in (await boss.get("canned"))["canned"] if reply["id"] == "hello"]
    assert (hello["built_in"], hello["text"]["zh"]) == (False, "{number}")
    gone = await boss.http.delete("/api/v1/desk/canned/hello", headers=boss.key)
    assert gone.status_code == 204
    assert "hello" not in [reply["id"] for reply in (await boss.get("canned"))["canned"]]
    [hello] = [reply for reply in (await boss.get("canned", retired="true"))["canned"] if reply["id"] == "hello"]
    assert (hello["retired"], hello["text"]["zh"]) == (True, "{number}")
    assert (await boss.put("canned/hello", wish)).json()["retired"] is False


@pytest.mark.parametrize("shown", ["{phone}", "{}", "{number!r}", "{number:>9}", "{ number }", "{{number}}", "{", "}"])
async def test_a_canned_reply_with_braces_that_nothing_fills_in_is_refused_by_name(boss, li, shown):
    wish = {"title": {"zh": "你好", "en": "Hi"}, "text": {"zh": "{number}", "en": f"See {shown}."}}
    before = await li.get("canned")
    wrong = await boss.put("canned/hello", wish)
    told = wrong.json()
    assert (wrong.status_code, told["type"].split(":")[-1]) == (422, "unknown-variable")
    assert told["variable"] in shown and "{number}" in told["detail"] and told["variable"] in told["detail"]
    assert await li.get("canned") == before


async def test_helpers_are_told_which_variables_there_are(visitor, li):
    ticket = await with_ticket(visitor, li)
    variables = (await li.get("canned"))["variables"]
    assert set(variables) == set((await li.get(f"tickets/{ticket['id']}"))["variables"])


async def test_past_tickets_are_found_by_number_words_and_item(visitor, li):
    ticket = await with_ticket(visitor, li)
    await li.say(ticket, "要带上树木平面图，100%的图纸")
    await li.post(f"tickets/{ticket['id']}/resolve", {"outcome": "resolved"})
    for words in (ticket["number"], "平面图", "100%", "砍伐城市树木"):
        assert [found["id"] for found in (await li.get("search", q=words))["tickets"]] == [ticket["id"]], words
    assert (await li.get("search", q="平面图"))["tickets"][0]["snippet"].startswith("要带上")
    assert (await li.get("search", q="0%0"))["tickets"] == []


def proposal(message, **more):
    return {
        "message_id": message["id"],
        "item_id": TREES,
        "facet": "time_limit",
        "question": {"zh": "砍伐城市树木审批要多久"},
        "answer": {"zh": message["text"]},
        **more,
    }


async def test_a_promoted_reply_is_a_draft_with_warnings_and_is_never_published(http, visitor, li, retriever):
    ticket = await with_ticket(visitor, li)
    said = await li.say(ticket, "要999个工作日。")
    revision = retriever.revision
    wish = {"outcome": "resolved", "promote": proposal(said, source="窗口", effective="2026-12-01")}
    assert (await li.post(f"tickets/{ticket['id']}/resolve", wish)).status_code == 200
    keeper = await sign_in(http, "keeper", "maintainer")
    [draft] = (await keeper.get("promotions", state="open"))["promotions"]
    assert (draft["helper"], draft["answer"]["zh"], draft["effective"]) == ("li", "要999个工作日。", "2026-12-01")
    warned = {(warning["kind"], warning["entry_id"]) for warning in draft["warnings"]}
    assert ("near_duplicate", f"{TREES}.time_limit") in warned
    assert any(kind == "contradiction" for kind, _ in warned)
    assert retriever.revision == revision
    assert (await keeper.post(f"promotions/{draft['id']}/close", {"state": "taken"})).json()["state"] == "taken"
    assert (await keeper.post(f"promotions/{draft['id']}/close", {"state": "taken"})).status_code == 409


async def test_erasing_a_conversation_takes_the_question_from_a_draft_and_leaves_the_helpers_answer(http, visitor, li):
    ticket = await with_ticket(visitor, li)
    said = await li.say(ticket, "要带平面图。")
    await li.post(f"tickets/{ticket['id']}/promotions", proposal(said, source="窗口"))
    await visitor.erase()
    keeper = await sign_in(http, "keeper", "maintainer")
    [draft] = (await keeper.get("promotions"))["promotions"]
    assert (draft["question"], draft["answer"]["zh"], draft["source"]) == ({}, "要带平面图。", "窗口")


async def test_only_a_helpers_own_words_of_this_ticket_are_promoted(visitor, li):
    ticket = await with_ticket(visitor, li)
    asked = next(message for message in await visitor.history() if message["sender"] == "visitor")
    refused = await li.post(f"tickets/{ticket['id']}/promotions", proposal(asked))
    assert (refused.status_code, refused.json()["type"].split(":")[-1]) == (422, "unknown-message")


async def test_every_change_at_the_desk_is_in_the_audit_log_with_who_made_it_and_without_a_word(
    http, visitor, li, boss
):
    both = {"zh": "一句话", "en": "some words"}
    ticket = await with_ticket(visitor, li)
    said = await li.say(ticket, "这是说的话", client_id="once")
    assert await li.say(ticket, "这是说的话", client_id="once") == said
    await li.post(f"tickets/{ticket['id']}/notes", {"text": "这是备注"})
    draft = (await li.post(f"tickets/{ticket['id']}/promotions", proposal(said))).json()
    await li.post(f"tickets/{ticket['id']}/return")
    await boss.put("notice", {"notice": both})
    await boss.put("mode", {"everyone_to_people": True, "approval_items": [TREES, "outdoor-signboard"]})
    await boss.put("mode", {"everyone_to_people": False, "approval_items": [TREES]})
    await visitor.say("砍树审批要多久")
    [held] = (await li.get("approvals"))["approvals"]
    await li.post(f"approvals/{held['id']}/edit", {"text": "这是改过的话"})
    for _ in range(2):  # What changes nothing is no change.
        await boss.put("notice", {"notice": None})
        await boss.put("mode", {"everyone_to_people": False})
    await boss.put("canned/hello", {"title": both, "text": both})
    await boss.http.delete(f"{DESK}/canned/hello", headers=boss.key)
    keeper = await sign_in(http, "keeper", "maintainer")
    await keeper.post(f"promotions/{draft['id']}/close", {"state": "declined", "note": "这是说明"})

    admin = await sign_in(http, "chen", "admin")
    reply = await http.get("/api/v1/audit", headers=admin.key)
    told = [(entry["user"], entry["what"], entry["target"]) for entry in reversed(reply.json()["entries"])]
    assert [entry for entry in told if not entry[1].startswith("account_")] == [
        ("li", "ticket_accepted", ticket["id"]),
        ("li", "reply_sent", ticket["id"]),
        ("li", "note_written", ticket["id"]),
        ("li", "reply_promoted", draft["id"]),
        ("li", "ticket_returned", ticket["id"]),
        ("boss", "notice_shown", "notice"),
        ("boss", "everyone_sent_to_people", "mode"),
        ("boss", "approval_begun", "outdoor-signboard"),
        ("boss", "approval_begun", TREES),
        ("boss", "everyone_sent_to_people_ended", "mode"),
        ("boss", "approval_ended", "outdoor-signboard"),
        ("li", "answer_edited", held["id"]),
        ("boss", "notice_taken_away", "notice"),
        ("boss", "canned_reply_written", "hello"),
        ("boss", "canned_reply_removed", "hello"),
        ("keeper", "promotion_declined", draft["id"]),
    ]
    assert not any(words in reply.text for words in ("这是", "一句话", "some words", "砍树"))
