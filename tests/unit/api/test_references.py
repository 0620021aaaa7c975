from dataclasses import replace

import pytest

from api.conversation import Conversation, Option
from api.references import asks_for_half, half_asked, items_meant, what_is_asked
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


@pytest.mark.parametrize(
    ("text", "before", "asked"),
    [
        ("so the second part?", "What documents do I need for moving a tree, and who decides?", "who decides"),
        ("and the other half of my question", "how much and how long for felling", "how long for felling"),
        ("第二个问题呢", "公园停闭多久算要报批？材料又要几份？", "材料又要几份"),
        ("那后一个问题", "店招要备案吗，另外多久办好", "多久办好"),
        ("先讲第一个", "养陆龟要不要办证，能不能卖掉", "养陆龟要不要办证"),
        ("the first part again please", "fee and time limit?", "fee"),
        ("the second part", "how long does it take", "the second part"),
    ],
)
def test_a_part_of_a_double_question_is_asked_by_its_own_words(text, before, asked):
    assert asks_for_half(text)
    assert half_asked(text, before) == asked


@pytest.mark.parametrize("text", ["谢谢", "第二个", "the first one", "要两份吗", "x" * 61 + " the second part"])
def test_other_messages_ask_for_no_part(text):
    assert not asks_for_half(text)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("the shop kind, yes", "the shop kind"),
        ("yes, we want the record gone", "we want the record gone"),
        ("ok and the trucks?", "and the trucks?"),
        ("是的，我要办的是渣土车", "我要办的是渣土车"),
        ("yes please", "yes please"),
        ("ok thanks", "ok thanks"),
        ("对的", "对的"),
        ("对了，绿化施工许可证多久", "对了，绿化施工许可证多久"),
        ("是不是要许可", "是不是要许可"),
        ("行道树能砍吗", "行道树能砍吗"),
    ],
)
def test_a_yes_beside_something_said_is_left_out_of_the_search(text, asked):
    assert what_is_asked(text) == asked


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
