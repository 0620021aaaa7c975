import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import facts
from knowledge.schema import Bilingual, Fact, Source

SOURCES = {"law": Source(title=Bilingual(zh="《某某条例》", en="Some Regulations"))}


def both(**value: object) -> tuple[str, str]:
    fact = Fact(**{"source": "law", **value})
    return facts.render(fact, "zh", SOURCES), facts.render(fact, "en", SOURCES)


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        ({"working_days": 15}, "15个工作日", "15 working days"),
        ({"years": 1}, "1年", "1 year"),
        ({"years": [None, 1]}, "1年以下", "up to 1 year"),
        (
            {"cny": [10, 30], "per": "square_metre_day"},
            "每日每平方米10元以上30元以下",
            "CNY 10 to CNY 30 per square metre per day",
        ),
        ({"cny": [None, 20000]}, "20000元以下", "up to CNY 20,000"),
        ({"times": [3, 5]}, "3倍至5倍", "3–5 times"),
        ({"centimetres": [25, None]}, "25厘米以上", "at least 25 cm"),
        ({"percent": 2.5}, "2.5%", "2.5%"),
        ({"fraction": [2, 3]}, "三分之二", "two thirds"),
        ({"date": dt.date(2025, 3, 5)}, "2025年3月5日", "5 March 2025"),
        ({"articles": [31]}, "《某某条例》第三十一条", "Some Regulations, Art. 31"),
        (
            {"articles": [27, 28, 43]},
            "《某某条例》第二十七条、第二十八条、第四十三条",
            "Some Regulations, Arts. 27, 28 and 43",
        ),
        ({"phone": "12345"}, "12345", "12345"),
    ],
)
def test_a_fact_reads_as_the_language_writes_it(value, zh, en):
    assert both(**value) == (zh, en)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "一"),
        (10, "十"),
        (11, "十一"),
        (20, "二十"),
        (101, "一百零一"),
        (110, "一百一十"),
        (215, "二百一十五"),
        (999, "九百九十九"),
    ],
)
def test_articles_are_numbered_in_chinese_numerals(number, words):
    assert facts.chinese_numeral(number) == words


@given(st.integers(1, 999))
def test_no_two_article_numbers_read_alike(number):
    value, digits = 0, dict(zip("一二三四五六七八九", range(1, 10), strict=True))
    pending = 0
    for character in facts.chinese_numeral(number):
        if character in digits:
            pending = digits[character]
        elif character in "十百":
            value += (pending or 1) * {"十": 10, "百": 100}[character]
            pending = 0
    assert value + pending == number


@pytest.mark.parametrize("number", [0, -1, 1000])
def test_a_number_that_no_article_has_is_refused(number):
    with pytest.raises(ValueError, match="numbered"):
        facts.chinese_numeral(number)
