import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from retrieval.pinyin import PinyinReader

WORDS = {
    "装修": 40,
    "垃圾": 60,
    "怎么": 80,
    "办": 90,
    "砍": 5,
    "树": 30,
    "砍树": 20,
    "审批": 30,
    "要": 90,
    "多久": 40,
    "绿化": 30,
    "旅客": 1,
}


@pytest.fixture(scope="module")
def reader():
    return PinyinReader(WORDS)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("zhuangxiu laji zenme ban", "装修垃圾怎么办"),
        ("zhuang xiu la ji zen me ban", "装修垃圾怎么办"),
        ("zhuangxiulajizenmeban", "装修垃圾怎么办"),
        ("kanshu shenpi, yao duojiu?", "砍树审批要多久"),
        ("lvhua shenpi", "绿化审批"),
    ],
)
def test_pinyin_is_read_with_and_without_blanks(reader, typed, meant):
    assert reader.read(typed) == meant


@pytest.mark.parametrize(
    "said",
    ["are you sure", "what do i need to bring", "can he do it", "ok", "hi", "permit for ban", "laji 垃圾", "", "12345"],
)
def test_what_is_not_nearly_all_pinyin_is_left_alone(reader, said):
    assert reader.read(said) is None


@given(st.lists(st.sampled_from([word for word in WORDS if len(word) > 1 and word != "旅客"]), min_size=2, max_size=8))
def test_words_of_the_base_come_back_from_their_spelling(words):
    spelt = " ".join("".join(lazy_pinyin(word)).replace("ü", "v") for word in words)
    read = PinyinReader(WORDS).read(spelt)
    assert read is not None and sorted(read) == sorted("".join(words))


@given(st.text(max_size=200))
def test_any_text_is_read_or_left_alone_without_an_error(text):
    PinyinReader(WORDS).read(text)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("how do i ask for kanshu shenpi here", "how do i ask for 砍树审批 here"),
        ("zhuangxiu laji one truck how much", "装修垃圾 one truck how much"),
        ("lvhua shenpi, how long?", "绿化审批, how long?"),
    ],
)
def test_pinyin_within_an_english_sentence_is_read(typed, meant):
    english = ["how", "do", "i", "ask", "for", "here", "one", "truck", "much", "long"]
    assert PinyinReader(WORDS, english).read_within(typed) == meant


@pytest.mark.parametrize("said", ["can he sing in the park", "a banner for shenpi", "tree in changning", ""])
def test_english_and_single_words_within_it_are_left_alone(reader, said):
    assert reader.read_within(said) is None
