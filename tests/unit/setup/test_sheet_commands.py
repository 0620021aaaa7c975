import json

import pytest
from openpyxl import load_workbook
from small_base import cut_out
from typer.testing import CliRunner

from api.cli import app

FEE = "urban-tree-felling.fee"


@pytest.fixture
def base(tmp_path):
    return cut_out(tmp_path / "knowledge")


@pytest.fixture
def bangban(tmp_path, base):
    environment = {"BANGBAN_DATA_DIR": str(tmp_path / "var"), "BANGBAN_KNOWLEDGE_DIR": str(base)}

    def run(*arguments, **more):
        return CliRunner().invoke(app, list(map(str, arguments)), env=environment, **more)

    return run


@pytest.fixture
def workbook(bangban, tmp_path):
    path = tmp_path / "kb.xlsx"
    assert bangban("kb", "export", path).exit_code == 0
    return path


def ask_otherwise(path, text):
    book = load_workbook(path)
    sheet = book["Entries"]
    row = next(cell.row for cell in sheet["A"] if cell.value == FEE)
    column = next(cell.column for cell in sheet[1] if cell.value.startswith("question_en"))
    sheet.cell(row, column).value = text
    book.save(path)
    return f"Entries!{sheet.cell(row, column).coordinate}"


def files(base):
    return {path: path.read_bytes() for path in base.rglob("*") if path.is_file()}


def test_a_workbook_that_is_there_is_not_overwritten_unasked(bangban, workbook):
    before = workbook.read_bytes()
    done = bangban("kb", "export", workbook)
    assert done.exit_code == 1 and "--overwrite" in done.stderr and workbook.read_bytes() == before
    assert bangban("kb", "export", workbook, "--overwrite").exit_code == 0


def test_importing_what_was_exported_changes_no_byte(bangban, workbook, base):
    before = files(base)
    done = bangban("kb", "import", workbook, "--yes")
    assert done.exit_code == 0 and "changes nothing" in done.stderr and files(base) == before


def test_without_a_terminal_nothing_is_written_unasked(bangban, workbook, base):
    ask_otherwise(workbook, "What does felling cost?")
    before = files(base)
    done = bangban("kb", "import", workbook)
    assert "What does felling cost?" in done.stdout
    assert done.exit_code == 1 and "--yes" in done.stderr and files(base) == before


def test_yes_writes_and_the_json_tells_each_change(bangban, workbook, base):
    cell = ask_otherwise(workbook, "What does felling cost?")
    done = bangban("kb", "import", workbook, "--yes", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 0 and told["applied"] and told["files"] == ["items/urban-tree-felling.yaml"]
    (change,) = told["changes"]
    assert (change["cell"], change["entry_id"], change["field"]) == (cell, FEE, "question_en")
    assert "What does felling cost?" in (base / "items" / "urban-tree-felling.yaml").read_text(encoding="utf-8")


def test_a_fault_is_told_with_its_cell_and_nothing_is_written(bangban, workbook, base):
    cell = ask_otherwise(workbook, 12)
    before = files(base)
    done = bangban("kb", "import", workbook, "--yes")
    assert done.exit_code == 1 and f"{cell}: holds a number (12)" in done.stdout and files(base) == before


def test_a_file_that_is_no_workbook_ends_in_a_sentence(bangban, tmp_path):
    path = tmp_path / "kb.xlsx"
    path.write_text("entry_id,question", encoding="utf-8")
    done = bangban("kb", "import", path, "--yes")
    assert done.exit_code == 1 and "not an Excel workbook" in done.stderr and done.stderr.count("\n") == 1
