"""A part of an index is taken over where it would be made from the same, and only there."""

import pytest

from retrieval.parts import made_from, shared, take_over


@pytest.fixture
def before(tmp_path):
    """An index with a file and a folder of files."""
    folder = tmp_path / "before"
    for part in ("reader", "zh/words"):
        take_over(None, folder, part, "one")
    (folder / "reader").write_text("learnt")
    (folder / "zh" / "words").mkdir()
    (folder / "zh" / "words" / "list").write_text("words")
    return folder


@pytest.mark.parametrize(("part", "file"), [("reader", "reader"), ("zh/words", "zh/words/list")])
def test_a_part_made_from_the_same_is_shared(before, tmp_path, part, file):
    assert take_over(before, tmp_path / "after", part, "one")
    assert (tmp_path / "after" / file).samefile(before / file)
    assert shared(tmp_path / "after", before, part)


def test_a_part_made_from_something_else_is_to_be_made(before, tmp_path):
    assert not take_over(before, tmp_path / "after", "reader", "two")
    assert not (tmp_path / "after" / "reader").exists() and not shared(tmp_path / "after", before, "reader")


def test_what_was_made_anew_is_known_by_what_it_was_made_from(before, tmp_path):
    take_over(before, tmp_path / "after", "reader", "two")
    (tmp_path / "after" / "reader").write_text("learnt anew")
    assert take_over(tmp_path / "after", tmp_path / "third", "reader", "two")
    assert (tmp_path / "third" / "reader").read_text() == "learnt anew"


def test_texts_in_another_order_or_cut_elsewhere_are_something_else():
    assert len({made_from(texts) for texts in (["a", "b"], ["b", "a"], ["ab"], ["a", "b", ""], [])}) == 5
