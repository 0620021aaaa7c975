import asyncio
import itertools

import pytest
from desk import start


async def test_an_answer_carries_its_entry_exactly_as_the_contract_says(visitor, retriever):
    reply = await visitor.say("砍树审批要多久")
    assert set(reply) == {"messages", "state", "language"}
    assert (reply["state"], reply["language"]) == ("bot", "zh")
    [message] = reply["messages"]
    answer = message["answer"]
    assert message["kind"] == "answer"
    assert set(answer) == {
        "entry_id", "item_id", "facet", "title", "confidence", "as_of", "revision", "sources", "to_confirm",
    }  # fmt: skip
    entry = retriever.base.entries[answer["entry_id"]]
    assert (answer["item_id"], answer["facet"]) == ("urban-tree-felling", "time_limit") == (entry.item_id, entry.facet)
    assert message["text"] == entry.answer.zh
    assert answer["title"] == "砍伐城市树木审批 · 办理时限"
    assert 0 < answer["confidence"] <= 1 and answer["revision"] == retriever.revision
    assert all({"title", "reference"} <= set(source) <= {"title", "reference", "url"} for source in answer["sources"])
    assert 1 <= len(message["options"]) <= 4
    assert all(option["item_id"] and option["facet"] for option in message["options"])


async def test_the_reply_follows_the_visitors_language_and_short_words_change_nothing(visitor):
    assert (await visitor.say("How long does it take to get approval to fell a tree?"))["language"] == "en"
    assert (await visitor.say("ok"))["language"] == "en"
    assert (await visitor.say("砍树要交什么材料"))["messages"][0]["language"] == "zh"
    assert (await visitor.say("2"))["language"] == "zh"


async def test_every_option_of_a_clarification_leads_on(http, visitor):
    clarified = (await visitor.say("手续"))["messages"][0]
    assert clarified["kind"] == "clarify" and 2 <= len(clarified["options"]) <= 5
    for option in clarified["options"]:
        if option["payload"] == "none":
            continue
        [message] = (await visitor.choose(option))["messages"]
        assert message["kind"] == "answer" and message["answer"]["confidence"] == 1
        assert (message["answer"]["item_id"], message["answer"]["facet"]) == (option["item_id"], option["facet"])


async def test_an_earlier_option_can_still_be_chosen(visitor):
    first = visitor.greeting["options"][0]
    await visitor.say("你好")
    await visitor.say("谢谢")
    assert (await visitor.choose(first))["messages"][0]["answer"]["item_id"] == first["item_id"]


@pytest.mark.parametrize("payload", ["entry:urban-tree-felling.fee", "human", "nonsense", "ask:x/y", "/restart"])
async def test_a_payload_that_was_never_offered_is_refused(visitor, payload):
    reply = await visitor.post("messages", {"payload": payload})
    assert reply.status_code == 422 and reply.json()["type"].endswith("unknown-option")
    assert len(await visitor.history()) == 1


@pytest.mark.parametrize("words", ["2", "２", "第二个", "选二", "the second one", "②"])
async def test_a_typed_number_chooses_among_the_last_options(visitor, words, bot):
    second = visitor.greeting["options"][1]
    [message] = (await visitor.say(words))["messages"]
    assert message["answer"]["item_id"] == second["item_id"]
    _, told, evidence = bot.told[-1]
    assert (told, evidence.chosen.value, evidence.decision.value) == (second["title"], "words", "answer")


async def test_a_chosen_option_stands_in_the_history_with_its_words(visitor):
    option = visitor.greeting["options"][0]
    await visitor.choose(option)
    assert (await visitor.history())[1]["text"] == option["title"]


async def test_another_language_is_had_for_the_asking_with_the_last_answer_again(visitor):
    [answer] = (await visitor.say("砍树要多久"))["messages"]
    reply = await visitor.say("in English please")
    [again] = reply["messages"]
    assert (reply["language"], again["language"], again["kind"]) == ("en", "en", "answer")
    assert again["answer"]["entry_id"] == answer["answer"]["entry_id"] and "working days" in again["text"]
    [answer] = (await visitor.say("2"))["messages"]
    assert answer["language"] == "en"


async def test_another_language_before_anything_was_answered_is_promised(visitor):
    [message] = (await visitor.say("in English please"))["messages"]
    assert (message["kind"], message["language"], message["answer"]) == ("text", "en", None)
    assert message["options"] and "English" in message["text"]


async def test_anger_is_heard_and_offered_a_person(visitor):
    [message] = (await visitor.say("你们是吃干饭的吗"))["messages"]
    assert message["kind"] == "text" and message["options"][-1]["payload"] == "human"
    [handed] = (await visitor.say("是的"))["messages"]
    assert handed["kind"] == "handoff" and "BB-" in handed["text"]


async def test_the_same_client_id_gets_the_first_reply_and_is_processed_once(visitor, bot):
    first = await visitor.say("砍树要多久", client_id="a-1")
    again = await visitor.say("完全不同的话", client_id="a-1")
    assert again == first
    assert len(bot.told) == 1 and len(await visitor.history()) == 3
    assert (await visitor.history())[1]["client_id"] == "a-1"


async def test_two_requests_with_one_client_id_at_once_are_processed_once(visitor, bot):
    bot.takes_s = 0.05
    replies = await asyncio.gather(*(visitor.say("砍树要多久", client_id="same") for _ in range(4)))
    assert all(reply == replies[0] for reply in replies)
    assert len(bot.told) == 1


async def test_the_same_client_id_in_another_session_is_another_message(http, visitor, bot):
    other = await start(http)
    await visitor.say("你好", client_id="x")
    await other.say("你好", client_id="x")
    assert len(bot.told) == 2


async def test_messages_of_one_session_are_answered_in_the_order_received(visitor, bot):
    bot.takes_s = 0.02
    said = [f"第{n}句：砍树要办什么" for n in range(6)]
    await asyncio.gather(*(visitor.say(text) for text in said))
    history = await visitor.history()
    assert [message["text"] for message in history[1::2]] == said
    assert [message["sender"] for message in history[1:]] == ["visitor", "bot"] * 6


async def test_sessions_do_not_wait_for_each_other(http, bot):
    visitors = [await start(http) for _ in range(5)]
    bot.takes_s = 0.5
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(visitor.say("你好") for visitor in visitors))
    assert asyncio.get_running_loop().time() - began < 5 * 0.5


async def test_while_the_bot_is_down_nothing_is_lost(visitor, bot):
    bot.is_down = True
    refused = await visitor.post("messages", {"text": "砍树要多久", "client_id": "later"})
    assert refused.status_code == 503 and int(refused.headers["retry-after"]) > 0
    assert refused.json()["type"].endswith("assistant-unavailable")
    bot.is_down = False
    assert (await visitor.say("砍树要多久", client_id="later"))["messages"][0]["kind"] == "answer"
    assert len(await visitor.history()) == 3


async def test_a_person_can_be_called_while_the_bot_is_down(visitor, bot):
    [offer] = (await visitor.say("什么都没有"))["messages"]
    bot.is_down = True
    human = next(option for option in offer["options"] if option["payload"] == "human")
    [message] = (await visitor.choose(human))["messages"]
    assert message["kind"] == "handoff" and "BB-" in message["text"]


async def test_what_failed_is_never_said_twice_in_a_row(visitor):
    texts = [(await visitor.say("什么都没有"))["messages"][0]["text"] for _ in range(6)]
    assert all(before != after for before, after in itertools.pairwise(texts))


async def test_after_an_answer_that_did_not_help_others_are_offered_then_a_person(visitor):
    answered = (await visitor.say("砍树审批要多久"))["messages"][0]["answer"]["entry_id"]
    [other] = (await visitor.say("没用"))["messages"]
    assert other["kind"] == "clarify" and f"entry:{answered}" not in [option["payload"] for option in other["options"]]
    [person] = (await visitor.say("没用"))["messages"]
    assert person["kind"] == "handoff" and person["options"][0]["payload"] == "human"
    [called] = (await visitor.say("是的"))["messages"]
    assert "BB-" in called["text"]


async def test_negative_feedback_is_told_to_the_bot_and_positive_feedback_clears_it(visitor, bot):
    answer = (await visitor.say("砍树审批要多久"))["messages"][0]["id"]
    for _ in range(2):  # a second click on the same button is the same failure
        assert (await visitor.post("feedback", {"message_id": answer, "resolved": False})).status_code == 204
    await visitor.say("谢谢")
    assert bot.told[-1][2].failures.value == "one"
    await visitor.post("feedback", {"message_id": answer, "resolved": True, "rating": 5, "comment": "好"})
    await visitor.say("谢谢")
    assert bot.told[-1][2].failures.value == "none"


async def test_feedback_on_an_unknown_message_is_refused(visitor):
    reply = await visitor.post("feedback", {"message_id": "nonsense", "resolved": True})
    assert reply.status_code == 422 and reply.json()["type"].endswith("unknown-message")


@pytest.mark.parametrize(
    "body", [{}, {"resolved": "yes"}, {"resolved": True, "rating": 6}, {"resolved": True, "rating": 0}]
)
async def test_feedback_is_checked(visitor, body):
    reply = await visitor.post("feedback", body)
    assert reply.status_code == 422 and reply.json()["errors"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("你好", "text"), ("谢谢", "text"), ("你是谁", "text"), ("转人工", "handoff"), ("今天天气怎么样", "out_of_scope"),
     ("我的申请办到哪一步了", "text"), ("再见", "text")],
)  # fmt: skip
async def test_the_kind_says_what_the_message_does(visitor, text, kind):
    assert (await visitor.say(text))["messages"][0]["kind"] == kind


async def test_personal_data_reaches_neither_history_nor_bot_nor_database(visitor, bot, tmp_path):
    secrets = ("13812345678", "11010519491231002X", "zhang@example.com", "沪A12345", "021-62345678")
    await visitor.say("我姓张，" + "，".join(secrets) + "，砍树要多久，打12345也没人接")
    said = (await visitor.history())[1]["text"]
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("bangban.db*")).decode("utf-8", "ignore")
    for secret in secrets:
        assert secret not in said and secret not in bot.told[-1][1] and secret not in stored
    assert "12345也没人接" in said


async def test_a_handoff_opens_one_ticket_and_says_what_happens_next(visitor, tmp_path):
    first = await visitor.post("handoff", {"reason": "想当面问，电话13812345678"})
    told = first.json()
    assert first.status_code == 202
    assert (told["state"], told["position"], told["expected_wait_s"]) == ("bot", None, None)
    assert told["ticket_number"].startswith("BB-") and told["ticket_number"] in told["message"]["text"]
    again = (await visitor.post("handoff", {})).json()
    assert again["ticket_number"] == told["ticket_number"] and again["message"] is None
    handoffs = [message for message in await visitor.history() if message["kind"] == "handoff"]
    assert handoffs == [told["message"]]
    assert b"13812345678" not in b"".join(path.read_bytes() for path in tmp_path.glob("bangban.db*"))


async def test_tickets_are_numbered_through_the_day(http, visitor):
    other = await start(http)
    numbers = [(await one.post("handoff", {})).json()["ticket_number"] for one in (visitor, other)]
    assert int(numbers[1][-4:]) == int(numbers[0][-4:]) + 1
