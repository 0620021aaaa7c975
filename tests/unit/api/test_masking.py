import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric

from api.masking import TAGS, mask

around = st.text(alphabet="我的手机是，。：打给树要砍吗 abc\n", max_size=12)
mobiles = st.builds(lambda head, rest: f"1{head}{rest}", st.sampled_from("3456789"), st.from_regex(r"\A[0-9]{9}\Z"))
blanks = st.sampled_from(["", " ", "-"])


def fullwidth(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) if character.isdigit() else character for character in text)


def digits_of(text: str) -> str:
    return "".join(character for character in text if character.isdecimal())


@given(around, mobiles, blanks, around, st.booleans(), st.sampled_from(["", "+86 ", "86-", "0086"]))
def test_a_mobile_number_never_comes_through(before, number, blank, after, wide, prefix):
    written = prefix + blank.join((number[:3], number[3:7], number[7:]))
    masked = mask(before + (fullwidth(written) if wide else written) + after)
    assert masked.hidden == ("phone",)
    assert digits_of(masked.text) == ""


@given(st.sampled_from(["310101", "110105", "440305"]), st.dates(), st.integers(0, 999), blanks, around, around)
def test_an_identity_number_never_comes_through(area, born, serial, blank, before, after):
    born = born.replace(year=1900 + born.year % 120)
    number = f"{area}{born:%Y%m%d}{serial:03}"
    number += ric.calc_check_digit(number)
    for written in (blank.join((number[:6], number[6:14], number[14:])), number.lower(), fullwidth(number)):
        masked = mask(before + written + after)
        assert masked.hidden == ("identity",) and digits_of(masked.text) == ""


@given(st.from_regex(r"\A62[0-9]{13,16}\Z"), around, blanks)
def test_a_bank_card_never_comes_through(body, before, blank):
    number = body + luhn.calc_check_digit(body)
    written = blank.join(number[place : place + 4] for place in range(0, len(number), 4))
    assert mask(before + written).hidden in (("card",), ("identity",))


@given(st.from_regex(r"\A[a-z0-9][a-z0-9._-]{0,20}@[a-z0-9]{1,15}\.(com|cn|com\.cn)\Z"), around)
def test_an_email_address_never_comes_through(address, before):
    masked = mask(f"{before} {address}，谢谢")
    assert "@" not in masked.text and "email" in masked.hidden


@given(
    st.sampled_from("沪苏浙皖京津粤川藏新"),
    st.sampled_from("ABCDEFGHJK"),
    st.sampled_from(["", "·", " ", "-"]),
    st.from_regex(r"\A([0-9]{5}|[0-9]{4}[A-HJ-NP-Z]|[DF][0-9]{5}|[0-9]{5}[DF]|[0-9]{4}(学|挂|警))\Z"),
    around,
)
def test_a_licence_plate_of_any_province_never_comes_through(province, city, dot, number, before):
    masked = mask(f"{before}{province}{city}{dot}{number}的渣土车")
    assert masked.hidden == ("plate",) and number not in masked.text


@pytest.mark.parametrize(
    "text",
    [
        "打12345没人接，110也打了，96822呢",
        "15个工作日，30日内，2026年11月23日，2026-11-23",
        "每平方米10元以上30元以下，罚款20000元，一共138000000000元",
        "沪绿容〔2024〕111号，国务院令第588号",
        "面积12345678平方米，长300米，宽2.5米，树高18米，胸径25厘米",
        "临时占绿 1500 平方米 60 天",
        "在曹杨路 1234 弄 56 号 601 室",
        "编号 310101199003077715123",
        "新A4纸，浙B超，京C1",
        "第31条第2款",
        "99.5%",
        "4008208820 是热线",
    ],
)
def test_what_the_question_is_about_stays(text):
    assert mask(text).text == text


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("座机021-62345678转801", ("phone",)),
        ("(021) 6234 5678", ("phone",)),
        ("0571-87654321", ("phone",)),
        ("我电话62345678", ("phone",)),
        ("call +44 20 7946 0958", ("phone",)),
        ("一三八一二三四五六七八", ("phone",)),
        ("13812345678，13912345678", ("phone", "phone")),
        ("11010519491231002x", ("identity",)),
        ("310101199003077719", ("identity",)),  # a mistyped last digit still tells who it is
        ("zhang＠qq．com", ("email",)),
    ],
)
def test_each_kind_in_its_other_shapes(text, kinds):
    assert mask(text).hidden == kinds


def test_the_tags_speak_the_texts_language():
    assert mask("我的手机13812345678").text == "我的手机〔电话号码〕"
    assert mask("call 13812345678").text == "call 〔phone number〕"


@given(st.text(max_size=300))
@settings(max_examples=300)
def test_any_text_can_be_masked_and_masking_again_changes_nothing(text):
    once = mask(text).text
    assert mask(once).text == once


@given(st.text(alphabet=string.digits + " -.+()/年月日元", max_size=400))
def test_long_runs_of_digits_are_masked_in_time(text):
    mask(text)


def test_there_is_a_tag_in_both_languages_for_every_kind():
    assert all(zh.startswith("〔") and en.startswith("〔") and zh != en for zh, en in TAGS.values())
