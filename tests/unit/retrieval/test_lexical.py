"""Word search: an index that builds on another one is the index that is built from nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.cut_texts import CutTexts, cut
from retrieval.lexical import LexicalIndex, Segmenter

NAMES = ("临时使用绿地许可", "户外招牌")
TEXTS = [
    "临时使用绿地许可要多久",
    "户外招牌怎么报",
    "how long does a signboard take",
    "signboards and lawns",
    "树太高了",
]
QUESTIONS = ["招牌要多久", "signboard", "lawns long", "树", "xyzzy"]


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(NAMES)


def scores(lexical):
    return np.stack([lexical.scores(question) for question in QUESTIONS])


@pytest.mark.parametrize(
    "texts",
    [TEXTS, TEXTS[::-1], TEXTS[1:3], [*TEXTS, "招牌上面的灯", "招牌上面的灯"], ["全新的问题", "nothing alike"]],
    ids=["the same", "another order", "fewer", "more, one twice", "others"],
)
def test_what_was_cut_before_changes_no_score(texts, segmenter, tmp_path):
    LexicalIndex.build(segmenter, TEXTS).save(tmp_path / "before")
    LexicalIndex.build(segmenter, texts, tmp_path / "before").save(tmp_path / "after")
    again = LexicalIndex.load(segmenter, tmp_path / "after")
    np.testing.assert_array_equal(scores(again), scores(LexicalIndex.build(segmenter, texts)))


def test_texts_that_were_cut_with_other_names_are_cut_again(segmenter, tmp_path):
    LexicalIndex.build(Segmenter(["招牌怎么"]), TEXTS).save(tmp_path / "before")
    with_other_names = LexicalIndex.build(segmenter, TEXTS, tmp_path / "before")
    np.testing.assert_array_equal(scores(with_other_names), scores(LexicalIndex.build(segmenter, TEXTS)))


def test_a_damaged_index_before_is_not_built_on(segmenter, tmp_path):
    LexicalIndex.build(segmenter, TEXTS).save(tmp_path / "before")
    (tmp_path / "before" / "cut-texts.npz").write_bytes(b"PK")
    again = LexicalIndex.build(segmenter, TEXTS, tmp_path / "before")
    np.testing.assert_array_equal(scores(again), scores(LexicalIndex.build(segmenter, TEXTS)))


def test_without_texts_every_search_finds_nothing(segmenter, tmp_path):
    LexicalIndex.build(segmenter, []).save(tmp_path / "empty")
    assert LexicalIndex.load(segmenter, tmp_path / "empty").scores("招牌").shape == (0,)


TEXT = st.lists(st.integers(0, 9), max_size=4).map(lambda digits: " ".join(map(str, digits)))


@settings(max_examples=60)
@given(before=st.lists(TEXT, max_size=6), after=st.lists(TEXT, max_size=6))
def test_each_text_gets_its_own_words_whatever_was_known(before, after):
    def words_of(text):
        return [int(word) for word in text.split()]

    known: CutTexts = cut(before, words_of, None)
    assert known.of_each() == [words_of(text) for text in before]
    assert cut(after, words_of, known).of_each() == [words_of(text) for text in after]
