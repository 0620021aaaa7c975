import datetime as dt
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from knowledge.loader import load
from knowledge.sheet_columns import COLUMNS, FIELDS, LONGEST_CELL, tidy
from knowledge.sheet_edits import propose
from knowledge.spreadsheet import SheetError, export, read

ITEM = "temporary-green-space-use"
FEE, TIME = f"{ITEM}.fee", f"{ITEM}.time_limit"
SIX = "\n".join(f"question {letter}" for letter in "abcdef")


class Desk:
    """An editor's workbook beside the files that it was exported from."""

    def __init__(self, folder, path):
        self.folder, self.path = folder.path, path
        self.item = folder.item
        export(load(self.folder), self.folder, path)
        self.letters = dict(read(path).letters)

    def edit(self, change):
        book = load_workbook(self.path)
        change(book["Entries"])
        book.save(self.path)

    def cell(self, entry_id, key):
        return f"{self.letters[key]}{self.row(entry_id)}"

    def row(self, entry_id):
        sheet = load_workbook(self.path)["Entries"]
        return next(cell.row for cell in sheet["A"] if cell.value == entry_id)

    def write(self, entry_id, **values):
        row = self.row(entry_id)
        self.edit(lambda sheet: [put(sheet, f"{self.letters[key]}{row}", value) for key, value in values.items()])

    def add(self, **values):
        """A new row below the last entry; returns its number."""
        row = 2 + len(load(self.folder).entries)
        self.edit(lambda sheet: [put(sheet, f"{self.letters[key]}{row}", value) for key, value in values.items()])
        return row

    def propose(self):
        return propose(self.path, load(self.folder), self.folder)

    def faults(self):
        before = files(self.folder)
        found = self.propose()
        assert found.draft is None and files(self.folder) == before
        return {fault.cell: fault.message for fault in found.faults}

    def take_over(self):
        found = self.propose()
        assert not found.faults and not found.conflicts
        found.draft.save()
        return load(self.folder)

    def situation(self):
        """An entry that is not named after its facet."""
        return next(one for one in load(self.folder).entries if ".situation-" in one)

    def spec(self, entry_id):
        return load(self.folder).items[ITEM].entries[entry_id.partition(".")[2]]


def put(sheet, place, value):
    """As an editor types into a text cell: what starts with = is text there."""
    sheet[place].value = value
    if isinstance(value, str):
        sheet[place]._value, sheet[place].data_type = value, "s"  # openpyxl itself would cut a text that is too long.


def files(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".xlsx"}


@pytest.fixture
def desk(folder, tmp_path_factory):
    return Desk(folder, tmp_path_factory.mktemp("editor") / "kb.xlsx")


# --- there and back ---------------------------------------------------------------------------------------------------


def test_a_sheet_without_a_change_changes_nothing(desk):
    found = desk.propose()
    assert (found.changes, found.faults, found.conflicts, found.notes, found.draft) == ([], [], [], [], None)


def test_saving_in_another_program_is_no_change(desk):
    def as_excel_does(sheet):
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                if isinstance(cell.value, str) and "\n" in cell.value:
                    cell.value = cell.value.replace("\n", "_x000D_\n") + "\u00a0\n"

    desk.edit(as_excel_does)
    assert desk.propose().changes == []


def test_what_starts_with_an_equals_sign_or_looks_like_an_escape_is_text_in_the_sheet(desk):
    odd = ["=1+1", "_x0041_ as text", "'quoted", "+86", "@home", "1.50"]
    desk.write(FEE, similar_en="\n".join([*odd, "how much"]))
    desk.take_over()
    assert list(desk.spec(FEE).similar.en) == [*odd, "how much"]
    export(load(desk.folder), desk.folder, desk.path)
    assert desk.propose().changes == []
    desk.write(FEE, question_en="=SUM(A1) what is the fee?")
    desk.take_over()
    export(load(desk.folder), desk.folder, desk.path)
    cell = load_workbook(desk.path)["Entries"][desk.cell(FEE, "question_en")]
    assert (cell.value, cell.data_type) == ("=SUM(A1) what is the fee?", "s")


letters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="{")
answers = (
    st.text(letters | st.sampled_from("\n\t #:-?,[]&*!|>'\"%@`=~甲。\u00a0\u2028\u0085\ufeff")).map(tidy).filter(bool)
)
questions = answers.map(lambda text: " ".join(text.split("\n"))).map(tidy).filter(bool)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(zh=answers, en=answers, similar=st.lists(questions, min_size=6, max_size=9, unique=True))
def test_any_text_comes_back_from_the_file_as_it_stood_in_the_cell(desk, zh, en, similar):
    before = desk.item.read_bytes()
    try:
        desk.write(TIME, answer_zh=zh, answer_en=en, similar_zh="\n".join(similar))
        if (found := desk.propose()).draft:
            found.draft.save()
        assert not found.faults
        spec = desk.spec(TIME)
        assert (spec.answer.zh, spec.answer.en, list(spec.similar.zh)) == (zh, en, similar)
    finally:
        desk.item.write_bytes(before)


def test_only_the_changed_lines_of_the_file_change(desk):
    before = desk.item.read_text(encoding="utf-8").splitlines()
    desk.write(TIME, question_zh="多久能批下来？")
    desk.take_over()
    after = desk.item.read_text(encoding="utf-8").splitlines()
    (changed,) = [number for number, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    assert after[changed].startswith("    question: {zh: 多久能批下来？, en: ")


def test_the_proposal_tells_each_field_before_and_after(desk):
    old = desk.spec(FEE).question.en
    desk.write(FEE, question_en="What does it cost?")
    (change,) = desk.propose().changes
    assert (change.cell, change.entry_id, change.field, change.before, change.after) == (
        f"Entries!{desk.cell(FEE, 'question_en')}", FEE, "question_en", old, "What does it cost?"
    )  # fmt: skip


def test_a_point_to_confirm_comes_and_goes_in_both_languages(desk):
    desk.write(TIME, unconfirmed_zh="补正的次数", unconfirmed_en="how often papers can be completed")
    base = desk.take_over()
    assert base.entries[TIME].to_confirm
    export(base, desk.folder, desk.path)
    desk.write(TIME, unconfirmed_zh=None, unconfirmed_en=None)
    desk.take_over()
    assert desk.spec(TIME).unconfirmed is None


def test_columns_may_stand_in_another_order(desk):
    def swap(sheet):
        for row in sheet.iter_rows():
            row[4].value, row[5].value = row[5].value, row[4].value

    desk.edit(swap)
    assert desk.propose().changes == []


# --- new and removed entries ------------------------------------------------------------------------------------------


def new_entry(**values):
    return {
        "item": ITEM, "facet": "applicability",
        "question_zh": "绿地上办集市要办吗？", "question_en": "Is a market on a lawn covered?",
        "similar_zh": "\n".join(f"集市问法{word}" for word in "甲乙丙丁戊己"), "similar_en": SIX,
        "answer_zh": "先问{{ common.district_bureau }}。", "answer_en": "Ask {{ common.district_bureau }} first.",
    } | values  # fmt: skip


def test_a_new_row_with_an_id_adds_an_entry(desk):
    desk.add(entry_id=f"{ITEM}.situation-market", **new_entry())
    base = desk.take_over()
    assert base.entries[f"{ITEM}.situation-market"].question.en == "Is a market on a lawn covered?"


def test_a_new_row_without_an_id_is_numbered_and_the_choices_of_the_lists_are_understood(desk):
    lists = load_workbook(desk.path)["Lists"]
    desk.add(**new_entry(item=lists["A2"].value, facet=lists["B3"].value))
    (entry_id,) = desk.propose().added
    assert desk.take_over().entries[entry_id].is_situation and entry_id == f"{ITEM}.situation-applicability-1"


def test_deleting_a_row_deletes_nothing_and_says_so(desk):
    desk.edit(lambda sheet: sheet.delete_rows(desk.row(FEE)))
    found = desk.propose()
    assert found.changes == [] and found.draft is None
    assert FEE in found.notes[0] and "nothing happens" in found.notes[0]


def test_choosing_remove_removes_the_entry(desk):
    entry_id = desk.situation()
    desk.write(entry_id, action="remove")
    found = desk.propose()
    assert found.removed == [entry_id]
    assert entry_id not in desk.take_over().entries


def test_removing_the_only_answer_to_a_facet_is_a_fault_of_that_cell(desk):
    desk.write(FEE, action="remove")
    faults = desk.faults()
    assert "fee" in faults[f"Entries!{desk.cell(FEE, 'action')}"]


# --- conflicts --------------------------------------------------------------------------------------------------------


def change_file(desk, slug):
    text = desk.item.read_text(encoding="utf-8")
    begin = text.index(f"\n  {slug}:\n")
    at = text.index("？", begin)
    desk.item.write_text(text[:at] + "呢" + text[at:], encoding="utf-8")


def test_an_entry_that_both_sides_changed_is_a_conflict_and_nothing_is_applied(desk):
    desk.write(FEE, question_en="What does it cost?")
    desk.write(TIME, question_en="How long?")
    change_file(desk, "fee")
    found = desk.propose()
    assert [conflict.cell for conflict in found.conflicts] == [f"Entries!{desk.cell(FEE, 'entry_id')}"]
    assert found.draft is None and found.exported != found.revision


def test_an_entry_that_only_the_files_changed_stays_as_the_files_have_it(desk):
    desk.write(TIME, question_en="How long?")
    change_file(desk, "fee")
    asked = desk.spec(FEE).question.zh
    assert desk.take_over().entries[FEE].question.zh == asked


def test_the_same_change_on_both_sides_is_no_conflict(desk):
    change_file(desk, "fee")
    desk.write(FEE, question_zh=desk.spec(FEE).question.zh)
    found = desk.propose()
    assert found.conflicts == [] and found.changes == []


# --- broken sheets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("question_zh", None, "empty"),
        ("question_en", "two\nlines", "one line"),
        ("question_en", 15, "a number (15)"),
        ("question_en", 15.0, "a number (15)"),
        ("question_en", dt.date(2026, 11, 24), "a date"),
        ("question_en", True, "yes or no"),
        ("answer_zh", None, "empty"),
        ("answer_zh", "\u00a0\n", "empty"),
        ("answer_zh", "{{ no_such_fact }}天", "no fact 'no_such_fact'"),
        ("answer_en", "{{ common.nothing }}", "no fact 'common.nothing'"),
        ("answer_en", "{{ decision_days", "not a valid template"),
        ("answer_en", "{{ decision_days() }}", "cannot be filled|can be filled"),
        ("answer_en", "{{ decision_days.x }}", "has no attribute"),
        ("answer_en", "x" * (LONGEST_CELL + 1), "32,768 characters"),
        ("similar_en", "one\ntwo", "at least 6"),
        ("similar_en", f"{SIX}\nquestion a", "stands 2 times"),
        ("unconfirmed_zh", "次数", "other language is empty"),
        ("basis", "no_such_fact", "no fact 'no_such_fact'"),
        ("facet", "weather", "no facet 'weather'"),
        ("facet", "fee", "stays time_limit"),
        ("compares", "tree-relocation", "differences"),
        ("item", "tree-relocation", "does not change"),
        ("entry_id", f"{ITEM}.other", "does not change"),
        ("entry_id", None, "does not change"),
        ("action", "perhaps", "keep or remove"),
    ],
)
def test_a_cell_that_is_wrong_is_told_by_its_place(desk, key, value, said):
    place = desk.cell(TIME, key)
    desk.edit(lambda sheet: put(sheet, place, value))
    faults = desk.faults()
    assert list(faults) == [f"Entries!{place}"]
    assert any(word in faults[f"Entries!{place}"] for word in said.split("|"))


def test_a_formula_is_told_by_its_place(desk):
    place = desk.cell(TIME, "answer_en")
    desk.edit(lambda sheet: setattr(sheet[place], "value", "=A1&B1"))
    assert "formula" in desk.faults()[f"Entries!{place}"]


def test_everything_that_is_wrong_is_told_at_once_in_reading_order(desk):
    desk.write(FEE, question_zh=None, answer_en="{{ nothing }} {{ nowhere }}")
    desk.write(TIME, similar_zh="一个", answer_zh="{{ decision_days.x }}")
    row = desk.add(**new_entry(item=None))
    found = desk.propose()
    assert [fault.cell.partition("!")[2] for fault in found.faults] == sorted(
        [desk.cell(FEE, "question_zh"), desk.cell(FEE, "answer_en"), desk.cell(FEE, "answer_en"),
         desk.cell(TIME, "similar_zh"), f"{desk.letters['item']}{row}"],
        key=lambda place: (int(place[1:]), place[0]),
    )  # fmt: skip


def test_an_answer_that_comes_to_rest_on_what_is_to_be_confirmed_is_told_at_the_cell_to_fill(desk):
    desk.write(TIME, answer_zh="{{ current_rate }}", answer_en="{{ current_rate }}")
    faults = desk.faults()
    assert "to be confirmed" in faults[f"Entries!{desk.cell(TIME, 'unconfirmed_zh')}"]


@pytest.mark.parametrize(
    ("values", "key", "said"),
    [
        ({"item": None}, "item", "choose the item"),
        ({"item": "weather"}, "item", "choose the item"),
        ({"facet": None}, "facet", "choose the facet"),
        ({"question_zh": None}, "question_zh", "empty"),
        ({"entry_id": "nowhere.entry"}, "entry_id", "no item 'nowhere'"),
        ({"entry_id": f"{ITEM}.Big Words"}, "entry_id", "small letters"),
        ({"entry_id": FEE}, "entry_id", "there already"),
        ({"action": "remove"}, "action", "clear the row"),
    ],
)
def test_a_new_row_that_is_wrong_is_told_by_its_place(desk, values, key, said):
    row = desk.add(**new_entry(**values))
    faults = desk.faults()
    assert list(faults) == [f"Entries!{desk.letters[key]}{row}"] and said in next(iter(faults.values()))


def test_a_copied_row_is_told(desk):
    source = desk.row(FEE)

    def copy(sheet):
        for column in range(1, len(COLUMNS) + 1):
            sheet.cell(sheet.max_row + (column == 1), column).value = sheet.cell(source, column).value

    desk.edit(copy)
    assert "copy" in " ".join(desk.faults().values())


def test_what_the_rules_will_refuse_is_told_in_good_time_and_can_be_written(desk):
    desk.write(TIME, answer_zh="自受理之日起15个工作日内决定。")
    found = desk.propose()
    assert f"Entries!{desk.cell(TIME, 'answer_zh')}" in {warning.cell for warning in found.warnings}
    assert found.draft is not None


@pytest.mark.parametrize("key", ["entry_id", "mark", *FIELDS])
def test_a_missing_column_is_told_by_its_name(desk, key):
    desk.edit(lambda sheet: sheet.delete_cols([column.key for column in COLUMNS].index(key) + 1))
    with pytest.raises(SheetError, match=key):
        desk.propose()


def test_a_workbook_without_the_sheet_is_told(desk):
    book = load_workbook(desk.path)
    del book["Entries"]
    book.save(desk.path)
    with pytest.raises(SheetError, match="Entries"):
        desk.propose()


@pytest.mark.parametrize("content", [b"", b"entry_id,question\n", b"PK\x03\x04 but no more", b"\xd0\xcf\x11\xe0old"])
def test_what_is_no_workbook_is_told(desk, content):
    desk.path.write_bytes(content)
    with pytest.raises(SheetError, match="not an Excel workbook"):
        desk.propose()


def test_a_zip_that_is_no_workbook_and_a_file_that_is_not_there_are_told(desk, tmp_path):
    shutil.make_archive(str(tmp_path / "zip"), "zip", desk.folder / "items")
    with pytest.raises(SheetError, match="not an Excel workbook"):
        read(tmp_path / "zip.zip")
    with pytest.raises(SheetError, match="no file"):
        read(tmp_path / "none.xlsx")


# --- the workbook itself ----------------------------------------------------------------------------------------------


def test_ids_are_locked_and_texts_are_open(desk):
    sheet = load_workbook(desk.path)["Entries"]
    assert sheet.protection.sheet and not sheet.protection.password
    assert sheet.freeze_panes == "C2"
    for column in COLUMNS:
        letter = next(head.column_letter for head in sheet[1] if head.value.startswith(f"{column.key}\n"))
        assert sheet[f"{letter}{desk.row(desk.situation())}"].protection.locked is not column.editable, column.key
    assert sheet[desk.cell(FEE, "facet")].protection.locked
    empty = 2 + len(load(desk.folder).entries)
    assert not any(sheet[f"{desk.letters[key]}{empty}"].protection.locked for key in ("entry_id", "item", *FIELDS))


def test_closed_lists_are_drop_downs(desk):
    sheet = load_workbook(desk.path)["Entries"]
    offered = {str(one.sqref)[0]: one.formula1 for one in sheet.data_validations.dataValidation}
    assert {desk.letters[key] for key in ("action", "item", "facet")} == set(offered)


def test_the_sheet_of_facts_names_every_fact_that_an_answer_can_use(desk):
    names = {cell.value for cell in load_workbook(desk.path)["Facts"]["A"]}
    assert {"{{ decision_days }}", "{{ common.portal }}"} <= names


def test_a_text_that_no_cell_can_hold_is_not_exported(desk, folder):
    folder.change(lambda spec: spec["entries"]["fee"]["answer"].update(zh="长" * (LONGEST_CELL + 1)))
    before = desk.path.read_bytes()
    with pytest.raises(SheetError, match="fee: answer_zh is longer"):
        export(load(desk.folder), desk.folder, desk.path)
    assert desk.path.read_bytes() == before
