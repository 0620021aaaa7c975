"""Questions of `tune` as people mistype them or type them otherwise: `python -m evaluation.distortions` writes them.

Every line of suites/robustness.jsonl is made by a rule below from one question, which it names. What varies is drawn by
the question's id, so the same questions give the same file. Other words are not touched, so what a kind costs is the
difference between its figures and those of the clean questions.
"""

from __future__ import annotations

import hashlib
import logging
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import jieba
import opencc
from pypinyin import lazy_pinyin

from evaluation.suites import FOLDER, Distorted, LanguageName, Part, Question, part_of, questions

WANTED = 40
"""How many of each kind, where so many questions allow it."""
CLEAN_STYLES = frozenset({"plain", "fragment", "story", "complaint", "colloquial", "nonnative"})
_HAN = re.compile(r"[㐀-鿿]")
_MARKS = re.compile(r"[^\w\s]+")


def main() -> None:
    """Write the suite anew."""
    lines = [told.model_dump_json() for told in distorted(questions())]
    (FOLDER / "robustness.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(lines)} distorted questions are written.")


def distorted(asked: Sequence[Question]) -> Iterator[Distorted]:
    """Up to WANTED of each kind, from the questions of `tune` that are clean themselves."""
    clean = [one for one in asked if part_of(one.id) is Part.TUNE and one.style in CLEAN_STYLES]
    for kind, rules in KINDS.items():
        count = 0
        for question in sorted(clean, key=lambda one: _drawn(kind, one.id)):
            rule = rules.get(question.language)
            text = rule(question.text, random.Random(f"{kind} {question.id}")) if rule else None
            if text is not None and text != question.text and count < WANTED:
                count += 1
                yield Distorted(
                    id=f"r-{kind}-{count:03}", kind=kind, language=question.language, of=question.id, text=text
                )


Rule = Callable[[str, random.Random], str | None]
"""The text otherwise; None where the rule has no hold on it."""


def homophones(text: str, draw: random.Random) -> str | None:
    """One word (two in a long text) as an input method offers it wrongly: the commonest other word that sounds alike.

    The rarest words go first, since it is them that say what the question is about.
    """
    alike, sound_of = _sounds()
    words = dict.fromkeys(word for word in jieba.lcut(text) if word in sound_of)
    changes = []
    for word in sorted(words, key=lambda word: jieba.dt.FREQ[word]):
        others = [other for other in alike[sound_of[word]] if other != word]
        if others:
            changes.append((word, next((other for other in others if not set(other) & set(word)), others[0])))
    for word, other in changes[: 2 if len(text) > 25 else 1]:
        text = text.replace(word, other, 1)
    return text if changes else None


def dropped(text: str, draw: random.Random) -> str | None:
    """A character in ten missing, one to four."""
    places = [place for place, sign in enumerate(text) if _HAN.match(sign)]
    if len(places) < 6:
        return None
    gone = set(draw.sample(places, _tenth(places)))
    return "".join(sign for place, sign in enumerate(text) if place not in gone)


def added(text: str, draw: random.Random) -> str | None:
    """A character in ten too many, one to four: typed twice, or left over from another place of the text."""
    places = [place for place, sign in enumerate(text) if _HAN.match(sign)]
    if len(places) < 6:
        return None
    more = set(draw.sample(places, _tenth(places)))
    strays = {place: sign if draw.random() < 0.5 else text[draw.choice(places)] for place, sign in enumerate(text)}
    return "".join(sign + (strays[place] if place in more else "") for place, sign in enumerate(text))


def full_width(text: str, draw: random.Random) -> str | None:
    """Latin letters, digits and marks as an input method in full-width mode gives them."""
    if sum(sign.isascii() and sign.isalnum() for sign in text) < 2:
        return None
    return "".join(
        "\u3000" if sign == " " else chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text
    )


def traditional(text: str, draw: random.Random) -> str | None:
    """Traditional characters, by the standard of the tables, of Hong Kong or of Taiwan with its own words."""
    told = _converter(draw.choice(("s2t", "s2hk", "s2twp"))).convert(text)
    return told if sum(one != other for one, other in zip(told, text, strict=False)) >= 3 else None


def pinyin(text: str, draw: random.Random) -> str | None:
    """The whole question in pinyin without tones or marks, a blank between words; long questions nobody types so."""
    plain = _MARKS.sub(" ", text)
    if not 5 <= len(_HAN.findall(plain)) <= 26 or re.search(r"[A-Za-z]", plain):
        return None
    words = [word for word in jieba.lcut(plain) if word.strip()]
    return " ".join("".join(lazy_pinyin(word)) for word in words)


def typo(text: str, draw: random.Random) -> str | None:
    """One long word in four wrong, at least one: two letters swapped, one missing, doubled or hit beside its key."""
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    if not long:
        return None
    for place in draw.sample(long, max(1, len(long) // 4)):
        words[place] = _mistyped(words[place], draw)
    return " ".join(words)


def mixed(text: str, draw: random.Random) -> str | None:
    """Words of business in the other language, as people who live in two say them; at least two of them."""
    to_english = bool(_HAN.search(text))
    found = [(zh, en) for zh, en in BUSINESS if (zh in text if to_english else re.search(rf"\b{en}\b", text, re.I))]
    if len(found) < 2:
        return None
    for zh, en in found[:4]:
        said, other = (re.escape(zh), en) if to_english else (rf"\b{en}\b", zh)
        text = re.sub(said, f" {other} ", text, flags=re.I)
    return re.sub(r"\s+", " ", re.sub(r"\s+([,.?!，。？！、])", r"\1", text)).strip()


KINDS: Mapping[str, Mapping[LanguageName, Rule]] = {
    "homophone": {"zh": homophones},
    "dropped": {"zh": dropped},
    "added": {"zh": added},
    "full-width": {"zh": full_width, "en": full_width},
    "traditional": {"zh": traditional},
    "pinyin": {"zh": pinyin},
    "typo": {"en": typo},
    "mixed": {"zh": mixed, "en": mixed},
}

BUSINESS = (
    ("申请", "apply"), ("材料", "documents"), ("手续", "paperwork"), ("审批", "approval"), ("许可", "permit"),
    ("备案", "filing"), ("罚款", "fine"), ("罚", "fine"), ("费用", "fee"), ("多少钱", "how much"), ("多久", "how long"),
    ("几天", "how many days"), ("哪里", "where"), ("窗口", "counter"), ("网上", "online"), ("公司", "company"),
    ("工地", "construction site"), ("小区", "compound"), ("物业", "property management"), ("公园", "park"),
    ("绿地", "green space"), ("绿化", "greening"), ("树", "tree"), ("招牌", "signboard"), ("广告", "advertising"),
    ("垃圾", "waste"), ("装修", "renovation"), ("渣土", "construction waste"), ("餐厅", "restaurant"),
    ("饭店", "restaurant"), ("厕所", "toilet"), ("检疫", "quarantine"), ("苗木", "seedlings"), ("野生动物", "wildlife"),
    ("林地", "woodland"), ("湿地", "wetland"), ("投诉", "complaint"), ("预约", "appointment"), ("期限", "deadline"),
    ("营业执照", "business licence"), ("车", "truck"), ("店", "shop"), ("灯", "lights"), ("活动", "event"),
    ("路边", "roadside"), ("规定", "rules"), ("延期", "extension"), ("办", "handle"),
)  # fmt: skip
"""Chinese and English of the words that people most often say in the other language."""

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _mistyped(word: str, draw: random.Random) -> str:
    place = draw.randrange(1, len(word) - 1)
    before, here, after = word[:place], word[place], word[place + 1 :]
    row = next((row for row in _KEYS if here.lower() in row), None)
    at = row.index(here.lower()) if row else 0
    beside = row[at - 1] if row and at else row[at + 1] if row else here
    return draw.choice(
        (before + after[:1] + here + after[1:], before + after, before + here + here + after, before + beside + after)
    )


@cache
def _sounds() -> tuple[Mapping[str, Sequence[str]], Mapping[str, str]]:
    """Common words by their sound, commonest first, and the sound of each."""
    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    words = [word for word, count in jieba.dt.FREQ.items() if count >= 60 and len(word) in (2, 3) and _is_han(word)]
    sound_of = {word: " ".join(lazy_pinyin(word)) for word in words}
    alike: dict[str, list[str]] = defaultdict(list)
    for word in sorted(words, key=lambda word: (-jieba.dt.FREQ[word], word)):
        alike[sound_of[word]].append(word)
    return alike, sound_of


@cache
def _converter(table: str) -> opencc.OpenCC:
    return opencc.OpenCC(table)


def _tenth(places: Sequence[int]) -> int:
    """How many to spoil: one in ten, at least one, and no more than a careful reader of a long text would let pass."""
    return min(4, max(1, len(places) // 10))


def _is_han(word: str) -> bool:
    return all(_HAN.match(sign) for sign in word)


def _drawn(kind: str, case_id: str) -> bytes:
    return hashlib.sha256(f"{kind} {case_id}".encode()).digest()


if __name__ == "__main__":
    main()
