import shutil

import pytest

from api.settings import CHECKOUT
from knowledge.loader import BrokenBase
from retrieval import index
from retrieval.index import IndexMissing
from retrieval.retriever import Retriever


@pytest.fixture
def data_dir(tmp_path, retriever):
    """A data dir that already has the checkout's index."""
    folder = index.live(CHECKOUT / "var")
    shutil.copytree(folder, index.root(tmp_path) / folder.name)
    (index.root(tmp_path) / "current").write_text(folder.name)
    return tmp_path


def test_without_an_index_the_way_to_make_one_is_told(tmp_path, retriever):
    with pytest.raises(IndexMissing, match="bangban serve"):
        Retriever(tmp_path, retriever.encoder)


def test_a_damaged_index_is_named(data_dir, retriever):
    (index.live(data_dir) / "reader.npz").write_bytes(b"")
    with pytest.raises(IndexMissing, match="delete that folder"):
        Retriever(data_dir, retriever.encoder)


def test_publishing_what_is_live_already_builds_nothing(data_dir, retriever):
    before = {path: path.stat().st_mtime_ns for path in index.live(data_dir).rglob("*")}
    index.build(data_dir, CHECKOUT / "knowledge", retriever.encoder)
    assert {path: path.stat().st_mtime_ns for path in index.live(data_dir).rglob("*")} == before


def test_a_broken_base_leaves_the_live_index_live(data_dir, tmp_path, retriever):
    broken = tmp_path / "knowledge"
    shutil.copytree(CHECKOUT / "knowledge", broken)
    (broken / "common.yaml").write_text("facts: []", encoding="utf-8")
    live = index.live(data_dir)
    with pytest.raises(BrokenBase):
        index.build(data_dir, broken, retriever.encoder)
    assert index.live(data_dir) == live
    assert not list(index.root(data_dir).glob(".building-*"))


def test_a_retriever_takes_over_the_index_that_was_switched_to(data_dir, retriever):
    searching = Retriever(data_dir, retriever.encoder)
    assert searching.refresh() is False
    live = index.live(data_dir)
    shutil.copytree(live, live.with_name("another"))
    index.switch(data_dir, live.with_name("another"))
    assert searching.refresh() is True
    assert searching.search("临时占绿要多久").entries
