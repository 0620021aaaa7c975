"""The base as a workbook that editors can work in, and back: one row an entry, both languages side by side.

Only texts go in and out here; what a changed row means for the files is knowledge/sheet_edits.py.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
import unicodedata
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from knowledge import facts
from knowledge.base import Entry, KnowledgeBase
from knowledge.loader import KnowledgeError
from knowledge.rendering import COMMON_PREFIX
from knowledge.schema import CommonSpec, EntrySpec, Facet, Fact, Language, Source
from knowledge.sheet_columns import (
    COLUMNS,
    FIELDS,
    KEEP,
    LONGEST_CELL,
    NOT_IN_XML,
    READ,
    REMOVE,
    field_texts,
    mark_of,
    tidy,
    units,
)

ENTRIES, GUIDE, FACTS, LISTS = "Entries", "Guide", "Facts", "Lists"
EMPTY_ROWS = 60
"""Rows below the last entry that are open for new ones."""


class SheetError(KnowledgeError):
    """A workbook cannot be made or read; the message says why."""


@dataclass(frozen=True)
class CellFault:
    """One cell that cannot be taken over: where it stands and what to do about it."""

    cell: str
    message: str

    def __str__(self) -> str:
        return f"{self.cell}: {self.message}"


@dataclass(frozen=True)
class Row:
    """One row as read: tidied texts by column; a cell that holds no text is missing from `texts`."""

    number: int
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """What a workbook says: its rows, the revision it was exported from, and the cells that hold no text."""

    revision: str
    rows: tuple[Row, ...]
    faults: tuple[CellFault, ...]
    letters: Mapping[str, str]

    def cell(self, row: Row, key: str) -> str:
        """The place of a row's cell, as a spreadsheet names it: Entries!H12."""
        return f"{ENTRIES}!{self.letters[key]}{row.number}"


def export(base: KnowledgeBase, folder: Path, target: Path) -> None:
    """Write the base of `folder` as a workbook to `target`, replacing what is there. Raises SheetError."""
    book = Workbook()
    entries = book.active
    entries.title = ENTRIES
    _fill_entries(entries, base)
    _fill_guide(book.create_sheet(GUIDE), base)
    _fill_facts(book.create_sheet(FACTS), base, folder)
    _fill_lists(book.create_sheet(LISTS), base)
    book.properties.title, book.properties.creator = f"Bangban {base.revision}", "Bangban"
    try:
        handle, path = tempfile.mkstemp(dir=target.parent, prefix=".bangban-", suffix=".xlsx")
        os.close(handle)
        try:
            book.save(path)
            os.chmod(path, 0o644)
            os.replace(path, target)
        finally:
            Path(path).unlink(missing_ok=True)
    except OSError as error:
        raise SheetError(f"{target} cannot be written ({error.strerror or error}); name another place.") from error


def read(path: Path) -> Sheet:
    """The sheet of entries in a workbook. Raises SheetError where it is no workbook or lacks what an import needs."""
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What openpyxl leaves out (pictures, unknown validations) is not ours.
            book = load_workbook(file)
    except FileNotFoundError:
        raise SheetError(f"There is no file {path}; name the workbook that `bangban kb export` wrote.") from None
    except OSError as error:
        raise SheetError(f"{path} cannot be read ({error.strerror or error}).") from error
    except Exception as error:  # openpyxl lets many kinds of error out, whatever the broken file makes it stumble on.
        raise SheetError(
            f"{path} is not an Excel workbook (.xlsx): save the sheet as .xlsx, without a password, and try again."
        ) from error
    if ENTRIES not in book.sheetnames:
        raise SheetError(f"{path} has no sheet “{ENTRIES}”: export anew and carry the changes over.")
    sheet = book[ENTRIES]
    letters = _letters(sheet)
    missing = [key for key in READ if key not in letters]
    if missing:
        raise SheetError(
            f"{ENTRIES}!1:1: the header lacks {', '.join(missing)}. Put the names back "
            "as the first line of their header cells, or export anew and carry the changes over."
        )
    rows, faults = [], []
    for cells in sheet.iter_rows(min_row=2):
        held = {cell.column_letter: cell for cell in cells if cell.value is not None}
        texts: dict[str, str] = {}
        for key in READ:
            cell = held.get(letters[key])
            try:
                texts[key] = _text(cell, many=key in FIELDS and FIELDS[key].many)
            except ValueError as error:
                faults.append(CellFault(f"{ENTRIES}!{letters[key]}{cells[0].row}", str(error)))
        if len(texts) < len(READ) or any(text for key, text in texts.items() if key != "action"):
            rows.append(Row(cells[0].row, texts))
    return Sheet(_revision(book), tuple(rows), tuple(faults), letters)


# --- writing ----------------------------------------------------------------------------------------------------------

_LEAF, _SOFT, _GREY, _INK, _QUIET = "1F6B45", "E4F0E8", "F3F5F3", "16211C", "5B6660"
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_OPEN, _LOCKED = Protection(locked=False), Protection(locked=True)
_FILL_LOCKED = PatternFill("solid", fgColor=_GREY)
_HAIR = Side(style="thin", color="D5DCD7")
_EDGE = Side(style="medium", color=_LEAF)
_FONT = Font(name="Microsoft YaHei", size=10, color=_INK)
_QUIET_FONT = Font(name="Microsoft YaHei", size=10, color=_QUIET)
_LINE_HEIGHT, _TALLEST_ROW = 14.5, 409

_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def _fill_entries(sheet: Any, base: KnowledgeBase) -> None:
    _header(sheet, [(f"{c.key}\n{c.zh}\n{c.en}", c.width, c.editable) for c in COLUMNS])
    number = 1
    for item_id in base.items:
        for first, entry in enumerate(base.entries_of(item_id)):
            number += 1
            spec = base.items[item_id].entries[_slug(entry)]
            _fill_row(sheet, number, base, entry, spec, edge=first == 0)
    last = number + EMPTY_ROWS
    for empty in range(number + 1, last + 1):
        for at, column in enumerate(COLUMNS, start=1):
            cell = sheet.cell(empty, at)
            _style(cell, column.editable or column.key in ("entry_id", "item"))
    _choices(sheet, "action", f"{LISTS}!$C$2:$C$3", last)
    _choices(sheet, "item", f"{LISTS}!$A$2:$A${len(base.items) + 1}", last)
    _choices(sheet, "facet", f"{LISTS}!$B$2:$B${len(Facet) + 1}", last)
    sheet.column_dimensions[_letter("mark")].hidden = True
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{number}"
    _protect(sheet)


def _fill_row(sheet: Any, number: int, base: KnowledgeBase, entry: Entry, spec: EntrySpec, edge: bool) -> None:
    fields = field_texts(spec)
    texts = {
        **fields,
        "entry_id": entry.entry_id,
        "action": KEEP,
        "item": _item_choice(base, entry.item_id),
        "facet": _facet_choice(base, entry.facet),
        "shown_zh": entry.answer.zh,
        "shown_en": entry.answer.en,
        "mark": mark_of(entry.entry_id, fields),
    }
    for at, column in enumerate(COLUMNS, start=1):
        cell = sheet.cell(number, at)
        text = texts[column.key]
        if column.key in FIELDS and units(text) > LONGEST_CELL:
            raise SheetError(
                f"{entry.entry_id}: {column.key} is longer than the {LONGEST_CELL:,} characters that a cell holds; "
                "shorten it in the file, then export again."
            )
        _write(cell, text)
        named_by_facet = column.key == "facet" and _slug(entry) == entry.facet.value
        _style(cell, column.editable and not named_by_facet, edge)
    _set_height(sheet, number, [(texts[column.key], column.width) for column in COLUMNS])


def _fill_guide(sheet: Any, base: KnowledgeBase) -> None:
    sheet.column_dimensions["A"].width = 24
    sheet.column_dimensions["B"].width = 62
    sheet.column_dimensions["C"].width = 72
    lines = [
        ("帮办 Bangban", "知识库的编辑表", "The knowledge base, for editing"),
        ("revision", f"导出时的版本：{base.revision}", f"Exported at revision {base.revision}"),
        (
            "",
            "白底的格子可以改，灰底的不用动。改完保存，交给维护人运行 bangban kb import："
            "导入前逐条列出改动，确认后才写入。",
            "Change the white cells, leave the grey ones. Save and hand the file to whoever runs bangban kb import; "
            "it lists every change and asks before it writes.",
        ),
        (
            "",
            "同一条目导出后又在文件里改过的，会报告冲突，整张表都不写入：重新导出，再改一次。",
            "Where an entry has changed in the files since the export, the import says so and writes nothing at all: "
            "export anew and change it there.",
        ),
        (
            "",
            "新条目写在最后一条下面的空行里：选事项和方面，写好两种语言。",
            "New entries go into the empty rows below the last one: choose item and facet, write both languages.",
        ),
        ("列 column", "说明", "What it is"),
        *((column.key, f"{column.zh}：{column.zh_help}", column.en_help) for column in COLUMNS),
    ]
    for number, line in enumerate(lines, start=1):
        for at, text in enumerate(line, start=1):
            cell = sheet.cell(number, at)
            _write(cell, text)
            cell.font = Font(name="Microsoft YaHei", size=16 if number == 1 else 10, bold=at == 1, color=_INK)
            cell.alignment = _WRAPPED
            if line[0] == "列 column":
                cell.fill, cell.font = PatternFill("solid", fgColor=_SOFT), Font(name="Microsoft YaHei", bold=True)
        _set_height(sheet, number, [(line[1], 62), (line[2], 72)])
    sheet.row_dimensions[1].height = 30
    sheet.sheet_view.showGridLines = False
    _print_across(sheet)
    _protect(sheet)


def _fill_facts(sheet: Any, base: KnowledgeBase, folder: Path) -> None:
    heads = (
        ("写法\nwrite it as", 40), ("事项\nitem", 30), ("名称\nname", 26), ("中文\nChinese", 50), ("英文\nEnglish", 50),
        ("可信度\nconfidence", 14), ("来源\nsources", 60),
    )  # fmt: skip
    _header(sheet, [(name, width, False) for name, width in heads])
    sources = {key: Source.model_validate(held) for key, held in _yaml(folder / "sources.yaml").items()}
    common = CommonSpec.model_validate(_yaml(folder / "common.yaml"))
    held: list[tuple[str, str, Mapping[str, Fact]]] = [("", f"{COMMON_PREFIX}.", common.facts)]
    held += [(_item_choice(base, item_id), "", item.facts) for item_id, item in base.items.items()]
    number = 1
    for item, prefix, named in held:
        for name, fact in named.items():
            number += 1
            texts = (
                f"{{{{ {prefix}{name} }}}}",
                item or "所有事项 every item",
                prefix + name,
                facts.render(fact, Language.ZH, sources),
                facts.render(fact, Language.EN, sources),
                fact.confidence.value,
                "\n".join(sources[key].title.zh for key in fact.source),
            )
            for at, text in enumerate(texts, start=1):
                cell = sheet.cell(number, at)
                _write(cell, text)
                _style(cell, editable=False)
            _set_height(sheet, number, [(text, width) for text, (_, width) in zip(texts, heads, strict=True)])
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{number}"
    _protect(sheet)


def _fill_lists(sheet: Any, base: KnowledgeBase) -> None:
    """What the drop-down lists offer, and the revision that was exported."""
    columns = (
        ("item", *(_item_choice(base, item_id) for item_id in base.items)),
        ("facet", *(_facet_choice(base, facet) for facet in Facet)),
        ("action", KEEP, REMOVE),
        ("revision", base.revision),
    )
    for at, column in enumerate(columns, start=1):
        for number, text in enumerate(column, start=1):
            _write(sheet.cell(number, at), text)
    sheet.sheet_state = "hidden"
    _protect(sheet)


def _header(sheet: Any, columns: Iterable[tuple[str, int, bool]]) -> None:
    for at, (name, width, editable) in enumerate(columns, start=1):
        cell = sheet.cell(1, at, name)
        cell.font = Font(name="Microsoft YaHei", size=10, bold=True, color="FFFFFF" if editable else _INK)
        cell.fill = PatternFill("solid", fgColor=_LEAF if editable else _SOFT)
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.row_dimensions[1].height = 48
    _print_across(sheet)
    sheet.print_title_rows = "1:1"


def _print_across(sheet: Any) -> None:
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _write(cell: Any, text: str) -> None:
    """The text as text: what starts with = is no formula, what looks like an escape of Excel's is none."""
    shown = _ESCAPED.sub("_x005F_", NOT_IN_XML.sub("", text))
    if not shown:
        return
    while units(shown) > LONGEST_CELL:
        shown = shown[: LONGEST_CELL // 2 - 1] + "…"
    cell.value = shown
    cell.data_type = "s"
    cell.quotePrefix = shown[0] in "=+-@'"


def _style(cell: Any, editable: bool, edge: bool = False) -> None:
    cell.alignment = _WRAPPED
    cell.protection = _OPEN if editable else _LOCKED
    cell.font = _FONT if editable else _QUIET_FONT
    cell.border = Border(top=_EDGE if edge else _HAIR)
    if editable:
        cell.number_format = "@"  # Excel leaves what is typed into a text cell alone: no dates, numbers, formulas.
    else:
        cell.fill = _FILL_LOCKED


def _set_height(sheet: Any, number: int, texts: Iterable[tuple[str, int]]) -> None:
    lines = max(
        sum(max(1, math.ceil(_columns(line) / (width - 2))) for line in text.split("\n")) for text, width in texts
    )
    sheet.row_dimensions[number].height = min(_TALLEST_ROW, max(1, lines) * _LINE_HEIGHT + 4)


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def _choices(sheet: Any, key: str, source: str, last: int) -> None:
    validation = DataValidation("list", formula1=source, allow_blank=True, showErrorMessage=True, showDropDown=False)
    validation.errorTitle = "帮办 Bangban"
    validation.error = "请从列表里选一个。Choose one from the list."
    validation.add(f"{_letter(key)}2:{_letter(key)}{last}")
    sheet.add_data_validation(validation)


def _protect(sheet: Any) -> None:
    """Locked cells cannot be typed into; no password, since this guards against slips and not against people."""
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = sheet.protection.autoFilter = False


def _item_choice(base: KnowledgeBase, item_id: str) -> str:
    return f"{base.items[item_id].name.zh} ({item_id})"


def _facet_choice(base: KnowledgeBase, facet: Facet) -> str:
    label = base.facets[facet].label
    return f"{label.zh} {label.en} ({facet.value})"


def _letter(key: str) -> str:
    return get_column_letter([column.key for column in COLUMNS].index(key) + 1)


def _slug(entry: Entry) -> str:
    return entry.entry_id.partition(".")[2]


def _yaml(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content


# --- reading ----------------------------------------------------------------------------------------------------------


def _letters(sheet: Any) -> dict[str, str]:
    """The column of each name in the header, whatever their order; a name that stands twice counts once."""
    letters: dict[str, str] = {}
    for cell in next(sheet.iter_rows(min_row=1, max_row=1), ()):
        name = tidy(str(cell.value or "")).split("\n")[0].strip().lower()
        if name in READ:
            letters.setdefault(name, cell.column_letter)
    return letters


def _text(cell: Any, many: bool) -> str:
    """The tidied text of a cell. Raises ValueError, which says what is wrong, for anything that is no text."""
    if cell is None:
        return ""
    if cell.data_type == "f":
        raise ValueError("holds a formula; write the text itself, with a leading apostrophe (') if it starts with =")
    if cell.data_type == "e":
        raise ValueError(f"holds an error of the spreadsheet ({cell.value}); write the text itself")
    if not isinstance(cell.value, str):
        kind = {"n": "a number", "b": "yes or no", "d": "a date"}.get(cell.data_type, "no text")
        raise ValueError(f"holds {kind} ({cell.value}); format the cell as text and write it again")
    if (length := units(cell.value)) > LONGEST_CELL:
        raise ValueError(f"has {length:,} characters; a cell of Excel holds {LONGEST_CELL:,}, so shorten it")
    return tidy(cell.value, many)


def _revision(book: Any) -> str:
    if LISTS not in book.sheetnames:
        return ""
    columns: Sequence[Sequence[Any]] = list(book[LISTS].iter_cols(values_only=True))
    return next((str(column[1]) for column in columns if len(column) > 1 and column[0] == "revision"), "")
