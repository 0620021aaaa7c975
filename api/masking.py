"""Hides personal data in what visitors type, before anything is stored, logged, searched or sent to the bot.

Hidden: identity numbers, phone numbers, e-mail addresses, bank cards, licence plates. Kept, because they are what the
question is about: short service numbers (12345), day counts, amounts, areas, document numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import phonenumbers
from stdnum import luhn
from stdnum.cn import ric

TAGS = {
    "identity": ("〔证件号〕", "〔ID number〕"),
    "card": ("〔银行卡号〕", "〔card number〕"),
    "phone": ("〔电话号码〕", "〔phone number〕"),
    "email": ("〔电子邮箱〕", "〔email address〕"),
    "plate": ("〔车牌号〕", "〔licence plate〕"),
}
"""What stands in the place of each kind of personal data, in Chinese and in English text."""

_HAN = re.compile(r"[㐀-䶿一-鿿]")
_HAN_DIGITS = str.maketrans("〇零一二三四五六七八九幺", "001234567891")
_SPOKEN_RUN = re.compile(r"[〇零一二三四五六七八九幺]{11,}")
_EMAIL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,63})@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][ ·•・.\-]?"
    r"(?:[A-HJ-NP-Z0-9]{6}|[A-HJ-NP-Z0-9]{5}|[A-HJ-NP-Z0-9]{4}[挂学警港澳])(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_LEAST_PLATE_DIGITS = 3
# Digit groups with at most two blanks, dots or dashes between them; an X may close an identity number.
_RUN = re.compile(r"(?<![0-9])(?<![0-9]\.)\+?\d+(?:[ .\-()]{1,2}\d+)*(?:[ \-]?[Xx])?")
_GROUP = re.compile(r"[0-9]+|[Xx]")
_UNIT_AFTER = re.compile(
    r"(?:\.\d)?\s*(?:万|亿|千|百)?\s*(?:元|块|角|平方|平米|㎡|m2|m²|米|公里|亩|公顷|吨|立方|株|棵|天|日|个|年|月|小时|号文|号令"
    r"|yuan|rmb|cny|days?\b|square|sq|metres?\b|tonnes?\b|trees?\b)",
    re.IGNORECASE,
)
_AMOUNT_BEFORE = re.compile(r"(?:[¥￥$€]|rmb|cny)\s*$", re.IGNORECASE)
_NAMED_NUMBER_BEFORE = re.compile(
    r"(?:编号|案号|文号|办件号?|受理号?|工单号?|流水号|订单号|单号|reference|ref\.?|case no\.?)[是为:： ]*$", re.I
)
_PHONE_BEFORE = re.compile(
    r"(?:电话|手机|座机|号码|联系方式|联系我|打给我|回电|致电|拨打|微信|tel|phone|mobile|call|cell|number)\D{0,8}$",
    re.I,
)


@dataclass(frozen=True)
class Masked:
    """The text without personal data, and which kinds were hidden (one for each place)."""

    text: str
    hidden: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    start: int
    end: int
    kind: str


def mask(text: str) -> Masked:
    """The text with every piece of personal data replaced by a tag; the language of the tags is that of the text."""
    flat = _flat(text)
    found: list[_Found] = []
    for search in (_emails, _plates, _numbers, _foreign_phones):
        for hit in search(flat):
            if all(hit.end <= other.start or hit.start >= other.end for other in found):
                found.append(hit)
    if not found:
        return Masked(text, ())
    found.sort(key=lambda hit: hit.start)
    in_english = not _HAN.search(text)
    parts, end = [], 0
    for hit in found:
        parts += [text[end : hit.start], TAGS[hit.kind][in_english]]
        end = hit.end
    return Masked("".join([*parts, text[end:]]), tuple(hit.kind for hit in found))


def _flat(text: str) -> str:
    """The text with digits of any script, full-width letters and odd dashes as ASCII; every place stays where it is."""
    flat = "".join(map(_ascii, text))
    return _SPOKEN_RUN.sub(lambda run: run.group().translate(_HAN_DIGITS), flat)


def _ascii(character: str) -> str:
    if character.isascii():
        return " " if character in "\t\n" else character
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Zs":
        return " "
    if category == "Pd" or character in "−﹣":
        return "-"
    if "！" <= character <= "～":
        return chr(ord(character) - 0xFEE0)
    return character


def _emails(flat: str) -> Iterator[_Found]:
    for hit in _EMAIL.finditer(flat):
        yield _Found(hit.start(), hit.end(), "email")


def _plates(flat: str) -> Iterator[_Found]:
    for hit in _PLATE.finditer(flat):
        if sum(character.isdigit() for character in hit.group()) >= _LEAST_PLATE_DIGITS:
            yield _Found(hit.start(), hit.end(), "plate")


def _numbers(flat: str) -> Iterator[_Found]:
    """Identity numbers, cards and phones: in each run of digit groups, the longest stretch of groups that is one."""
    for run in _RUN.finditer(flat):
        groups = [(run.start() + group.start(), group.group()) for group in _GROUP.finditer(run.group())]
        first = 0
        while first < len(groups):
            for last in range(min(len(groups), first + 19), first, -1):
                stretch = groups[first:last]
                start, end = stretch[0][0], stretch[-1][0] + len(stretch[-1][1])
                kind = _kind([digits for _, digits in stretch], flat[:start], flat[end:])
                if kind is not None:
                    yield _Found(start - (flat[start - 1 : start] == "+"), end, kind)
                    first = last
                    break
            else:
                first += 1


def _kind(groups: Sequence[str], before: str, after: str) -> str | None:
    digits = "".join(groups)
    if not 7 <= len(digits) <= 20:
        return None
    return next((kind for kind, is_one in _KINDS if is_one(digits, groups, before[-20:], after[:12])), None)


def _is_identity(digits: str, groups: Sequence[str], before: str, after: str) -> bool:
    number = digits.upper()
    if "X" in number[:-1]:
        return False
    if len(number) == 18:
        # A mistyped last digit still tells who it is: a plausible birth date is enough.
        return ric.is_valid(number) or (number[0] in "123456789" and _is_birth_date(number[6:14]))
    return (
        len(number) == 15
        and len(groups) == 1
        and number.isdigit()
        and number[0] in "123456"
        and _is_birth_date(f"19{number[6:12]}")
    )


def _is_birth_date(digits: str) -> bool:
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).year <= 2100
    except ValueError:
        return False


def _is_card(digits: str, groups: Sequence[str], before: str, after: str) -> bool:
    lengths = [len(group) for group in groups]
    usual = len(groups) == 1 or lengths[0] == 6 or set(lengths) == {1} or set(lengths[:-1]) == {4}
    return (
        16 <= len(digits) <= 19
        and digits.isdigit()
        and usual
        and luhn.is_valid(digits)
        and not _NAMED_NUMBER_BEFORE.search(before)
    )


def _is_phone(digits: str, groups: Sequence[str], before: str, after: str) -> bool:
    if not digits.isdigit() or _UNIT_AFTER.match(after) or _AMOUNT_BEFORE.search(before):
        return False
    national, parts = digits, list(groups)
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) - len(prefix) >= 9:
            national = digits[len(prefix) :]
            parts[0] = parts[0].removeprefix(prefix)
            parts = [part for part in parts if part]
            break
    return (
        _is_mobile(national, [len(part) for part in parts])
        or _is_landline(national, [len(part) for part in parts], abroad=national != digits)
        or (
            len(national) in (7, 8)
            and national[0] in "2345678"
            and len(parts) <= 2
            and bool(_PHONE_BEFORE.search(before))
        )
    )


_MOBILE_GROUPS = (
    [11],
    [3, 4, 4],
    [3, 8],
    [7, 4],
    [3, 3, 5],
    [4, 4, 3],
    [4, 3, 4],
    [3, 2, 3, 3],
    [3, 4, 2, 2],
    [1] * 11,
)


def _is_mobile(national: str, lengths: list[int]) -> bool:
    return len(national) == 11 and national[0] == "1" and national[1] in "3456789" and lengths in _MOBILE_GROUPS


def _is_landline(national: str, lengths: list[int], abroad: bool) -> bool:
    """An area code and 7 or 8 digits; with an extension of up to 5 digits as a group of its own."""
    if not national.startswith("0"):
        return abroad and len(national) in (9, 10, 11) and national[0] in "123456789" and len(lengths) <= 3
    if len(lengths) > 1 and lengths[-1] <= 5 and sum(lengths[:-1]) >= 10:
        return _is_landline(national[: -lengths[-1]], lengths[:-1], abroad)
    area = 3 if national[1] in "12" else 4
    if not 10 <= len(national) <= 12 or national[1] == "0" or national[area : area + 1] in ("0", "1"):
        return False
    return len(national) - area in (7, 8) and (len(lengths) == 1 or lengths[0] in (area, sum(lengths[:-1])))


_KINDS: tuple[tuple[str, Callable[[str, Sequence[str], str, str], bool]], ...] = (
    ("identity", _is_identity),
    ("card", _is_card),
    ("phone", _is_phone),
)

_SERVICE = {
    phonenumbers.PhoneNumberType.TOLL_FREE,
    phonenumbers.PhoneNumberType.SHARED_COST,
    phonenumbers.PhoneNumberType.UAN,
    phonenumbers.PhoneNumberType.PREMIUM_RATE,
}


def _foreign_phones(flat: str) -> Iterator[_Found]:
    """Numbers written with a country code, and what else phonenumbers takes for a private Chinese number."""
    if sum(a.isdigit() and b.isdigit() for a, b in pairwise(flat)) < 3:
        return
    for match in phonenumbers.PhoneNumberMatcher(flat, "CN"):
        plain = match.raw_string.lstrip("(")
        if not plain.startswith(("+", "00", "0")) or phonenumbers.number_type(match.number) in _SERVICE:
            continue
        if not _UNIT_AFTER.match(flat[match.end : match.end + 12]):
            yield _Found(match.start, match.end, "phone")
