import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.language import detect, normalise


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("临时占绿要多久", "zh"),
        ("how long does it take", "en"),
        ("我的 billboard 要不要 permit", "zh"),
        ("what is 渣土证", "en"),
        ("綠化帶可以停車嗎", "zh"),
        ("环卫设施竣工验收 papers", "en"),
        ("招牌备案 any cost", "en"),
        ("公园设计备案 logo", "zh"),
        ("landscape做完了要acceptance，是请区里还是市里的人来？", "zh"),
        ("2", None),
        ("👍", None),
        ("", None),
    ],
)
def test_the_language_is_told_by_characters_against_words(text, language):
    assert detect(text) == language


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("綠化帶", "绿化带"),
        ("１２３４５", "12345"),
        ("Ｐｅｒｍｉｔ", "permit"),
        (" a\n b ", "a b"),
        ("ＶＩＰ　樹", "vip 树"),
    ],
)
def test_spellings_that_mean_the_same_become_the_same(text, same):
    assert normalise(text) == same


@given(st.text())
def test_normalising_twice_changes_nothing_more(text):
    once = normalise(text)
    assert normalise(once) == once
