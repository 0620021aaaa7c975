"""A base that is read with what was kept is the base that is read from its files alone."""

import re

import pytest

from knowledge import kept
from knowledge.loader import BrokenBase, load, read

ITEM = "temporary-green-space-use"


@pytest.fixture
def before(folder, tmp_path):
    """The base as it is, and the folder where its items are kept."""
    base = read(folder.path).base
    kept.keep(tmp_path / "kept", base)
    return base, tmp_path / "kept"


def whole(base):
    return {name: getattr(base, name) for name in ("revision", "items", "entries", "facets", "situations", "made_from")}


def in_order(base):
    return list(base.items), list(base.entries)


def replace(path, pattern, by):
    text = path.read_text(encoding="utf-8")
    changed = re.sub(pattern, by, text, count=1)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


def test_what_was_kept_gives_the_same_base_as_the_files(folder, before):
    base, kept_in = before
    assert kept.find(kept_in, base.made_from[ITEM]) is not None
    again = read(folder.path, kept_in).base
    assert whole(again) == whole(base) and in_order(again) == in_order(base)


def test_an_unchanged_item_is_the_very_one_that_was_read_before(folder, before):
    base, _ = before
    assert read(folder.path, like=base).base.items[ITEM] is base.items[ITEM]


@pytest.mark.parametrize(
    ("file", "pattern", "by"),
    [
        (f"items/{ITEM}.yaml", r"(?m)^checked: \S+", "checked: 2020-01-01"),
        ("common.yaml", r"(?m)^checked: \S+", "checked: 2020-01-01"),
        ("sources.yaml", "上海市绿化条例", "上海市绿化条例（新）"),
    ],
    ids=["the item's own file", "the common facts", "the sources"],
)
def test_what_an_item_was_made_from_is_not_taken_once_it_has_changed(folder, before, file, pattern, by):
    base, kept_in = before
    replace(folder.path / file, pattern, by)
    fresh = load(folder.path)
    assert fresh.made_from != base.made_from
    assert whole(read(folder.path, kept_in, base).base) == whole(fresh)


def test_a_kept_item_that_was_cut_off_is_read_from_its_file_again(folder, before):
    base, kept_in = before
    for path in kept_in.iterdir():
        path.write_bytes(path.read_bytes()[:100])
    assert whole(read(folder.path, kept_in).base) == whole(base)


def test_a_fault_elsewhere_is_told_also_where_items_are_kept(folder, before):
    base, kept_in = before
    (folder.path / "glossary.yaml").write_text("term: [", encoding="utf-8")
    with pytest.raises(BrokenBase, match="glossary"):
        read(folder.path, kept_in, base)


def test_keeping_again_links_what_is_kept_already(folder, before, tmp_path):
    base, kept_in = before
    kept.keep(tmp_path / "again", base, kept_in)
    for path in kept_in.iterdir():
        assert (tmp_path / "again" / path.name).samefile(path)
