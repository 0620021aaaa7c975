import pytest

from api.conversation import Conversation
from api.references import item_meant, other_half
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
    "text", ["回到刚才那个，要多久", "前面那个证呢", "the earlier one, does it expire", "back to that"]
)
def test_going_back_leads_to_the_item_before(base, text):
    assert item_meant(text, _conversation(), base) == "outdoor-signboard"


@pytest.mark.parametrize("text", ["一开始问的那个，材料呢", "going back to my first question, how long"])
def test_going_back_to_the_first_leads_there(base, text):
    assert item_meant(text, _conversation(), base) == "tree-relocation"


@pytest.mark.parametrize("text", ["那要多久", "how long does that take", "刚才" + "有人来看过我家门口的树，" * 8])
def test_everything_else_is_about_the_item_of_the_conversation(base, text):
    assert item_meant(text, _conversation(), base) == "urban-tree-felling"


def test_without_another_item_there_is_nothing_to_go_back_to(base):
    conversation = _conversation(shown=("urban-tree-felling.fee",))
    assert item_meant("回到刚才那个", conversation, base) == "urban-tree-felling"


@pytest.mark.parametrize("text", ["第二个问题呢", "so the second part?"])
def test_the_second_part_of_a_double_question_is_the_next_candidate_of_the_same_item(base, text):
    candidates = ("urban-tree-felling.fee", "tree-relocation.fee", "urban-tree-felling.time_limit")
    conversation = _conversation(last_act=Act.ANSWER.value, candidates=candidates)
    assert other_half(text, conversation, base).entry_id == "urban-tree-felling.time_limit"
    assert other_half("谢谢", conversation, base) is None
    assert other_half(text, _conversation(candidates=candidates), base) is None
