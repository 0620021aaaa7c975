"""The suites are whole, large enough, and nobody copied from them into what teaches the assistant, or back."""

from collections import Counter

import pytest

from api.settings import CHECKOUT
from evaluation import suites
from evaluation.contamination import near_copies
from evaluation.suites import Part, part_of
from knowledge.loader import load
from knowledge.schema import Facet, Language


@pytest.fixture(scope="module")
def base():
    return load(CHECKOUT / "knowledge")


def test_the_suites_are_large_and_in_near_balance_of_languages():
    sizes = {
        "questions": (suites.questions(), 700),
        "dialogues": (suites.dialogues(), 150),
        "outside": (suites.outside(), 150),
        "hostile": (suites.hostile(), 80),
    }
    for name, (cases, least) in sizes.items():
        assert len(cases) >= least, name
        languages = Counter(case.language for case in cases)
        assert 0.8 < languages["zh"] / languages["en"] < 1.25, name
        assert len({case.id for case in cases}) == len(cases)


def test_every_gold_entry_is_of_an_item_and_a_facet_that_exist(base):
    for question in suites.questions():
        assert {item for item, _ in question.accepted} <= base.items.keys(), question.id
        assert {facet for _, facet in question.accepted} <= set(Facet), question.id


def test_every_item_is_asked_about_in_both_languages(base):
    asked = {(question.item, question.language) for question in suites.questions()}
    assert asked == {(item, language) for item in base.items for language in Language}


def test_no_question_is_nearly_one_of_the_base(base):
    texts = [
        text
        for entry in base.entries.values()
        for both in Language
        for text in (entry.question[both], *entry.similar[both])
    ]
    texts += [told.text for told in base.situations]
    asked = [(question.id, question.text) for question in suites.questions()]
    asked += [(case.id, case.text) for case in suites.outside()]
    assert list(near_copies(asked, texts)) == []


def test_a_copied_question_is_found_whatever_its_marks_and_width():
    (found,) = near_copies([("q", "砍树，要 多久？"), ("other", "完全不同的话")], ["砍树要多久", "要多少钱"])
    assert (found.case_id, found.text, found.likeness) == ("q", "砍树要多久", 1.0)


def test_a_cases_part_depends_on_its_id_alone_and_shares_are_kept():
    parts = Counter(part_of(f"q-{number}") for number in range(5000))
    assert part_of("q-zh-0001") is part_of("q-zh-0001")
    assert all(abs(parts[part] / 5000 - share / 10) < 0.03 for part, share in suites.SHARES.items())
    assert set(parts) == set(Part)
