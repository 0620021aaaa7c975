"""Every kind of distortion does what its name says to a question, and the suite is what the rules make."""

import random
import unicodedata
from collections import Counter

import opencc
import pytest
from pypinyin import lazy_pinyin

from evaluation import distortions, suites
from evaluation.suites import Part, part_of

DRAW = random.Random(0)


@pytest.fixture(scope="module")
def clean():
    return {question.id: question for question in suites.questions()}


@pytest.fixture(scope="module")
def by_kind(clean):
    return {
        kind: [(clean[one.of].text, one.text) for one in suites.distorted() if one.kind == kind]
        for kind in distortions.KINDS
    }


def is_within(short, long):
    signs = iter(long)
    return all(sign in signs for sign in short)


def test_the_suite_is_what_the_rules_make_of_the_questions_as_they_are_now():
    made = list(distortions.distorted(suites.questions()))
    assert list(suites.distorted()) == made, "run python -m evaluation.distortions"


def test_every_kind_has_enough_questions_all_of_the_tuning_part():
    counts = Counter(one.kind for one in suites.distorted())
    assert set(counts) == set(distortions.KINDS) and min(counts.values()) >= 25
    assert {part_of(one.of) for one in suites.distorted()} == {Part.TUNE}


def test_homophones_sound_the_same():
    for text in ("砍树审批要多久", "苗圃的产地检疫合格证是干什么用的"):
        wrong = distortions.homophones(text, DRAW)
        assert wrong != text and lazy_pinyin(wrong) == lazy_pinyin(text)


def test_characters_left_out_leave_the_rest_in_order_and_added_ones_too(by_kind):
    assert all(is_within(wrong, text) and len(wrong) < len(text) for text, wrong in by_kind["dropped"])
    assert all(is_within(text, wrong) and len(wrong) > len(text) for text, wrong in by_kind["added"])


def test_full_width_forms_are_the_same_text_once_folded(by_kind):
    folded = [[unicodedata.normalize("NFKC", side) for side in pair] for pair in by_kind["full-width"]]
    assert all(text == wrong for text, wrong in folded)


def test_traditional_characters_are_the_same_text_once_simplified():
    text = "街道办事处审批绿化材料"
    folded = opencc.OpenCC("t2s").convert
    assert {folded(distortions.traditional(text, random.Random(seed))) for seed in range(9)} == {text}


def test_pinyin_keeps_no_character_and_no_mark(by_kind):
    assert all(wrong.isascii() and not set(wrong) & set(",.?!") for _, wrong in by_kind["pinyin"])


def test_typos_keep_the_number_of_words(by_kind):
    assert all(len(text.split(" ")) == len(wrong.split(" ")) for text, wrong in by_kind["typo"])


def test_code_switching_puts_words_of_both_languages_into_one_question(by_kind):
    for _, wrong in by_kind["mixed"]:
        assert any("一" <= sign <= "鿿" for sign in wrong) and any(sign.isascii() and sign.isalpha() for sign in wrong)


def test_a_rule_that_has_no_hold_gives_nothing():
    assert distortions.full_width("砍树审批", DRAW) is None
    assert distortions.typo("how to ask", DRAW) is None
    assert distortions.mixed("砍不砍", DRAW) is None
