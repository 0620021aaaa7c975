"""The suites asked of the whole real service, a few of each."""

import asyncio
import datetime as dt

import pytest

from api.clock import now
from api.settings import Settings
from api.storage.database import Database
from api.traffic import recorded
from evaluation import runner, suites
from evaluation.suites import Part, part_of


def tuned(cases):
    return [case for case in cases if part_of(case.id) is Part.TUNE]


@pytest.fixture(scope="module")
def asked(stack):
    questions = tuned(suites.questions())[:3] + tuned(suites.questions())[-3:]
    return runner.ask_questions(stack.url, questions)


def test_a_question_is_resolved_only_where_the_conversation_ends_in_a_right_answer_in_its_language(asked):
    for one in asked:
        right = one.given in one.question.accepted and one.language_right and one.kinds[-1] == "answer"
        assert one.resolved == right and one.first == (right and one.choices == 0)
        assert len(one.kinds) == one.choices + 1 <= 3
        assert len(one.ranked) <= runner.SEARCHED


def test_every_reply_is_timed(asked):
    assert all(len(one.waited_ms) == len(one.kinds) and min(one.waited_ms) > 0 for one in asked)


def test_every_turn_of_a_dialogue_is_held_and_one_that_went_wrong_spoils_it(stack):
    dialogues = tuned(suites.dialogues())[:4]
    for dialogue, told in zip(dialogues, runner.hold_dialogues(stack.url, dialogues), strict=True):
        assert len(told.turns) == len(dialogue.turns)
        assert told.right == all(turn.right for turn in told.turns) == (told.told == "")


def test_a_mistyped_question_is_searched_for_as_it_is_typed(stack):
    (found,) = runner.search_distorted(stack.url, suites.distorted()[:1])
    assert found.ranked and found.case == suites.distorted()[0]


def test_what_the_evaluation_asks_is_no_visitors_traffic(stack, asked):
    async def turns():
        database = Database(Settings(data_dir=stack.data_dir).database)
        told = await recorded(database, now() - dt.timedelta(hours=1))
        sessions = {turn.session_id for turn in told.turns}
        async with database.reading() as work:
            kept = [await work.sessions.get(session_id) for session_id in sessions]
        await database.close()
        return kept

    assert "evaluation" not in {session.channel for session in asyncio.run(turns()) if session}
