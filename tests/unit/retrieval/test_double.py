import numpy as np
import pytest

from knowledge.schema import Facet
from retrieval.double import FIRST_SHARE, asked_in_turn, favour_first


@pytest.fixture(scope="module")
def ngrams(retriever):
    return retriever._live.index.reader.facet_ngram_head


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("要哪些材料，多久能批", (Facet.MATERIALS, Facet.TIME_LIMIT)),
        ("多久能批？要哪些材料", (Facet.TIME_LIMIT, Facet.MATERIALS)),
        ("how much does it cost and how long does it take", (Facet.FEE, Facet.TIME_LIMIT)),
    ],
)
def test_the_two_facets_are_told_in_the_order_in_which_they_are_asked(ngrams, text, pair):
    assert asked_in_turn(text, ngrams) == pair


@pytest.mark.parametrize(
    "text", ["要哪些材料", "要哪些材料，要交什么文件", "要哪些材料，多久能批，收费吗", "你好，要哪些材料"]
)
def test_one_question_and_three_are_no_double(ngrams, text):
    assert asked_in_turn(text, ngrams) is None


def test_what_both_have_is_divided_in_favour_of_the_first():
    told = np.full((len(Facet), 2), 0.01)
    order = list(Facet)
    told[order.index(Facet.FEE)], told[order.index(Facet.WHERE)] = 0.3, 0.57
    divided = np.exp(favour_first(np.log(told), (Facet.FEE, Facet.WHERE)))
    assert np.allclose(divided.sum(axis=0), told.sum(axis=0))
    assert np.allclose(divided[order.index(Facet.FEE)], FIRST_SHARE * 0.87)


def test_a_message_that_as_a_whole_asks_for_something_else_is_left_alone():
    told = np.full((len(Facet), 2), 0.01)
    told[list(Facet).index(Facet.PENALTIES)] = 0.87
    assert favour_first(np.log(told), (Facet.FEE, Facet.WHERE)) is None


def test_a_double_question_about_a_known_item_is_answered_with_what_was_asked_first(retriever):
    found = retriever.search("临时用绿地要哪些材料，多久能批？")
    assert (found.item_id, found.facet) == ("temporary-green-space-use", Facet.MATERIALS)
    assert {entry.facet for entry in found.entries[:2]} == {Facet.MATERIALS, Facet.TIME_LIMIT}
