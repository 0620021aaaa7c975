import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.protocol import Decision, Topic


@pytest.mark.parametrize(
    ("question", "entry_id"),
    [
        ("临时使用绿地许可多久能批下来？", "temporary-green-space-use.time_limit"),
        ("臨時使用綠地許可要多久", "temporary-green-space-use.time_limit"),
        ("装修垃圾清运要多少钱", "renovation-waste-removal.fee"),
        ("how much does renovation waste removal cost", "renovation-waste-removal.fee"),
        ("tree felling permit, what documents do I need", "urban-tree-felling.materials"),
        ("砍伐城市树木要什么材料", "urban-tree-felling.materials"),
    ],
)
def test_a_plain_question_puts_its_entry_first_and_is_answered_or_offered(retriever, question, entry_id):
    evidence = retriever.search(question)
    assert evidence.entries[0].entry_id == entry_id
    assert evidence.decision in (Decision.ANSWER, Decision.CLARIFY)


def test_a_question_in_the_words_of_its_entry_is_answered_at_once(retriever):
    decisions = [
        retriever.search(entry.question[language]).decision
        for entry in list(retriever.base.entries.values())[::9]
        for language in ("zh", "en")
        if not entry.compares
    ]
    assert decisions.count(Decision.ANSWER) / len(decisions) > 0.8


@pytest.mark.parametrize("question", ["那要多久？", "and how long does that take?"])
def test_a_follow_up_is_about_the_item_of_the_conversation(retriever, question):
    evidence = retriever.search(question, context_items=("outdoor-signboard",))
    assert (evidence.topic, evidence.item_id, evidence.facet) == (Topic.SAME, "outdoor-signboard", "time_limit")


@pytest.mark.parametrize("question", ["要多久？", "how long does it take?"])
def test_without_a_conversation_the_same_words_ask_for_the_item(retriever, question):
    evidence = retriever.search(question)
    assert evidence.decision is Decision.ASK_ITEM
    assert evidence.facet == "time_limit"


def test_another_item_that_is_named_replaces_the_one_of_the_conversation(retriever):
    evidence = retriever.search("装修垃圾清运多少钱", context_items=("outdoor-signboard",))
    assert (evidence.topic, evidence.item_id) == (Topic.NEW, "renovation-waste-removal")


@pytest.mark.parametrize("question", ["今天天气怎么样", "write me a poem about the moon", "公积金贷款能贷多少"])
def test_what_is_none_of_ours_is_abstained_from(retriever, question):
    assert retriever.search(question).decision in (Decision.ABSTAIN, Decision.OUTSIDE)


def test_an_unknown_item_of_the_conversation_is_ignored(retriever):
    assert retriever.search("要多久", context_items=("no-such-item",)).decision is Decision.ASK_ITEM


@settings(max_examples=30)
@given(st.text(max_size=300))
def test_whatever_is_typed_gives_probabilities(retriever, text):
    evidence = retriever.search(text)
    assert all(0 <= entry.confidence <= 1 for entry in evidence.entries)
    assert sum(entry.confidence for entry in evidence.entries) <= 1 + 1e-6
    assert evidence.language in ("zh", "en")
    assert np.isclose(np.linalg.norm(evidence.embedding), 1, atol=1e-4)


def test_evidence_is_ranked(retriever):
    confidences = [entry.confidence for entry in retriever.search("门口的树挡了我家的光").entries]
    assert confidences == sorted(confidences, reverse=True)


def test_a_question_in_pinyin_is_answered_as_the_chinese_that_it_spells(retriever):
    found = retriever.search("zhuangxiu laji zenme qingyun")
    assert found.read_as == "装修垃圾怎么清运" and found.language == "zh"
    assert found.items[0].item_id == "renovation-waste-removal"


def test_each_item_and_facet_is_ranked_once_before_any_second_entry_of_one(retriever):
    entries = retriever.search("砍树要多久").entries
    pairs = [(entry.item_id, entry.facet) for entry in entries]
    first_repeat = next((n for n, pair in enumerate(pairs) if pair in pairs[:n]), len(pairs))
    assert all(pair in pairs[:n] for n, pair in enumerate(pairs) if n >= first_repeat)
    assert [e.confidence for e in entries[:first_repeat]] == sorted(
        (e.confidence for e in entries[:first_repeat]), reverse=True
    )
