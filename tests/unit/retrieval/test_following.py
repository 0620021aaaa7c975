import numpy as np
import pytest

from bot.protocol import Decision, Topic
from knowledge.schema import Facet
from retrieval.following import Context, facets_in


@pytest.mark.parametrize(
    ("question", "item", "facet"),
    [
        ("那要是砍掉呢", "tree-relocation", "time_limit"),
        ("what about felling it instead", "tree-relocation", "time_limit"),
    ],
)
def test_another_item_without_a_facet_is_asked_what_was_asked_of_the_last_one(retriever, question, item, facet):
    evidence = retriever.search(question, context_items=(item,), context_facet=facet)
    assert evidence.items[0].item_id == "urban-tree-felling"
    plain = retriever.search(question, context_items=(item,))
    assert _confidence(evidence, "urban-tree-felling", facet) > _confidence(plain, "urban-tree-felling", facet)


@pytest.mark.parametrize("question", ["不对，我说的是临时的", "no, I meant the temporary one"])
def test_a_correction_moves_to_the_neighbour_that_it_names(retriever, question):
    evidence = retriever.search(question, context_items=("green-space-occupation",), context_facet="time_limit")
    assert evidence.items[0].item_id == "temporary-green-space-use"


def test_a_facet_alone_stays_with_the_item_of_the_conversation(retriever):
    evidence = retriever.search("要交什么材料", context_items=("tree-relocation",), context_facet="time_limit")
    assert (evidence.item_id, evidence.facet, evidence.topic) == ("tree-relocation", Facet.MATERIALS, Topic.SAME)


@pytest.mark.parametrize("question", ["今天股票涨了吗", "what do you think of the football last night"])
def test_what_is_plainly_foreign_stays_so_in_the_midst_of_a_conversation(retriever, question):
    evidence = retriever.search(question, context_items=("tree-relocation",), context_facet="fee")
    assert evidence.decision in (Decision.ABSTAIN, Decision.OUTSIDE)


def test_carrying_a_facet_moves_probability_and_loses_none():
    facets = np.log(np.full((len(Facet), 2), 1 / len(Facet)))
    carried = np.exp(facets_in(Context((0,), Facet.FEE), "", facets, asking=1.0))
    assert np.allclose(carried.sum(axis=0), 1)
    assert carried[list(Facet).index(Facet.FEE)].min() > 2 / len(Facet)
    assert np.array_equal(facets_in(Context((0,), None), "", facets, asking=1.0), facets)


def test_who_was_told_the_differences_and_names_a_case_is_told_whether_that_applies():
    order = list(Facet)
    facets = np.log(np.full((len(order), 2), 1 / len(order)))
    carried = np.exp(facets_in(Context((0,), Facet.DIFFERENCES), "", facets, asking=1.0))
    assert (carried.argmax(axis=0) == order.index(Facet.APPLICABILITY)).all()


def test_a_case_put_without_asking_is_about_whether_it_applies_and_a_question_is_not():
    place, facets = list(Facet).index(Facet.APPLICABILITY), np.log(np.full((len(Facet), 2), 1 / len(Facet)))
    stated, asked = (np.exp(facets_in(Context((0,), Facet.FEE), text, facets, 0.0))[place] for text in ("", "so?"))
    assert (stated > asked).all()


def _confidence(evidence, item, facet):
    return sum(e.confidence for e in evidence.entries if (e.item_id, e.facet) == (item, facet))
