"""Which messages are about another place: this desk serves Shanghai."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("places.yaml")
_SHANGHAI = re.compile(
    r"上海|申城|沪|浦东|浦西|黄浦|徐汇|长宁|静安|普陀|虹口|杨浦|闵行|宝山|嘉定|松江|金山|青浦|奉贤|崇明|南汇|临港|张江|陆家嘴"
    r"|外滩|虹桥|新天地|徐家汇|五角场|七宝|莘庄|安亭|南翔|佘山|朱家角|枫泾|周浦|川沙|大场|东滩|九段沙|苏州河|世纪公园"
    r"|\b(?:shanghai|pudong|puxi|huangpu|xuhui|changning|jing'?an|putuo|hongkou|yangpu|minhang|baoshan|jiading|songjiang"
    r"|jinshan|qingpu|fengxian|chongming|nanhui|lingang|zhangjiang|lujiazui|the bund|hongqiao|xintiandi|xujiahui"
    r"|wujiaochang|qibao|xinzhuang|anting|nanxiang|sheshan|zhujiajiao|zhoupu|chuansha|dachang|dongtan|jiuduansha"
    r"|suzhou creek)\b"
)
_STREET = re.compile(r"(?:[东西南北中]?(?:[一二三四]?路|街|支路|大道|公路|弄|河))|\s(?:rd|road|street|avenue|lu)\b")
"""Shanghai names its streets after other cities: 「南京西路」 is here, and so is "Beijing Road"."""
_ON_THE_WAY = re.compile(r"(?:[运寄发送卖调搬拉](?:去|到|往|给)?|从|自|进口|引进|引种)$|\b(?:to|from) $")
_COMES = re.compile(r"[^，。？,]{0,2}(?:来的|运来|调来|调运|发来|寄来|进的|产的|买的)")
"""Goods go to other places and come from them; what that takes is asked here: "plants to Beijing", 「福建调来的苗」."""


def is_here(text: str) -> bool:
    """Whether a normalised text names Shanghai or a place in it."""
    return _SHANGHAI.search(text) is not None


def is_elsewhere(text: str) -> bool:
    """Whether a normalised text is about a place that is not ours: names one, and none that is."""
    return not is_here(text) and any(
        not (_STREET.match(text, found.end()) or _is_on_the_way(text, found)) for found in _elsewhere().finditer(text)
    )


def _is_on_the_way(text: str, place: re.Match[str]) -> bool:
    return _ON_THE_WAY.search(text[: place.start()]) is not None or _COMES.match(text, place.end()) is not None


@cache
def _elsewhere() -> re.Pattern[str]:
    told = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    chinese, english = told["zh"].split(), told["en"].split(", ")
    return re.compile("|".join([*chinese, rf"\b(?:{'|'.join(map(re.escape, english))})\b"]))
