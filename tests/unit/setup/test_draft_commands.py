"""`bangban kb drafts`: what helpers proposed is seen, becomes an entry by a maintainer's hand, or is declined."""

import asyncio
import datetime as dt
import json
import sqlite3

import pytest
import yaml
from small_base import cut_out
from typer.testing import CliRunner

from api.cli import app
from api.settings import Settings
from api.storage.database import Database
from api.storage.desk_models import PromotionRow

TREES = "urban-tree-felling"
HALF = "1f2e3d4c5b6a7988" * 2
WHOLE = "1f2eaaaa5b6a7988" * 2
ANSWER = "先去公园问。\n\n要是树在小区里：\n1. 找物业。"


def proposed(draft_id, hour, **more):
    warning = {"kind": "contradiction", "entry_id": f"{TREES}.fee", "title": {"zh": "费用", "en": "Fee"},
               "detail": {"zh": "草稿写3元。", "en": "The draft says 3 (yuan);\nthe entry says 5."}}  # fmt: skip
    told = {
        "ticket_id": "a" * 32, "message_id": "b" * 32, "item_id": TREES, "facet": "where",
        "question": {"zh": "树在公园里归谁管", "en": None}, "answer": {"zh": ANSWER, "en": None}, "source": None,
        "effective": dt.date(2026, 12, 1), "expires": None, "warnings": {"warnings": [warning]}, "state": "open",
        "helper": "li", "at": dt.datetime(2026, 11, 24, hour, tzinfo=dt.UTC),
    }  # fmt: skip
    return PromotionRow(id=draft_id, **told | more)


async def keep(data_dir, *rows):
    database = Database(Settings(data_dir=data_dir).database)
    await database.migrate()
    async with database.writing() as work:
        for row in rows:
            await work.desk.add(row)
        await work.commit()
    await database.close()


@pytest.fixture
def base(tmp_path):
    return cut_out(tmp_path / "knowledge")


@pytest.fixture
def drafts(tmp_path, base):
    """Runs `bangban kb drafts` over two drafts: one in Chinese without a source, and a later one with everything."""
    both = {"zh": "树在公园里归谁管", "en": "Who looks after trees in a park?"}
    whole = proposed(WHOLE, 9, question=both, answer=both, source="绿化条例", warnings={"warnings": []})
    asyncio.run(keep(tmp_path / "var", proposed(HALF, 8), whole))
    environment = {"BANGBAN_DATA_DIR": str(tmp_path / "var"), "BANGBAN_KNOWLEDGE_DIR": str(base)}
    return lambda *arguments: CliRunner().invoke(app, ["kb", "drafts", *arguments], env=environment)


def states(drafts):
    return {row["id"]: row["state"] for row in json.loads(drafts("--state", "all", "--json").stdout)}


def test_the_open_drafts_are_listed_newest_first_with_what_they_lack(drafts):
    done = drafts()
    assert done.exit_code == 0, done.stderr
    _, first, second = done.stdout.splitlines()
    assert first.startswith(WHOLE[:8]) and f"{TREES}.where" in first and "source" not in first
    assert second.startswith(HALF[:8]) and "en, source" in second and "2026-11-24" in second
    told = json.loads(drafts("--json").stdout)
    assert [(row["id"], row["lacks"], len(row["warnings"])) for row in told] == [
        (WHOLE, [], 0),
        (HALF, ["en", "source"], 1),
    ]


def test_a_draft_is_shown_as_an_entry_to_paste_with_what_is_to_be_done(drafts):
    shown = drafts("show", HALF[:6]).stdout
    [(slug, entry)] = yaml.load(shown, yaml.CSafeLoader)["entries"].items()
    assert slug == f"situation-{HALF[:8]}" and entry["facet"] == "where"
    assert entry["question"] == {"zh": "树在公园里归谁管", "en": ""} and entry["answer"] == {"zh": ANSWER, "en": ""}
    to_do = [line for line in shown.splitlines() if line.startswith("# ")]
    assert any(f"knowledge/items/{TREES}.yaml" in line for line in to_do)
    assert any("find the source first" in line for line in to_do) and "# Still to be written: en." in to_do
    assert any("effective: 2026-12-01" in line for line in to_do)
    assert f"# Contradiction, {TREES}.fee: The draft says 3 (yuan); the entry says 5." in to_do


def test_an_id_is_named_by_as_much_as_tells_it_apart(drafts):
    several, unknown = drafts("show", "1f2e"), drafts("show", "ffff")
    assert several.exit_code == 1 and "2 drafts" in several.stderr
    assert unknown.exit_code == 1 and "--state all" in unknown.stderr


def test_a_draft_is_taken_as_the_entry_that_was_written_from_it_and_only_once(drafts, tmp_path):
    done = drafts("take", HALF, "--entry", f"{TREES}.where", "--note", "并入已有条目")
    assert done.exit_code == 0 and "kb publish" in done.stdout, done.stderr
    assert states(drafts) == {WHOLE: "open", HALF: "taken"}
    [row] = json.loads(drafts("--state", "taken", "--json").stdout)
    assert row["note"] == f"{TREES}.where: 并入已有条目" and row["closed_by"].startswith("cli:")
    again = drafts("decline", HALF, "--note", "重复")
    assert again.exit_code == 1 and "taken already" in again.stderr and "并入已有条目" in again.stderr
    with sqlite3.connect(tmp_path / "var" / "bangban.db") as database:
        [(who, what, target)] = database.execute("SELECT username, what, target FROM audit_log").fetchall()
    assert who.startswith("cli:") and (what, target) == ("promotion_taken", HALF)


def test_what_is_not_in_the_files_in_both_languages_is_not_taken(drafts, base):
    unwritten = drafts("take", WHOLE, "--entry", f"{TREES}.situation-in-a-park")
    assert unwritten.exit_code == 1 and "write it first" in unwritten.stderr
    file = base / "items" / f"{TREES}.yaml"
    before = file.read_text(encoding="utf-8")
    pasted = drafts("show", HALF).stdout.partition("entries:\n")[2]
    file.write_text(before.replace("entries:\n", f"entries:\n{pasted}\n"), encoding="utf-8")
    half_written = drafts("take", HALF, "--entry", f"{TREES}.situation-{HALF[:8]}")
    assert half_written.exit_code == 1 and f"items/{TREES}.yaml" in half_written.stderr, half_written.stderr
    assert "answer.en" in half_written.stderr and states(drafts)[HALF] == "open"


def test_what_cites_no_source_is_not_taken(drafts, base):
    file = base / "items" / f"{TREES}.yaml"
    before = file.read_text(encoding="utf-8")
    pasted = drafts("show", WHOLE).stdout.partition("entries:\n")[2]
    file.write_text(before.replace("entries:\n", f"entries:\n{pasted}\n"), encoding="utf-8")
    refused = drafts("take", WHOLE, "--entry", f"{TREES}.situation-{WHOLE[:8]}")
    assert refused.exit_code == 1 and "`basis`" in refused.stderr and states(drafts)[WHOLE] == "open"
    fact = next(iter(yaml.load(before, yaml.CSafeLoader)["facts"]))
    cited = pasted.replace("basis: []", f"basis: [{fact}]")
    file.write_text(before.replace("entries:\n", f"entries:\n{cited}\n"), encoding="utf-8")
    assert drafts("take", WHOLE, "--entry", f"{TREES}.situation-{WHOLE[:8]}").exit_code == 0


def test_declining_needs_a_reason(drafts):
    refused = drafts("decline", WHOLE, "--note", " ")
    assert refused.exit_code == 1 and "--note" in refused.stderr and states(drafts)[WHOLE] == "open"
    assert drafts("decline", WHOLE, "--note", "已有条目说得更全").exit_code == 0
    assert states(drafts)[WHOLE] == "declined"
