import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.choices import Kind, by_payload, by_words, pick
from api.conversation import Option
from api.settings import CHECKOUT
from knowledge.loader import load

OPTIONS = (
    Option("砍伐城市树木审批 · 费用", "entry:a"),
    Option("迁移树木审批 · 费用", "entry:b"),
    Option("Approval to fell urban trees · Papers", "entry:c"),
    Option("都不是", "none"),
)


@pytest.mark.parametrize(
    ("said", "place"),
    [
        *((said, 1) for said in ("2", "２", "2.", "2、", "(2)", "②", "二", "第二个", "第2个", "选二", "选2", "2号")),
        *((said, 1) for said in ("我选第二个吧", "the second one", "second", "number 2", "option 2", "2nd")),
        *((said, 1) for said in ("#2", "two", "I'd like the second")),
        *((said, 3) for said in ("最后一个", "最后那个", "last one", "the last option", "都不是", "第四个")),
        *((said, 2) for said in ("倒数第二个", "the second to last one", "third please")),
        *((said, 0) for said in ("第一个", "1", "最上面那个", "砍伐城市树木", "砍伐城市树木审批费用")),
        ("我说的是砍伐城市树木", 0),
        ("fell urban trees", 2),
        ("Approval to fell urban tree papers", 2),
    ],
)  # fmt: skip
def test_an_option_is_named_by_number_place_or_words(said, place):
    assert by_words(said, OPTIONS, asked=True) == OPTIONS[place]


@pytest.mark.parametrize(
    "said",
    ["5", "0", "第九个", "审批", "费用", "2棵树", "两年", "3天", "二级", "", "？", "in", "a", "一棵树也要批吗",
     "砍伐城市树木审批要交什么材料，在哪里办", "12345", "2026"],
)  # fmt: skip
def test_what_names_no_option_or_several_chooses_none(said):
    assert by_words(said, OPTIONS, asked=True) is None


def test_part_of_an_options_words_is_enough_only_where_they_were_a_question():
    assert by_words("砍伐城市树木", OPTIONS, asked=False) is None
    assert by_words("都不是", OPTIONS, asked=False) == OPTIONS[3]
    assert by_words("第二个", OPTIONS, asked=False) == OPTIONS[1]


@pytest.mark.parametrize(("said", "place"), [("前者", 0), ("后者", 1), ("the former", 0), ("the latter", 1)])
def test_of_two_the_former_and_the_latter(said, place):
    assert by_words(said, OPTIONS[:2], asked=True) == OPTIONS[place]
    assert by_words(said, OPTIONS[:3], asked=True) is None


@given(st.text(max_size=60), st.booleans())
def test_no_text_breaks_the_matching(said, asked):
    assert by_words(said, OPTIONS, asked) in (None, *OPTIONS)


def test_a_payload_must_have_been_offered():
    assert by_payload("entry:b", OPTIONS) == OPTIONS[1]
    assert by_payload("entry:z", OPTIONS) is None


@pytest.fixture(scope="module")
def base():
    return load(CHECKOUT / "knowledge")


def test_each_kind_of_payload_leads_to_its_entry(base):
    felling = "urban-tree-felling"
    asked = pick(Option("…", f"ask:{felling}/fee"), base)
    assert (asked.kind, asked.entry.entry_id) == (Kind.ASK, f"{felling}.fee")
    assert pick(Option("…", f"item:{felling}"), base).entry.entry_id == f"{felling}.overview"
    assert pick(Option("…", f"entry:{felling}.fee"), base).facet == "fee"
    assert pick(Option("…", "human"), base).kind is Kind.HUMAN


def test_an_entry_that_is_gone_leads_to_its_items_facet_and_a_gone_item_nowhere(base):
    gone = Option("…", "entry:urban-tree-felling.situation-gone", "urban-tree-felling", "applicability")
    assert pick(gone, base).entry.entry_id == "urban-tree-felling.applicability"
    assert pick(Option("…", "entry:gone-item.fee", "gone-item", "fee"), base) is None
