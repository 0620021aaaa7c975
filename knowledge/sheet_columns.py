"""The columns of the sheet that editors work in, and what stands in their cells."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.schema import EntrySpec, Language

LONGEST_CELL = 32_767
"""What a cell of Excel holds, in UTF-16 units."""

KEEP, REMOVE = "keep", "remove"

NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no cell can hold."""

_ESCAPE = re.compile(r"_x005F_(?=x[0-9A-Fa-f]{4}_)")
_LINE_END = re.compile(r"(?:\r|_x000D_)\n?")


@dataclass(frozen=True)
class Column:
    """One column of the sheet of entries; `path` leads to the field of an entry that its cells hold, if any."""

    key: str
    width: int
    zh: str
    en: str
    zh_help: str
    en_help: str
    path: tuple[str, ...] = ()
    editable: bool = True
    many: bool = False


COLUMNS = (
    Column(
        "entry_id", 30, "条目编号", "entry",
        "不可改。新条目可以留空（自动编号），也可以写 事项编号.短名。",
        "Never changes. In a new row leave it empty (it is numbered for you) or write item.short-name.",
        editable=False,
    ),
    Column(
        "action", 17, "保留或删除", "keep or remove",
        "要删除条目，选 remove。只删掉表里的一行，文件里什么也不会删除。",
        "Choose “remove” to take an entry out. Deleting a row of the sheet removes nothing.",
    ),
    Column(
        "item", 28, "事项", "item",
        "新条目从列表里选；已有条目不可改。",
        "Choose from the list in a new row; in a row that exists it does not change.",
        editable=False,
    ),
    Column(
        "facet", 18, "方面", "facet",
        "问的是哪方面，从列表里选。编号就是方面名的条目，方面不可改。",
        "What about the item is asked; choose from the list. Where the entry is named after its facet, it stays.",
        ("facet",),
    ),
    Column("question_zh", 34, "标准问（中文）", "question, Chinese", "一行，不能空。", "One line, never empty.",
           ("question", "zh")),
    Column("question_en", 34, "标准问（英文）", "question, English", "一行，不能空。", "One line, never empty.",
           ("question", "en")),
    Column(
        "similar_zh", 40, "相似问（中文）", "similar, Chinese",
        "一行一个（Alt+Enter 换行），至少六个，用大家打字的说法。",
        "One a line (Alt+Enter), at least six, the way people type.",
        ("similar", "zh"), many=True,
    ),
    Column(
        "similar_en", 40, "相似问（英文）", "similar, English",
        "一行一个（Alt+Enter 换行），至少六个。",
        "One a line (Alt+Enter), at least six, the way people type.",
        ("similar", "en"), many=True,
    ),
    Column(
        "answer_zh", 60, "答复（中文，模板）", "answer, Chinese (template)",
        "先答结论，再说怎么办。数字、日期、法规都用 {{ 事实名 }}，名称见 Facts 表。",
        "The answer first, then what to do. Figures, dates, laws are {{ facts }}; their names are in the sheet Facts.",
        ("answer", "zh"),
    ),
    Column(
        "answer_en", 60, "答复（英文，模板）", "answer, English (template)",
        "与中文说同样的话，用同样的事实。",
        "Says the same as the Chinese and uses the same facts.",
        ("answer", "en"),
    ),
    Column(
        "unconfirmed_zh", 28, "尚未确认（中文）", "unconfirmed, Chinese",
        "哪一点还没确认，用名词短语。两种语言要么都写，要么都空。",
        "Which point could not be confirmed, as a noun phrase. Both languages or neither.",
        ("unconfirmed", "zh"),
    ),
    Column(
        "unconfirmed_en", 28, "尚未确认（英文）", "unconfirmed, English",
        "同上。", "As in Chinese.",
        ("unconfirmed", "en"),
    ),
    Column(
        "basis", 24, "依据", "basis",
        "答复所依据、但没有写进答复的事实名，一行一个。",
        "Facts that the answer rests on without showing them, one name a line.",
        ("basis",), many=True,
    ),
    Column(
        "compares", 28, "比较的事项", "compares",
        "只用于方面为 differences 的条目：与哪个事项比较，一行一个编号。",
        "Only for the facet “differences”: the id of the item it is compared to, one a line.",
        ("compares",), many=True,
    ),
    Column(
        "shown_zh", 60, "显示效果（中文）", "as shown, Chinese",
        "只读：访客看到的答复。改这里没有作用。",
        "For reading only: what visitors see. Changes here have no effect.",
        editable=False,
    ),
    Column(
        "shown_en", 60, "显示效果（英文）", "as shown, English",
        "只读：访客看到的答复。改这里没有作用。",
        "For reading only: what visitors see. Changes here have no effect.",
        editable=False,
    ),
    Column(
        "mark", 12, "标记", "mark",
        "隐藏列：记住导出时的内容，用来发现冲突。",
        "Hidden: remembers what was exported, to notice conflicts.",
        editable=False,
    ),
)  # fmt: skip
COLUMN = {column.key: column for column in COLUMNS}
FIELDS = {column.key: column for column in COLUMNS if column.path}
READ = ("entry_id", "action", "item", "mark", *FIELDS)
"""The columns that an import reads; the others are for orientation."""


def field_texts(spec: EntrySpec) -> dict[str, str]:
    """An entry's fields as its cells show them, by column; an absent field is an empty text."""
    texts = {}
    for key, column in FIELDS.items():
        value: Any = spec
        for step in column.path:
            value = value and (value[step] if step in tuple(Language) else getattr(value, step))
        texts[key] = tidy("\n".join(value) if column.many else str(value or ""), column.many)
    return texts


def mark_of(entry_id: str, texts: Mapping[str, str]) -> str:
    """The entry's id and a hash of its cells: tells later which of sheet and files has changed."""
    content = json.dumps([entry_id, *(texts[key] for key in FIELDS)], ensure_ascii=False)
    return f"{entry_id}@{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def tidy(text: str, many: bool = False) -> str:
    """A cell's text without what spreadsheets do to texts: escapes, line ends of Windows, (unbreakable) blanks at ends.

    Of `many` lines, each is tidied and the empty ones are left out.
    """
    text = _LINE_END.sub("\n", _ESCAPE.sub("_", text))
    text = NOT_IN_XML.sub("", text).strip()
    if not many:
        return text
    return "\n".join(line for line in map(str.strip, text.split("\n")) if line)


def chosen(text: str) -> str:
    """The value behind a choice of a drop-down list: “费用 Fee (fee)” is fee, and so is fee."""
    found = re.search(r"[(（]([^()（）]*)[)）]$", text)
    return (found.group(1) if found else text).strip()


def units(text: str) -> int:
    """The length of a text as Excel counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
