"""No figure, date or article number is typed by hand: each comes from a fact, where it has a source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.lint.written import Written
from knowledge.loader import Fault
from knowledge.schema import Language

_LIST_MARKER = re.compile(r"^\s*\d+\.\s", re.MULTILINE)
_DIGIT = re.compile(r"\d+")
_HAN = "零一二三四五六七八九十百千万两半"
_SPELT = {
    Language.ZH: re.compile(
        rf"第[{_HAN}]+[条款项]|[{_HAN}]+分之[{_HAN}]+"
        # 「一棵树」 is "a tree"; from two on it is a number.
        rf"|(?<![第同每这那下上某任另])(?!一[株棵天])[{_HAN}]+(?:个?(?:工作日|自然日|月|小时|平方米|立方米|公顷)|[日天年元倍米株棵吨公里]|厘米|块钱)"
        r"(?![级般生度天])"
    ),
    Language.EN: re.compile(
        r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|sixty|ninety|hundred|"
        r"thousand)(?:[ -](?:and|hundred|thousand|a half))*[ -](?:working |calendar |square |cubic )?"
        r"(?:days?|weeks?|months?|years?|hours?|yuan|metres?|centimetres?|hectares?|trees|times|thirds?|quarters?)\b"
        r"|\b(?:half|a third|two thirds) of\b",
        re.IGNORECASE,
    ),
}


def faults(written: Written) -> Iterator[Fault]:
    """Digits other than list markers, and figures spelt out in words, in answers."""
    for template in written.templates():
        text = _LIST_MARKER.sub("", template.by_hand)
        found = [match[0] for pattern in (_DIGIT, _SPELT[template.language]) for match in pattern.finditer(text)]
        for figure in dict.fromkeys(found):
            yield written.fault(
                template.item_id,
                template.path,
                f"{figure!r} is typed by hand; store it under `facts` with its source and write {{{{ its_name }}}}",
            )
