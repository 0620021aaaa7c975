from dataclasses import replace

import pytest

from api.conversation import Conversation, Option
from api.references import items_meant, other_half, what_is_asked
from api.settings import CHECKOUT
from bot.protocol import Act
from knowledge.loader import load


@pytest.fixture(scope="module")
def base():
    return load(CHECKOUT / "knowledge")


def _conversation(**more):
    shown = ("tree-relocation.time_limit", "outdoor-signboard.where", "urban-tree-felling.fee")
    return Conversation("s", "zh", "bot", **{"item_id": "urban-tree-felling", "facet": "fee", "shown": shown, **more})


@pytest.mark.parametrize(
    "text",
    [
        "回到刚才那个，要多久",
        "还是回到店招那个，罚得重吗",
        "前面那个证呢",
        "the earlier one, does it expire",
        "back to that",
    ],
)
def test_going_back_leads_to_the_item_before(base, text):
    assert items_meant(text, _conversation(), base) == ("outdoor-signboard",)


@pytest.mark.parametrize("text", ["一开始问的那个，材料呢", "going back to my first question, how long"])
def test_going_back_to_the_first_leads_there(base, text):
    assert items_meant(text, _conversation(), base) == ("tree-relocation",)


@pytest.mark.parametrize("text", ["那要多久", "how long does that take", "刚才" + "有人来看过我家门口的树，" * 8])
def test_everything_else_is_about_the_item_of_the_conversation(base, text):
    assert items_meant(text, _conversation(), base) == ("urban-tree-felling",)


def test_without_another_item_there_is_nothing_to_go_back_to(base):
    conversation = _conversation(shown=("urban-tree-felling.fee",))
    assert items_meant("回到刚才那个", conversation, base) == ("urban-tree-felling",)


@pytest.mark.parametrize("text", ["第二个问题呢", "so the second part?"])
def test_the_second_part_of_a_double_question_is_the_next_candidate_of_the_same_item(base, text):
    candidates = ("urban-tree-felling.fee", "tree-relocation.fee", "urban-tree-felling.time_limit")
    conversation = _conversation(last_act=Act.ANSWER.value, candidates=candidates)
    assert other_half(text, conversation, base).entry_id == "urban-tree-felling.time_limit"
    assert other_half("谢谢", conversation, base) is None
    assert other_half(text, _conversation(candidates=candidates), base) is None


def test_after_a_question_back_a_bare_follow_up_is_about_what_was_offered(base):
    options = tuple(
        Option(item_id, f"entry:{item_id}.overview", item_id, "overview")
        for item_id in ("park-event-permit", "park-event-permit", "temporary-street-occupation")
    )
    both = ("park-event-permit", "temporary-street-occupation")
    asked = _conversation(last_act=Act.CLARIFY.value, last_options=options)
    assert items_meant("who do we send it to", asked, base) == both
    assert items_meant("who do we send it to", replace(asked, item_id=None), base) == both
    assert items_meant("who do we send it to", replace(asked, item_id=both[0]), base) == both[:1]
    assert items_meant("any fee", replace(asked, last_act=Act.GREET.value), base) == ("urban-tree-felling",)
    hot = Option("Felling", "item:urban-tree-felling", "urban-tree-felling", "overview")
    refused = replace(asked, item_id=None, last_act=Act.OUT_OF_SCOPE.value, last_options=(options[0], hot))
    assert items_meant("whom do I call", refused, base) == both[:1]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("going back to my first question, how long does that one take", "how long does that one take"),
        ("the earlier one - does it expire", "does it expire"),
        ("还是回到车子那个，罚得重吗", "罚得重吗"),
        ("回到刚才那个", "回到刚才那个"),
        ("材料，多久", "材料，多久"),
    ],
)
def test_the_clause_that_only_goes_back_is_left_out_of_the_search(text, asked):
    assert what_is_asked(text) == asked
