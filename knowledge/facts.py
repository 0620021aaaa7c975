"""Facts in words: how each kind of fact reads in Chinese and in English.

Both languages render the same stored value, so they cannot disagree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from knowledge.schema import QUANTITIES, Fact, Language, Source

_UNITS = {
    "working_days": ("个工作日", "working day", "working days"),
    "calendar_days": ("个自然日", "calendar day", "calendar days"),
    "days": ("日", "day", "days"),
    "hours": ("小时", "hour", "hours"),
    "months": ("个月", "month", "months"),
    "years": ("年", "year", "years"),
    "percent": ("%", "%", "%"),
    "times": ("倍", "time", "times"),
    "centimetres": ("厘米", "cm", "cm"),
    "metres": ("米", "metre", "metres"),
    "square_metres": ("平方米", "square metre", "square metres"),
    "cubic_metres": ("立方米", "cubic metre", "cubic metres"),
    "trees": ("株", "tree", "trees"),
    "count": ("", "", ""),
}
_PER = {
    "square_metre": ("每平方米", "per square metre"),
    "square_metre_day": ("每日每平方米", "per square metre per day"),
    "cubic_metre": ("每立方米", "per cubic metre"),
    "tree": ("每株", "per tree"),
    "day": ("每日", "per day"),
    "vehicle": ("每辆", "per vehicle"),
}
_DIGITS = "零一二三四五六七八九"
_FRACTIONS_EN = {(1, 2): "half", (1, 3): "one third", (2, 3): "two thirds", (3, 4): "three quarters"}


def render(fact: Fact, language: str, sources: Mapping[str, Source]) -> str:
    """The fact's value in words of the language ("zh" or "en").

    Raises KeyError when `articles` cites a source that `sources` does not hold.
    """
    if fact.kind == "cny":
        return _money(fact, language)
    if fact.kind in QUANTITIES:
        return _quantity(getattr(fact, fact.kind), fact.kind, language)
    if fact.articles is not None:
        return citation(sources[fact.source[0]], fact.articles, language)
    if fact.fraction is not None:
        over, under = fact.fraction
        if language == Language.ZH:
            return f"{chinese_numeral(under)}分之{chinese_numeral(over)}"
        return _FRACTIONS_EN.get(fact.fraction, f"{over}/{under}")
    if fact.date is not None:
        return day(fact.date, language)
    if fact.link is not None:
        return f"[{fact.link.label[language]}]({fact.link.url})"
    return fact.text[language] if fact.text is not None else str(fact.phone)


def citation(source: Source, articles: tuple[int, ...], language: str) -> str:
    """A source's title with article numbers, as lawyers of the language write it; no articles, the title alone."""
    title = source.title[language]
    if not articles:
        return title
    if language == Language.ZH:
        return title + "、".join(f"第{chinese_numeral(number)}条" for number in articles)
    numbers = [str(number) for number in articles]
    listed = numbers[0] if len(numbers) == 1 else f"{', '.join(numbers[:-1])} and {numbers[-1]}"
    return f"{title}, {'Art.' if len(numbers) == 1 else 'Arts.'} {listed}"


def day(date: dt.date, language: str) -> str:
    """A calendar day as the language writes it: 2025年3月15日, 15 March 2025."""
    if language == Language.ZH:
        return f"{date.year}年{date.month}月{date.day}日"
    return f"{date.day} {date:%B} {date.year}"


def chinese_numeral(number: int) -> str:
    """A whole number from 1 to 999 in Chinese numerals, as laws number their articles: 第二十七条.

    Raises ValueError outside that range.
    """
    if not 1 <= number <= 999:
        raise ValueError(f"no article or fraction is numbered {number}")
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        words += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    elif hundreds and ones:
        words += "零"
    return words + (_DIGITS[ones] if ones else "")


def _quantity(amount: object, kind: str, language: str) -> str:
    zh_unit, singular, plural = _UNITS[kind]
    if language == Language.ZH:
        return _range(
            amount, lambda number: f"{_number(number, '')}{zh_unit}", "{low}至{high}", "{low}以上", "{high}以下"
        )
    low, high = amount if isinstance(amount, tuple) else (amount, amount)
    glue = "" if kind == "percent" else " "
    unit = singular if high == 1 and low in (1, None) else plural
    words = _range(amount, _number, "{low}–{high}", "at least {low}", "up to {high}")
    return f"{words}{glue}{unit}".rstrip()


def _money(fact: Fact, language: str) -> str:
    zh_per, en_per = _PER[fact.per] if fact.per else ("", "")
    if language == Language.ZH:
        return zh_per + _range(
            fact.cny, lambda number: f"{_number(number, '')}元", "{low}以上{high}以下", "{low}以上", "{high}以下"
        )
    words = _range(fact.cny, lambda n: f"CNY {_number(n)}", "{low} to {high}", "at least {low}", "up to {high}")
    return f"{words} {en_per}".rstrip()


def _range(amount, word, between: str, from_: str, to: str) -> str:  # type: ignore[no-untyped-def]
    if not isinstance(amount, tuple):
        return word(amount)
    low, high = amount
    if low is None:
        return to.format(high=word(high))
    if high is None:
        return from_.format(low=word(low))
    return between.format(low=word(low), high=word(high))


def _number(number: float, thousands: str = ",") -> str:
    return f"{number:{thousands}.0f}" if float(number).is_integer() else f"{number:g}"
