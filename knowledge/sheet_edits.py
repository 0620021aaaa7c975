"""What an edited sheet asks of the files: its changes, its conflicts with them, and every cell that is wrong.

All of it is found in one pass, and nothing is written here: a proposal without conflicts and faults carries a draft,
which has been loaded as a base of its own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from knowledge import loader
from knowledge.base import KnowledgeBase
from knowledge.editing import AddEntry, Draft, Edit, LeftToAPerson, RemoveEntry, SetField, draft
from knowledge.lint import lint
from knowledge.lint.phrasings import FEWEST
from knowledge.loader import BrokenBase, Fault, fact_names
from knowledge.rendering import COMMON_PREFIX, FACT_REFERENCE, references
from knowledge.schema import Facet
from knowledge.sheet_columns import FIELDS, KEEP, REMOVE, chosen, field_texts, mark_of
from knowledge.spreadsheet import ENTRIES, CellFault, Row, Sheet, read
from knowledge.yaml_spans import Value

SLUG = re.compile(r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$")
TEMPLATES = ("answer_zh", "answer_en", "unconfirmed_zh", "unconfirmed_en")
OPTIONAL = ("unconfirmed_zh", "unconfirmed_en", "basis", "compares")


@dataclass(frozen=True)
class Change:
    """One field that becomes another; `before` is empty for a new entry, `after` for a removed one."""

    cell: str
    entry_id: str
    field: str
    before: str
    after: str


@dataclass
class Proposal:
    """Everything that an import found. `draft` is None where there is nothing to write or something is in the way."""

    exported: str
    """The revision that the sheet says it was exported from; empty where it does not say."""
    revision: str
    """The revision of the files."""
    changes: list[Change] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    conflicts: list[CellFault] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)
    warnings: list[CellFault] = field(default_factory=list)
    """What `bangban kb check` will find in changed cells: it can be written, and has to be mended before publishing."""
    notes: list[str] = field(default_factory=list)
    draft: Draft | None = None


def propose(workbook: Path, base: KnowledgeBase, folder: Path) -> Proposal:
    """Compare a workbook with `base`, which was loaded from `folder`.

    Raises SheetError where the file cannot be read as a sheet of entries, StaleDraft where the folder has changed.
    """
    sheet = read(workbook)
    return _Comparison(sheet, base, folder).proposal()


class _Comparison:
    def __init__(self, sheet: Sheet, base: KnowledgeBase, folder: Path) -> None:
        self.sheet, self.base, self.folder = sheet, base, folder
        self.found = Proposal(exported=sheet.revision, revision=base.revision, faults=list(sheet.faults))
        self.common = {f"{COMMON_PREFIX}.{name}" for name in fact_names(folder / "common.yaml")}
        self.taken = set(base.entries)
        self.rows: dict[str, Row] = {}
        """The rows that ask for an edit, by entry."""
        self.edits: list[tuple[Row, Edit]] = []

    def proposal(self) -> Proposal:
        marks = Counter(row.texts["mark"] for row in self.sheet.rows if row.texts.get("mark"))
        self.taken |= {row.texts["entry_id"] for row in self.sheet.rows if row.texts.get("entry_id")}
        seen: set[str] = set()
        for row in self.sheet.rows:
            if marks[row.texts.get("mark", "")] > 1 and row.texts["mark"] in seen:
                self._wrong(row, "mark", "this row is a copy of another; write new entries into the empty rows below")
            elif row.texts.get("mark"):
                self._known(row)
            else:
                self._new(row)
            seen.add(row.texts.get("mark", ""))
        self._note_missing_rows()
        self._try()
        self.found.faults.sort(key=lambda fault: _reading_order(fault.cell))
        return self.found

    # --- rows -----------------------------------------------------------------------------------------------------

    def _known(self, row: Row) -> None:
        """A row that was exported: untouched, changed or to be removed."""
        mark, entry_id = row.texts["mark"], row.texts["mark"].partition("@")[0]
        if row.texts.get("entry_id") != entry_id:
            self._wrong(row, "entry_id", f"the id of an entry does not change; put {entry_id} back")
            return
        entry = self.base.entries.get(entry_id)
        item_id, _, slug = entry_id.partition(".")
        if entry and "item" in row.texts and self._item_of(row) != item_id:
            self._wrong(row, "item", f"the item of an entry does not change; put {item_id} back")
            return
        old = field_texts(self.base.items[item_id].entries[slug]) if entry else {}
        new = self._field_texts(row)
        removing = self._action(row) == REMOVE
        untouched = mark_of(entry_id, {**dict.fromkeys(FIELDS, "\0"), **new}) == mark and not removing
        if untouched or (not removing and new == old) or (removing and not entry):
            if entry is None:
                self.found.notes.append(f"{entry_id} is no longer in the files; its row was left aside.")
            return
        if entry is None or mark_of(entry_id, old) != mark:
            happened = "was changed" if entry else "was removed"
            self.found.conflicts.append(
                CellFault(
                    self.sheet.cell(row, "entry_id"),
                    f"{entry_id} {happened} in the files after the sheet was exported; "
                    "export anew and make your change there",
                )
            )
            return
        self.rows[entry_id] = row
        if removing:
            self.found.removed.append(entry_id)
            self._change(row, entry_id, "action", KEEP, REMOVE)
            self.edits.append((row, RemoveEntry(entry_id)))
            return
        changed = [key for key, text in new.items() if text != old[key]]
        for key in changed:
            self._change(row, entry_id, key, old[key], new[key])
        if self._fields_are_right(row, item_id, slug, new, changed):
            self.edits += [(row, edit) for edit in _edits(entry_id, old, new, changed)]

    def _new(self, row: Row) -> None:
        """A row that was never exported: an entry to add."""
        if self._action(row) == REMOVE:
            self._wrong(row, "action", "a new entry cannot be removed; clear the row instead")
            return
        texts = self._field_texts(row)
        given = row.texts.get("entry_id", "")
        item_id, _, slug = given.partition(".")
        if not self._new_id_is_right(row, given):
            return
        item_id = self._item_of(row) or item_id
        if item_id not in self.base.items:
            self._wrong(row, "item", "choose the item from the list")
            return
        if given and not given.startswith(f"{item_id}."):
            self._wrong(
                row, "entry_id", f"does not belong to the item {item_id}; write {item_id}.{slug or 'short-name'}"
            )
            return
        if not texts.get("facet") and slug in tuple(Facet):
            texts["facet"] = slug
        slug = slug or self._free_slug(item_id, texts)
        entry_id = f"{item_id}.{slug}"
        self.taken.add(entry_id)
        self.rows[entry_id] = row
        self.found.added.append(entry_id)
        for key, text in texts.items():
            if text:
                self._change(row, entry_id, key, "", text)
        if self._fields_are_right(row, item_id, slug, texts, list(FIELDS)):
            self.edits.append((row, AddEntry(entry_id, _content(slug, texts))))

    def _new_id_is_right(self, row: Row, given: str) -> bool:
        if "entry_id" not in row.texts:
            return False
        item_id, dot, slug = given.partition(".")
        if not given:
            return True
        if given in self.base.entries:
            self._wrong(row, "entry_id", f"{given} is there already; change its own row, or leave the cell empty")
        elif given in self.rows:
            self._wrong(row, "entry_id", f"{given} stands twice in the sheet; each new entry needs its own id")
        elif item_id not in self.base.items:
            self._wrong(
                row, "entry_id", f"there is no item {item_id!r}; write item.short-name, or leave the cell empty"
            )
        elif not dot or not SLUG.match(slug) or len(slug) > 80:
            self._wrong(row, "entry_id", "an id is item.short-name in small letters, digits and hyphens")
        else:
            return True
        return False

    def _item_of(self, row: Row) -> str:
        text = row.texts.get("item", "")
        names = {name: item_id for item_id, item in self.base.items.items() for name in (item.name.zh, item.name.en)}
        return names.get(text, chosen(text))

    def _free_slug(self, item_id: str, texts: Mapping[str, str]) -> str:
        facet = texts.get("facet", "")
        if facet == Facet.DIFFERENCES and texts.get("compares"):
            first = f"differences-{texts['compares'].splitlines()[0]}"
        else:
            first = facet if facet else "entry"
        numbered = (f"situation-{facet or 'entry'}-{number}" for number in range(1, len(self.taken) + 2))
        return next(slug for slug in (first, *numbered) if f"{item_id}.{slug}" not in self.taken)

    def _action(self, row: Row) -> str:
        text = row.texts.get("action", KEEP).lower()
        if text not in ("", KEEP, REMOVE):
            self._wrong(row, "action", f"choose {KEEP} or {REMOVE}")
        return text or KEEP

    def _field_texts(self, row: Row) -> dict[str, str]:
        """The fields that are texts; those that are not have been told as faults already."""
        texts = {key: row.texts[key] for key in FIELDS if key in row.texts}
        if "facet" in texts:
            texts["facet"] = chosen(texts["facet"])
        return texts

    # --- fields ---------------------------------------------------------------------------------------------------

    def _fields_are_right(
        self, row: Row, item_id: str, slug: str, texts: Mapping[str, str], changed: Iterable[str]
    ) -> bool:
        before = len(self.found.faults)
        known = self.common | self.base.items[item_id].facts.keys()
        for key in changed:
            for message in self._faults_of(key, slug, texts, known):
                self._wrong(row, key, message)
        return len(self.found.faults) == before and len(texts) == len(FIELDS)

    def _faults_of(self, key: str, slug: str, texts: Mapping[str, str], known: set[str]) -> Iterable[str]:
        text = texts.get(key)
        if text is None:
            return
        if not text and key not in OPTIONAL:
            yield "is empty; every entry needs it in both languages" if key != "facet" else "choose the facet"
        elif key == "facet":
            if text not in tuple(Facet):
                yield f"there is no facet {text!r}; choose one from the list"
            elif slug in tuple(Facet) and text != slug:
                yield f"the entry is named after its facet, which stays {slug}; add a new entry for another facet"
        elif key.startswith("question"):
            if "\n" in text:
                yield "a question is one line; join its lines"
        elif key.startswith("similar"):
            lines = text.split("\n")
            if len(lines) < FEWEST:
                yield f"has {len(lines)} similar question(s), one a line; at least {FEWEST} are needed"
            for line, times in Counter(lines).items():
                if times > 1:
                    yield f"{line!r} stands {times} times; write it once"
        elif key in TEMPLATES:
            yield from _faults_of_template(text, known)
        elif key == "basis":
            for name in text.split("\n") if text else ():
                if name not in known:
                    yield f"there is no fact {name!r}; the sheet Facts lists them"
        if key.startswith("unconfirmed"):
            other = "unconfirmed_en" if key.endswith("zh") else "unconfirmed_zh"
            if not text and texts.get(other):
                yield "is empty, but the other language is not; write both or neither"
            elif text and not texts.get(other, "?"):
                yield "the other language is empty; write both or neither"

    # --- the whole ------------------------------------------------------------------------------------------------

    def _note_missing_rows(self) -> None:
        held = {row.texts.get("mark", "").partition("@")[0] for row in self.sheet.rows}
        if missing := [entry_id for entry_id in self.base.entries if entry_id not in held]:
            self.found.notes.append(
                f"{len(missing)} entries of the files have no row in the sheet ({missing[0]} …); nothing happens to "
                f"them. To remove an entry, keep its row and choose “{REMOVE}”."
            )

    def _try(self) -> None:
        """Load the changed files, made without the rows that are wrong, so that all faults are told at once."""
        edits = list(self.edits)
        ready: Draft | None = None
        try:
            if edits:
                ready = draft(self.folder, [edit for _, edit in edits], self.base.revision)
        except LeftToAPerson as left:
            for row, edit in edits:
                if edit in left.edits:
                    key = _key_of(edit.field) if isinstance(edit, SetField) else "entry_id"
                    self._wrong(row, key, "the file writes this in an unusual way; change it there by hand")
            return
        if ready is None:
            return
        some_are_wrong = bool(self.found.faults)
        try:
            with ready.tried() as copy:
                self._warn(lint(loader.read(copy), dt.date.today()))
        except BrokenBase as broken:
            for fault in broken.faults:
                # Left-out rows can leave an item incomplete: then only what a cell is to blame for counts.
                if (told := self._at_cell(fault)) or not some_are_wrong:
                    self.found.faults.append(told or CellFault(ENTRIES, str(fault)))
        if not self.found.faults and not self.found.conflicts and ready.files:
            self.found.draft = ready

    def _warn(self, faults: Iterable[Fault]) -> None:
        """Of what the rules find, only what stands in a changed cell concerns the editor."""
        changed = {change.cell for change in self.found.changes}
        for fault in faults:
            told = self._at_cell(fault)
            if told and told.cell in changed:
                self.found.warnings.append(CellFault(told.cell, f"{told.message} ({fault.rule})"))

    def _at_cell(self, fault: Fault) -> CellFault | None:
        """The fault of a file at the cell that it comes from."""
        item_id = Path(fault.file).stem
        steps = fault.field.split(".")
        slug, rest = (steps[1], steps[2:]) if steps[0] == "entries" and len(steps) > 1 else ("", [])
        row = self.rows.get(f"{item_id}.{slug}")
        if row is not None:
            named = re.search(r"`(\w+)`", fault.message)
            key = _key_of(tuple(rest)) if rest else _key_of((named.group(1),) if named else ())
            return CellFault(self.sheet.cell(row, key), fault.message)
        # A fault of the item as a whole comes from an entry that was added to it or removed.
        for entry_id in (*self.found.removed, *self.found.added):
            if entry_id.startswith(f"{item_id}."):
                key = "action" if entry_id in self.found.removed else "facet"
                return CellFault(self.sheet.cell(self.rows[entry_id], key), fault.message)
        return None

    def _wrong(self, row: Row, key: str, message: str) -> None:
        self.found.faults.append(CellFault(self.sheet.cell(row, key), message))

    def _change(self, row: Row, entry_id: str, key: str, before: str, after: str) -> None:
        self.found.changes.append(Change(self.sheet.cell(row, key), entry_id, key, before, after))


def _edits(entry_id: str, old: Mapping[str, str], new: Mapping[str, str], changed: Iterable[str]) -> Iterable[Edit]:
    changed = list(changed)
    both = [key for key in changed if key.startswith("unconfirmed")]
    if both and not (old["unconfirmed_zh"] and new["unconfirmed_zh"]):
        # The two languages come and go together.
        changed = [key for key in changed if key not in both]
        point = {"zh": new["unconfirmed_zh"], "en": new["unconfirmed_en"]}
        yield SetField(entry_id, ("unconfirmed",), point if point["zh"] else None)
    for key in changed:
        column = FIELDS[key]
        text = new[key]
        yield SetField(entry_id, column.path, (text.split("\n") if text else None) if column.many else text)


def _content(slug: str, texts: Mapping[str, str]) -> dict[str, Value]:
    content: dict[str, Value] = {}
    for key, column in FIELDS.items():
        text = texts[key]
        if not text or (key == "facet" and text == slug):
            continue
        value: Value = text.split("\n") if column.many else text
        first, *second = column.path
        held = content.get(first, {})
        content[first] = {**held, second[0]: value} if second and isinstance(held, Mapping) else value
    return content


def _faults_of_template(text: str, known: set[str]) -> Iterable[str]:
    try:
        unknown = [name for name in dict.fromkeys(references(text)) if name not in known]
    except jinja2.TemplateSyntaxError as error:
        yield f"not a valid template: {error.message}"
        return
    for name in unknown:
        yield f"there is no fact {name!r}; write {FACT_REFERENCE} as the sheet Facts lists them"


def _key_of(path: tuple[str, ...]) -> str:
    """The column that shows the field at `path` of an entry, or the first part of it."""
    for depth in (2, 1):
        for key, column in FIELDS.items():
            if path and column.path[:depth] == path[:depth]:
                return key
    return "entry_id"


def _reading_order(cell: str) -> tuple[int, int, str]:
    found = re.search(r"!([A-Z]+)([0-9]+)$", cell)
    return (int(found.group(2)), len(found.group(1)), found.group(1)) if found else (0, 0, "")
