import json

import httpx
import pytest

from api.bot_client import BotClient, BotUnavailable
from api.bot_process import conversations_path, token
from api.settings import Settings
from bot.conversations import Conversations
from bot.protocol import Act, Choice, Decision, Evidence

ANSWER = {"recipient_id": "s1", "custom": {"act": "answer", "item": "felling", "facet": "fee", "entry": "None"}}


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path)


def client(settings, answer):
    return BotClient(settings, transport=httpx.MockTransport(answer))


async def test_the_act_is_what_the_one_message_says(settings):
    bot = client(settings, lambda request: httpx.Response(200, json=[ANSWER]))
    assert await bot.choose("s1", "多少钱", Evidence(Decision.ANSWER)) == Choice(Act.ANSWER, "felling", "fee", None)


async def test_a_message_carries_sender_text_evidence_and_the_token(settings):
    sent = []

    def answer(request):
        sent.append(request)
        return httpx.Response(200, json=[ANSWER])

    told = Evidence(Decision.CLARIFY, item="felling")
    await client(settings, answer).choose("s1", "多少钱", told)
    assert json.loads(sent[0].content) == {"sender": "s1", "message": "多少钱", "metadata": told.to_metadata()}
    assert sent[0].headers["Authorization"] == f"Bearer {token(settings)}"


@pytest.mark.parametrize("said", ["/restart", "  /restart", "\u200b/restart", "\u3000/ask{}", "\ud800/back"])
async def test_a_command_leaves_as_text(settings, said):
    sent = []

    def answer(request):
        sent.append(json.loads(request.content)["message"])
        return httpx.Response(200, json=[ANSWER])

    await client(settings, answer).choose("s1", said, Evidence(Decision.ABSTAIN))
    assert not sent[0].strip().startswith("/")


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(500, text="broken"),
        httpx.Response(401, json={"error": "token"}),
        httpx.Response(200, text="not JSON"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=[ANSWER, ANSWER]),
        httpx.Response(200, json=[{"text": "prose"}]),
        httpx.Response(200, json=[{"custom": {"act": "dance"}}]),
        httpx.Response(200, json={"custom": {"act": "answer"}}),
    ],
)
async def test_anything_but_one_known_act_is_unavailable(settings, reply):
    with pytest.raises(BotUnavailable):
        await client(settings, lambda request: reply).choose("s1", "多少钱", Evidence(Decision.ANSWER))


async def test_a_message_that_may_have_arrived_is_not_sent_again(settings):
    tries = []

    def answer(request):
        tries.append(request)
        raise httpx.ReadTimeout("too slow", request=request)

    with pytest.raises(BotUnavailable):
        await client(settings, answer).choose("s1", "多少钱", Evidence(Decision.ANSWER))
    assert len(tries) == 1


async def test_an_engine_that_is_not_there_is_not_ready(tmp_path):
    absent = BotClient(Settings(data_dir=tmp_path, bot_port=1))
    assert not await absent.ready()
    with pytest.raises(BotUnavailable):
        await absent.choose("s1", "多少钱", Evidence(Decision.ANSWER))
    await absent.aclose()


async def test_a_forgotten_conversation_is_erased_from_the_engines_store(settings):
    bot = client(settings, lambda request: httpx.Response(200))
    kept = Conversations(conversations_path(settings))
    kept.write("s1", [{"event": "user"}])
    assert await bot.forget("s1")
    assert kept.read("s1") is None
