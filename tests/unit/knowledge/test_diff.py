import shutil

from knowledge.diff import Change, compare
from knowledge.loader import load
from knowledge.schema import Language


def test_a_base_does_not_differ_from_itself(folder):
    assert compare(load(folder.path), load(folder.path)) == ()


def test_a_changed_fact_changes_every_entry_that_shows_it_in_both_languages(folder):
    before = load(folder.path)
    folder.change(lambda spec: spec["facts"]["decision_days"].update(working_days=12))
    changes = compare(before, load(folder.path))
    assert "temporary-green-space-use.time_limit" in {one.entry_id for one in changes}
    for one in changes:
        assert one.change is Change.CHANGED
        assert {(field.field, field.language) for field in one.fields} == {("answer", both) for both in Language}
        assert all("15" in field.before and "12" in field.after for field in one.fields)


def test_added_and_removed_entries_are_told_with_all_their_texts(folder, tmp_path):
    before = load(folder.path)
    kept = tmp_path / "kept.yaml"
    shutil.copy(folder.item, kept)
    folder.change(lambda spec: spec["entries"].update({"situation-new": {**spec["entries"]["fee"], "facet": "fee"}}))
    (added,) = compare(before, load(folder.path))
    assert (added.entry_id, added.change) == ("temporary-green-space-use.situation-new", Change.ADDED)
    assert all(field.before is None for field in added.fields)
    (removed,) = compare(load(folder.path), before)
    assert removed.change is Change.REMOVED and all(field.after is None for field in removed.fields)
