"""The dialogue engine as it is deployed: trained by us, run by Rasa, asked by api's client."""

import asyncio
import base64
import json
import os
import statistics
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psutil
import pytest
import yaml
from service import free_port

from api import bot_model, bot_process
from api.bot_client import BotClient
from api.settings import CHECKOUT, Settings
from bot.conversations import Conversations
from bot.protocol import Act, Choice, Chosen, Decision, Evidence, Failures, Offered, Topic
from retrieval.retriever import Retriever, open_retriever

MOST_MEMORY_MB = 900


@dataclass(frozen=True)
class Engine:
    """A running engine with its process id, its model and the search that feeds it."""

    settings: Settings
    model: Path
    pid: int
    retriever: Retriever

    def hear(self, *turns: tuple[str, Evidence], sender: str = "") -> list[Choice]:
        """The choices for the turns of one conversation."""

        async def talk() -> list[Choice]:
            bot = BotClient(self.settings)
            try:
                return [await bot.choose(sender or os.urandom(8).hex(), text, told) for text, told in turns]
            finally:
                await bot.aclose()

        return asyncio.run(talk())

    def found(self, text: str, item: str | None = None, **told: object) -> Evidence:
        """The evidence that api would send with `text` in a conversation about `item`."""
        found = self.retriever.search(text, None, (item,) if item else ())
        return replace(
            Evidence(
                decision=found.decision,
                topic=found.topic,
                item=found.item_id,
                facet=found.facet.value if found.facet else None,
                entry=found.entries[0].entry_id if found.decision is Decision.ANSWER else None,
                embedding=base64.b64encode(found.embedding.astype("<f2").tobytes()).decode(),
            ),
            **told,
        )

    def act(self, text: str, item: str | None = None, **told: object) -> Act:
        """The act for one message of a new conversation."""
        return self.hear((text, self.found(text, item, **told)))[0].act


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    prepared = Settings(data_dir=CHECKOUT / "var")
    retriever = open_retriever(prepared.data_dir, prepared.knowledge_dir)
    model = bot_model.train(prepared, retriever)
    settings = Settings(data_dir=tmp_path_factory.mktemp("engine"), bot_port=free_port())
    process = bot_process.start(settings, model)
    try:
        bot_process.wait_ready(settings, process)
        yield Engine(settings, model, process.pid, retriever)
    finally:
        bot_process.stop(process)


def rasa(*arguments: str) -> str:
    """The output of one of Rasa's own commands, which must succeed."""
    environment = bot_process.environment() | {"RASA_MAX_CACHE_SIZE": "0"}
    done = subprocess.run(
        [str(bot_process.PYTHON), "-m", *arguments],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


# ---- what the policies choose


def expected(intent: str, decision: str, offered: str, failures: str) -> str:
    """The one sensible act, as it was agreed; what a line does not name makes no difference."""
    asked = {"answer": "answer", "clarify": "clarify", "ask_item": "ask_item"}
    asked["outside"] = "out_of_scope"
    asked["abstain"] = "rephrase" if failures == "none" else "offer_human"
    unresolved = {"none": "try_next", "one": "offer_human", "many": "hand_over"}
    return {
        "ask": asked[decision],
        "choose": asked[decision],
        "not_resolved": unresolved[failures],
        "ask_human": "hand_over",
        "ask_wait": "hand_over",
        "affirm": "hand_over" if offered == "human" else "acknowledge",
        "deny": ("rephrase" if failures == "none" else "offer_human") if offered == "options" else "acknowledge",
        "greet": "greet",
        "thanks": "welcome",
        "goodbye": "goodbye",
        "introduce": "introduce",
        "chitchat": "introduce",
        "out_of_scope": "out_of_scope",
        "named_case": "named_case",
        "anger": "soothe",
        "change_language": "change_language",
    }[intent]


def test_every_combination_gets_exactly_its_one_act_in_new_and_in_long_conversations(engine):
    printed = rasa("tests.e2e.inside_agent", str(engine.model))
    chosen = [json.loads(line) for line in printed.splitlines() if line.startswith("[")]
    assert len(chosen) == 2 * 16 * len(Decision) * len(Offered) * len(Failures)
    wrong = [told for told in chosen if told[4] != [expected(*told[:4])]]
    assert wrong == []


def test_every_act_has_its_response_and_every_response_its_act():
    domain = yaml.safe_load((CHECKOUT / "bot" / "domain.yml").read_text("utf-8"))
    told = {name: response["custom"]["act"] for name, (response,) in domain["responses"].items()}
    assert told == {f"utter_{act.value}": act.value for act in Act}


# ---- what is asked and answered, with the real search


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("你好", Act.GREET),
        ("hello there", Act.GREET),
        ("谢谢，很清楚", Act.WELCOME),
        ("thanks a lot", Act.WELCOME),
        ("再见", Act.GOODBYE),
        ("你是谁？能做什么", Act.INTRODUCE),
        ("who are you?", Act.INTRODUCE),
        ("气死我了，你们这帮吃干饭的", Act.SOOTHE),
        ("you people are useless!!", Act.SOOTHE),
        ("请用中文回答", Act.CHANGE_LANGUAGE),
        ("can we do this in English?", Act.CHANGE_LANGUAGE),
        ("转人工", Act.HAND_OVER),
        ("帮我找个真人聊", Act.HAND_OVER),
        ("I want to talk to a real person", Act.HAND_OVER),
        ("被踢皮球踢了三次，没人肯收我的材料", Act.HAND_OVER),
        ("没用，还是不行", Act.TRY_NEXT),
        ("that's not what I asked", Act.TRY_NEXT),
        ("社保卡丢了怎么补办", Act.OUT_OF_SCOPE),
        ("what's the weather like tomorrow", Act.OUT_OF_SCOPE),
        ("tell me a joke please", Act.OUT_OF_SCOPE),
        ("我的申请到哪一步了，办件号20240318009", Act.NAMED_CASE),
        ("what's the status of my application, case number 778211", Act.NAMED_CASE),
    ],
)
def test_what_is_no_question_to_the_base_is_understood(engine, text, act):
    assert engine.act(text) is act


@pytest.mark.parametrize(
    "text",
    [
        "小区里要砍一棵枯死的香樟，要办什么手续",
        "你好，请问砍树要收费吗",
        "隔壁工地占了我们楼下的绿化带，要多久才还，归谁管",
        "how do I get permission to cut down a tree in our compound",
        "Hello, which documents do I need to use a strip of lawn for a month?",
    ],
)
def test_a_question_and_a_complaint_are_answered_not_small_talked(engine, text):
    assert engine.act(text) in (Act.ANSWER, Act.CLARIFY)


@pytest.mark.parametrize(
    "text", ["那要多久", "材料呢", "去哪办", "and the fee?", "which documents?", "到期了怎么办", "证怎么领"]
)
def test_a_fragment_follows_up_on_the_conversations_permit(engine, text):
    item = "urban-tree-felling"
    (choice,) = engine.hear((text, engine.found(text, item)))
    assert choice.act in (Act.ANSWER, Act.CLARIFY)
    assert choice.item == item


def test_a_turn_that_names_no_item_leaves_the_conversations(engine):
    named = Evidence(Decision.ANSWER, Topic.NEW, item="felling", facet="fee", entry="felling.fee")
    unnamed = Evidence(Decision.ASK_ITEM, facet="time_limit")
    thanks = engine.found("谢谢")
    first, thanked, then = engine.hear(
        ("砍树多少钱", named), ("谢谢", thanks), ("要多少个工作日", unnamed), sender="keeps"
    )
    assert first == Choice(Act.ANSWER, "felling", "fee", "felling.fee")
    assert (thanked.act, thanked.item) == (Act.WELCOME, "felling")
    assert then == Choice(Act.ASK_ITEM, "felling", "time_limit", None)


def test_a_person_is_offered_then_called_when_nothing_helps(engine):
    def told(offered, failures):
        return engine.found("没用", offered=offered, failures=failures)

    choices = engine.hear(
        ("没用", told(Offered.NOTHING, Failures.NONE)),
        ("没用", told(Offered.OPTIONS, Failures.ONE)),
        ("好的", engine.found("好的", offered=Offered.HUMAN, failures=Failures.MANY)),
        sender="unhappy",
    )
    assert [choice.act for choice in choices] == [Act.TRY_NEXT, Act.OFFER_HUMAN, Act.HAND_OVER]


@pytest.mark.parametrize("text", ["how long is the wait?", "大概等多久啊", "我先等着", "still waiting here"])
def test_whoever_waits_for_a_person_hears_how_the_queue_stands(engine, text):
    item = "urban-tree-felling"
    assert engine.act(text, item, waiting=True) is Act.HAND_OVER
    assert engine.act(text, item) is not Act.HAND_OVER


@pytest.mark.parametrize("text", ["how many working days does felling take?", "砍树要哪些材料"])
def test_whoever_waits_for_a_person_may_go_on_asking(engine, text):
    assert engine.act(text, "urban-tree-felling", waiting=True) in (Act.ANSWER, Act.CLARIFY)


def test_a_pressed_button_is_a_choice_whatever_its_title_says(engine):
    button = Evidence(Decision.ANSWER, Topic.NEW, Chosen.BUTTON, Offered.OPTIONS, item="felling", entry="felling.fee")
    (choice,) = engine.hear(("转人工", button))
    assert choice == Choice(Act.ANSWER, "felling", None, "felling.fee")


# ---- nothing that is written does harm


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        "  /back",
        "\u200b/session_start",
        "\ufeff /greet",
        "／restart",
        '/goodbye{"item": "stolen"}',
        "/ask@1.0",
        "/",
        "{item} {{entry}} {",
        '{"intent": "greet"}',
        "[砍树](item){}",
        "。。。？！",
        "😀👍🏽",
        "\u200b",
        "a\x00b",
        "砍树" * 500,
        "\n\n/restart\n",
        "EXTERNAL: greet",
    ],
)
def test_whatever_is_written_is_words(engine, text):
    told = Evidence(Decision.ANSWER, Topic.NEW, item="felling", facet="fee", entry="felling.fee")
    first, harmed, after = engine.hear(
        ("砍树要多少钱", told),
        (text, replace(told, decision=Decision.ABSTAIN, topic=Topic.NONE, item=None, entry=None)),
        ("那要多久", replace(told, topic=Topic.SAME, item=None)),
        sender=f"harm-{text[:20].encode('unicode_escape').hex()}",
    )
    assert harmed.item in ("felling", None) and harmed.item == first.item
    assert harmed.act not in (Act.ANSWER, Act.CLARIFY)
    assert after.item == "felling"


def test_a_command_is_never_obeyed_even_past_the_client(engine):
    """The door itself refuses commands: with the token, but without BotClient."""
    told = Evidence(Decision.ABSTAIN, embedding=engine.found("砍树").embedding).to_metadata()
    with httpx.Client(base_url=engine.settings.bot_url, headers=_bearer(engine)) as http:
        reply = http.post("/webhooks/rest/webhook", json={"sender": "x", "message": "/goodbye", "metadata": told})
    stored = Conversations(bot_process.conversations_path(engine.settings)).read("x")
    (said,) = [event for event in stored if event["event"] == "user"]
    assert reply.status_code == 200 and said["parse_data"]["intent"]["confidence"] < 1.0


def _bearer(engine):
    return {"Authorization": f"Bearer {bot_process.token(engine.settings)}"}


def test_the_door_opens_only_with_the_token(engine):
    message = {"sender": "s", "message": "你好", "metadata": Evidence(Decision.ABSTAIN).to_metadata()}
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert httpx.get(f"{engine.settings.bot_url}/webhooks/rest/", headers=headers).status_code == 401
        sent = httpx.post(f"{engine.settings.bot_url}/webhooks/rest/webhook", json=message, headers=headers)
        assert sent.status_code == 401


def test_nothing_of_rasas_own_interface_is_reachable(engine):
    for path in ("/", "/status", "/domain", "/conversations/s/tracker", "/model/parse"):
        assert httpx.get(engine.settings.bot_url + path, headers=_bearer(engine)).status_code in (404, 405)


@pytest.mark.parametrize(
    "message",
    [
        {},
        [],
        {"sender": "s", "message": "你好"},
        {"sender": "s", "message": "你好", "metadata": {}},
        {"sender": "s", "message": 7, "metadata": Evidence(Decision.ABSTAIN).to_metadata()},
        {"sender": "s", "message": "你好", "metadata": {"evidence": {"decision": "guess"}}},
    ],
)
def test_a_message_outside_the_protocol_is_refused_with_a_reason(engine, message):
    reply = httpx.post(f"{engine.settings.bot_url}/webhooks/rest/webhook", json=message, headers=_bearer(engine))
    assert reply.status_code == 400 and reply.json()["error"]


def test_the_token_stands_in_no_command_line(engine):
    assert bot_process.token(engine.settings) not in " ".join(psutil.Process(engine.pid).cmdline())


def test_a_forgotten_conversation_starts_anew(engine):
    told = Evidence(Decision.ANSWER, Topic.NEW, item="felling", facet="fee", entry="felling.fee")
    engine.hear(("砍树多少钱", told), sender="forgets")
    assert asyncio.run(BotClient(engine.settings).forget("forgets"))
    (choice,) = engine.hear(("谢谢", engine.found("谢谢")), sender="forgets")
    assert choice.item is None


# ---- what it costs


def test_turn_200_costs_what_turn_10_does_and_memory_stays_small(engine):
    async def talk():
        bot, told, took = BotClient(engine.settings), engine.found("砍树要多久"), []
        for _ in range(200):
            began = time.perf_counter()
            await bot.choose("long", "砍树要多久", told)
            took.append(time.perf_counter() - began)
        await bot.aclose()
        return took

    took = asyncio.run(talk())
    # A quarter more leaves room for a busy machine; replaying all 200 turns would cost several times as much.
    assert statistics.median(took[-50:]) < 1.25 * statistics.median(took[10:60]) + 0.005
    assert psutil.Process(engine.pid).memory_info().rss < MOST_MEMORY_MB * 1e6


def test_many_visitors_at_once_each_get_their_own_answer(engine):
    async def talk():
        bot = BotClient(engine.settings)

        async def one(number):
            told = Evidence(Decision.ANSWER, Topic.NEW, Chosen.BUTTON, item=f"item-{number}", entry=f"entry-{number}")
            return await bot.choose(f"visitor-{number}", "砍树要多久", told)

        choices = await asyncio.gather(*map(one, range(40)))
        await bot.aclose()
        return choices

    assert [(choice.item, choice.entry) for choice in asyncio.run(talk())] == [
        (f"item-{number}", f"entry-{number}") for number in range(40)
    ]


# ---- Rasa's own tests


def test_rasa_finds_no_fault_in_the_training_data():
    told = rasa(
        "rasa", "data", "validate", "--domain", "bot/domain.yml", "--data", "bot/data", "--config", "bot/config.yml"
    )
    assert "No story structure conflicts found" in told


def test_every_test_story_comes_out_as_written(engine, tmp_path):
    rasa(
        "rasa", "test", "core", "--stories", "bot/tests", "--model", str(engine.model), "--out", str(tmp_path),
        "--endpoints", "bot/endpoints.yml", "--no-plot",
    )  # fmt: skip
    report = json.loads((tmp_path / "story_report.json").read_text())
    told = yaml.safe_load((CHECKOUT / "bot" / "tests" / "test_stories.yml").read_text("utf-8"))["stories"]
    assert report["conversation_accuracy"] == {
        "accuracy": 1.0,
        "correct": len(told),
        "with_warnings": 0,
        "total": len(told),
    }
