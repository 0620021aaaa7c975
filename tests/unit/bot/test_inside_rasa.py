"""The bot's components, used as Rasa uses them, in the bot's own environment (inside_rasa.py)."""

import json
import subprocess

import pytest

from api.bot_process import PYTHON
from api.settings import CHECKOUT


@pytest.fixture(scope="module")
def came_of(tmp_path_factory):
    done = subprocess.run(
        [str(PYTHON), "-W", "ignore", "-m", "tests.unit.bot.inside_rasa", str(tmp_path_factory.mktemp("rasa"))],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_what_is_kept_of_a_conversation_stops_growing(came_of):
    sizes = came_of["tracker_store"]["sizes"]
    assert len(set(sizes[10:])) == 1
    assert sizes[-1] < 60


def test_a_restarted_bot_knows_the_slots_of_long_ago_and_the_last_turns(came_of):
    kept = came_of["tracker_store"]
    assert kept["slots"] == {"item": "tree", "facet": "facet-199", "decision": "answer"}
    assert kept["intents"] == ["ask"] * 6
    assert kept["last_action"] == "action_listen"
    assert kept["stranger"] is None


def test_neither_words_nor_embeddings_are_kept(came_of):
    stored = came_of["tracker_store"]["stored"]
    assert "秘密" not in stored and "QUJD" not in stored


def test_policies_see_the_same_recent_turns_after_pruning(came_of):
    pruned, whole = came_of["pruned_states"]
    assert pruned == whole


def test_a_result_for_a_named_item_makes_a_question_of_doubtful_words(came_of):
    assert came_of["settled"]["found_for_a_named_item"] == "ask"
    assert came_of["settled"]["found_for_the_conversations_item"] == "thanks"
    assert came_of["settled"]["doubtful_act_for_the_conversations_item"] == "ask"
    assert came_of["settled"]["nothing_found"] == "thanks"


def test_what_the_search_found_is_ours_however_foreign_its_words_look(came_of):
    assert came_of["settled"]["foreign_words_for_a_named_item"] == "ask"
    assert came_of["settled"]["foreign_words_for_the_conversations_item"] == "ask"
    assert came_of["settled"]["foreign_words_for_several_items"] == "ask"


def test_a_story_about_what_was_found_is_no_case_to_be_looked_up(came_of):
    assert came_of["settled"]["story_that_sounds_like_a_case"] == "ask"
    assert came_of["settled"]["case_about_a_named_item"] == "named_case"


def test_a_question_that_names_no_item_is_foreign_where_the_words_are(came_of):
    assert came_of["settled"]["foreign_words_for_no_item"] == "out_of_scope"
    assert came_of["settled"]["doubtful_words_for_no_item"] == "ask"


def test_nothing_can_have_failed_before_anything_was_said(came_of):
    assert came_of["settled"]["did_not_help"] == "not_resolved"
    assert came_of["settled"]["did_not_help_before_anything_was_said"] == "ask"


def test_only_whoever_waits_for_a_person_asks_how_long_one_takes(came_of):
    assert came_of["settled"]["wait_of_whoever_waits"] == "ask_wait"
    assert came_of["settled"]["wait_of_nobody"] == "ask"


def test_a_doubtful_question_without_an_answer_is_read_as_the_next_best(came_of):
    assert came_of["settled"]["doubted_question_without_answer"] == "out_of_scope"
    assert came_of["settled"]["likely_question_without_answer"] == "ask"


def test_asking_for_a_person_is_heard_whatever_was_found(came_of):
    assert came_of["settled"]["human_and_answer"] == "ask_human"
    assert came_of["settled"]["human_in_words_that_pick"] == "ask_human"
    assert came_of["settled"]["human_in_words_never_searched"] == "choose"


def test_a_picked_option_is_a_choice(came_of):
    assert came_of["settled"]["words_that_pick"] == "choose"
    assert came_of["settled"]["button"] == "choose"
    assert came_of["settled"]["words_that_pick_nothing"] == "affirm"


def test_a_question_tells_its_subject(came_of):
    assert came_of["entities"]["question"] == {
        "decision": "answer",
        "topic": "new",
        "chosen": "no",
        "offered": "nothing",
        "failures": "none",
        "item": "tree",
        "facet": "fee",
        "entry": "tree.fee",
    }


def test_a_question_without_an_item_keeps_the_conversations_and_clears_the_entry(came_of):
    follow_up = came_of["entities"]["follow_up"]
    assert "item" not in follow_up
    assert (follow_up["facet"], follow_up["entry"]) == ("fee", "")


def test_thanks_leave_the_subject_alone(came_of):
    assert not {"item", "facet", "entry"} & set(came_of["entities"]["thanks"])


def test_without_evidence_there_are_no_entities(came_of):
    assert came_of["entities"]["no_evidence"] == {}


def test_embeddings_come_as_their_scaled_distance_from_the_mean(came_of):
    # mean of (1, 2) and (3, 4): (2, 3); scale 10; no vector: zeros
    found = came_of["features"]["with_vectors"]
    assert found["trained"] == [[-10, -10], [10, 10], [0, 0]]
    assert found["said"] == [[10, 10], [0, 0]]


def test_without_vectors_training_goes_on_with_zeros(came_of):
    found = came_of["features"]["without"]
    assert found["trained"] == [[0, 0, 0]] * 3
    assert found["said"] == [[30, 40, 50], [0, 0, 0]]


def test_an_embedding_is_little_endian_half_precision(came_of):
    assert came_of["features"]["decoded"] == [0.5, -1.0]


def test_where_classifier_and_search_disagree_whether_it_is_ours_the_visitor_is_asked(came_of):
    assert came_of["entities"]["two_opinions"]["decision"] == "clarify"
    assert came_of["entities"]["hardly_two_opinions"]["decision"] == "outside"
    assert came_of["entities"]["another_city"]["decision"] == "outside"
