import os
import stat

import pytest

from knowledge.editing import AddEntry, LeftToAPerson, NotWritten, RemoveEntry, SetField, StaleDraft, draft
from knowledge.loader import load, revision_of

ITEM = "temporary-green-space-use"
FEE = f"{ITEM}.fee"


def fee(text):
    return SetField(FEE, ("question", "en"), text)


def drafted(folder, *edits):
    return draft(folder.path, edits, revision_of(folder.path))


def test_a_draft_is_tried_without_touching_the_files(folder):
    before = folder.item.read_bytes()
    with drafted(folder, fee("What does it cost?")).tried() as copy:
        assert load(copy).entries[FEE].question.en == "What does it cost?"
    assert folder.item.read_bytes() == before and not copy.exists()


def test_edits_are_saved_together(folder):
    entry = load(folder.path).items[ITEM].entries["fee"]
    added = {"facet": "fee", "question": {"zh": "要钱？", "en": "Money?"}, "similar": {"zh": ["钱"], "en": ["cash"]},
             "answer": {"zh": "不收。\n\n1. 申请。", "en": "None."}}  # fmt: skip
    situation = next(one for one in load(folder.path).entries if ".situation-" in one)
    drafted(folder, fee("Cost?"), AddEntry(f"{ITEM}.situation-money", added), RemoveEntry(situation)).save()
    base = load(folder.path)
    assert base.entries[FEE].question.en == "Cost?" and situation not in base.entries
    assert base.items[ITEM].entries["situation-money"].answer.zh == "不收。\n\n1. 申请。"
    assert base.items[ITEM].entries["fee"].answer == entry.answer


def test_permissions_stay_and_nothing_is_left_beside_the_file(folder):
    folder.item.chmod(0o640)
    drafted(folder, fee("Cost?")).save()
    assert stat.S_IMODE(folder.item.stat().st_mode) == 0o640
    assert [path.name for path in folder.item.parent.iterdir()] == [folder.item.name]


def test_a_draft_of_another_revision_is_refused(folder):
    with pytest.raises(StaleDraft):
        draft(folder.path, [fee("Cost?")], "000000000000")


def test_a_file_that_changed_after_the_draft_is_not_overwritten(folder):
    made = drafted(folder, fee("Cost?"))
    folder.item.write_text(folder.item.read_text(encoding="utf-8") + "# a colleague's note\n", encoding="utf-8")
    before = folder.item.read_bytes()
    with pytest.raises(StaleDraft, match="nothing was written"):
        made.save()
    assert folder.item.read_bytes() == before


def test_when_one_file_cannot_be_replaced_no_file_is_changed(folder, monkeypatch):
    second = folder.path / "items" / "urban-tree-felling.yaml"
    second.write_bytes(folder.item.read_bytes().replace(b"id: " + ITEM.encode(), b"id: urban-tree-felling", 1))
    before = folder.item.read_bytes(), second.read_bytes()
    made = drafted(folder, fee("Cost?"), SetField("urban-tree-felling.fee", ("question", "en"), "Cost?"))
    replace = os.replace

    def full(source, target):
        if str(target).endswith("urban-tree-felling.yaml"):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(NotWritten, match=r"No space left on device.*nothing was changed"):
        made.save()
    assert (folder.item.read_bytes(), second.read_bytes()) == before
    assert len(list(second.parent.iterdir())) == 2


def test_yaml_that_shares_values_is_left_to_a_person(folder):
    text = folder.item.read_text(encoding="utf-8")
    fee_at = text.index("question: {", text.index("\n  fee:"))
    text = text[:fee_at] + text[fee_at:].replace("question: {", "question: &asked {", 1)
    result_at = text.index("question: {", text.index("\n  result:"))
    line_end = text.index("\n", result_at)
    folder.item.write_text(text[:result_at] + "question: *asked" + text[line_end:], encoding="utf-8")
    load(folder.path)
    with pytest.raises(LeftToAPerson, match=r"items/temporary-green-space-use\.yaml \(.*fee\)"):
        drafted(folder, fee("Cost?"))
