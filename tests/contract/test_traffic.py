"""What is stored of visits is enough to tell what became of them, also when the visitor has erased the words."""

import datetime as dt

import pytest
from desk import settings_in, start

from api.clock import now
from api.storage.database import Database
from api.traffic import STEP_OF_ACT, recorded
from bot.protocol import Act
from evaluation.resolution import Outcome
from evaluation.traffic import enquiries, resolution

FELLING = "砍树审批要多久"


@pytest.fixture
async def database(tmp_path, http):
    opened = Database(settings_in(tmp_path).database)
    yield opened
    await opened.close()


async def became_of(database):
    told = await recorded(database, now() - dt.timedelta(hours=1))
    return [one.outcome for one in enquiries(told.turns, told.words)]


def test_every_act_of_the_bot_is_told_apart():
    assert set(STEP_OF_ACT) == set(Act)


async def test_an_answer_that_the_visitor_confirmed_is_confirmed(visitor, database):
    reply = await visitor.say(FELLING)
    assert await became_of(database) == [Outcome.UNCONFIRMED]
    await visitor.post("feedback", {"resolved": True, "message_id": reply["messages"][0]["id"]})
    assert await became_of(database) == [Outcome.CONFIRMED]


async def test_a_word_about_the_whole_session_counts_for_what_was_asked_last(visitor, database):
    await visitor.say(FELLING)
    await visitor.say("店招备案要交什么材料")
    await visitor.post("feedback", {"resolved": False})
    assert await became_of(database) == [Outcome.UNCONFIRMED, Outcome.UNRESOLVED]


async def test_asking_the_same_again_in_other_words_is_seen(visitor, database):
    await visitor.say(FELLING)
    await visitor.say("砍树的审批几天能下来")
    assert await became_of(database) == [Outcome.UNRESOLVED, Outcome.UNCONFIRMED]


async def test_a_person_called_in_words_or_by_the_button_is_seen(http, visitor, database):
    await visitor.say(FELLING)
    await visitor.say("转人工")
    other = await start(http)
    await other.say(FELLING)
    await other.post("handoff", {})
    assert await became_of(database) == [Outcome.ESCALATED, Outcome.ESCALATED]


async def test_an_erased_session_stays_in_the_figures_without_its_word(visitor, database):
    await visitor.say(FELLING)
    await visitor.post("feedback", {"resolved": True})
    await visitor.erase()
    assert await became_of(database) == [Outcome.UNCONFIRMED]


async def test_sessions_that_measure_the_desk_are_no_visitors(http, database):
    measuring = await start(http, channel="evaluation")
    await measuring.say(FELLING)
    await measuring.post("handoff", {})
    await measuring.post("feedback", {"resolved": True})
    assert await became_of(database) == []


async def test_no_traffic_gives_no_share_and_no_error(database):
    told = resolution([], now())
    assert await became_of(database) == [] and told.at_most.denominator == 0


async def test_answered_messages_come_with_what_the_conversation_was_about(http, visitor, database):
    await visitor.say(FELLING)
    await visitor.say("要交什么材料")
    await visitor.say("今天天气怎么样")
    await (await start(http)).say(FELLING)
    async with database.reading() as work:
        found = await work.traffic.answered(limit=10)
        assert [(one.text, one.context_item) for one in found] == [
            (FELLING, None), ("要交什么材料", "urban-tree-felling"),
        ]  # fmt: skip
        assert len(await work.traffic.answered(limit=1)) == 1


async def test_an_option_that_was_chosen_is_not_among_the_answered_messages(visitor, database):
    await visitor.choose(visitor.greeting["options"][0])
    async with database.reading() as work:
        assert list(await work.traffic.answered(limit=10)) == []
