"""Publishing, history and rolling back, with real indexes of a small base."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from small_base import cut_out, mark, share_embeddings

from knowledge.loader import BrokenBase, revision_of
from retrieval import index, revisions
from retrieval.encoder import find_encoder
from retrieval.retriever import Retriever
from retrieval.revisions import Event, UnknownRevision


@pytest.fixture(scope="module")
def built(tmp_path_factory, retriever):
    """A data dir and a small base, published once."""
    root = tmp_path_factory.mktemp("revisions")
    knowledge, data_dir = cut_out(root / "knowledge"), share_embeddings(root / "var")
    mark(knowledge, "first")
    revisions.publish(data_dir, knowledge, retriever.encoder)
    return data_dir, knowledge


@pytest.fixture
def desk(built, tmp_path):
    """A fresh copy of it."""
    data_dir, knowledge = built
    copied, base = tmp_path / "var", tmp_path / "knowledge"
    subprocess.run(["cp", "-a", str(data_dir), str(copied)], check=True)
    subprocess.run(["cp", "-a", str(knowledge), str(base)], check=True)
    return copied, base


def test_publishing_is_written_into_the_history_and_publishing_the_same_again_is_not(desk, retriever):
    data_dir, knowledge = desk
    first = revision_of(knowledge)
    mark(knowledge, "second")
    revisions.publish(data_dir, knowledge, retriever.encoder, note="the second")
    revisions.publish(data_dir, knowledge, retriever.encoder)
    told = revisions.history(data_dir)
    assert [(one.event, one.revision, one.before, one.note) for one in told] == [
        (Event.PUBLISHED, first, None, ""),
        (Event.PUBLISHED, revision_of(knowledge), first, "the second"),
    ]


def test_an_answer_alone_is_published_without_learning_anew(desk, retriever):
    data_dir, knowledge = desk
    mark(knowledge, "second")
    steps = []
    revisions.publish(data_dir, knowledge, retriever.encoder, steps.append)
    assert not any("learning" in step for step in steps)
    found = Retriever(data_dir, retriever.encoder).search("砍树审批要多久")
    assert "[second]" in found.base.entries["urban-tree-felling.time_limit"].answer.zh


QUESTIONS = ["砍树审批要多久", "店招坏了要换新的", "do I pay for using the verge", "绿化带 临时 开个口子", "那要多久"]


def evidence(data_dir, encoder):
    """What a search makes of a few questions, and how sure it is."""
    searching = Retriever(data_dir, encoder)
    found = [searching.search(question) for question in QUESTIONS]
    read_as = [
        (
            one.base.revision,
            one.decision,
            one.item_id,
            one.facet,
            [e.entry_id for e in one.entries if e.confidence > 0.01],
        )
        for one in found
    ]
    return read_as, [item.confidence for one in found for item in one.items]


@pytest.mark.parametrize("change", ["an answer", "a question and an item"])
def test_what_is_built_on_the_live_index_is_what_would_be_built_from_nothing(change, desk, retriever, tmp_path):
    data_dir, knowledge = desk
    if change == "an answer":
        mark(knowledge, "second")
    else:
        path = knowledge / "items" / "urban-tree-felling.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("      zh: [", "      zh: [请问一下这个, ", 1), encoding="utf-8")
        (knowledge / "items" / "outdoor-signboard.yaml").unlink()
    revisions.publish(data_dir, knowledge, retriever.encoder)
    from_nothing = share_embeddings(tmp_path / "nothing")
    revisions.publish(from_nothing, knowledge, retriever.encoder)
    read_as, confidences = evidence(data_dir, retriever.encoder)
    expected, expected_confidences = evidence(from_nothing, retriever.encoder)
    assert read_as == expected
    # To a thousandth: a reader that was taken over was fitted beside the old answers, and the last digits of a vector
    # depend on what it was encoded with.
    assert confidences == pytest.approx(expected_confidences, abs=1e-3)


def test_an_edited_answer_takes_over_what_it_leaves_as_it_was(desk, retriever):
    data_dir, knowledge = desk
    searching = Retriever(data_dir, retriever.encoder)
    before = searching._live.index
    mark(knowledge, "second")
    revisions.publish(data_dir, knowledge, retriever.encoder)
    assert searching.refresh()
    after = searching._live.index
    assert after.base.revision == revision_of(knowledge) != before.base.revision
    assert after.reader is before.reader
    for language in ("zh", "en"):
        assert after.languages[language].dense is before.languages[language].dense
        assert after.languages[language].lexical is not before.languages[language].lexical
    assert after.base.items["outdoor-signboard"] is before.base.items["outdoor-signboard"]


def test_a_word_that_an_edited_answer_brings_is_no_pinyin_any_more(desk, retriever):
    data_dir, knowledge = desk
    searching = Retriever(data_dir, retriever.encoder)
    assert "树木" in searching._live.index.pinyin.read_within("the shumu xuke please")
    mark(knowledge, "say shumu xuke there")
    revisions.publish(data_dir, knowledge, retriever.encoder)
    searching.refresh()
    assert searching._live.index.pinyin.read_within("the shumu xuke please") is None


def test_questions_added_in_one_language_leave_the_ranking_in_the_other_as_it_was(desk, retriever):
    data_dir, knowledge = desk
    searching = Retriever(data_dir, retriever.encoder)
    asked = [entry.question["en"] for entry in searching.base.entries.values()]

    def ranked():
        found, vectors = searching._live.index.languages["en"], searching.vectors(asked)
        words = np.stack([found.lexical.scores(question.lower()) for question in asked])
        first = [searching.search(question, "en").entries[0] for question in asked]
        return *found.dense.search(vectors, 50), words, [(entry.item_id, entry.facet) for entry in first]

    before = ranked()
    path = knowledge / "items" / "urban-tree-felling.yaml"
    text = path.read_text(encoding="utf-8")
    added = "".join(f"砍树的事第{number}个问法是什么, " for number in range(200))
    path.write_text(text.replace("      zh: [", f"      zh: [{added}", 1), encoding="utf-8")
    revisions.publish(data_dir, knowledge, retriever.encoder)
    assert searching.refresh() and len(searching._live.index.languages["zh"].forms) > 200
    for was, now in zip(before, ranked(), strict=True):
        assert np.array_equal(was, now) if isinstance(was, np.ndarray) else was == now


def test_an_edited_answer_needs_no_language_model(desk):
    data_dir, knowledge = desk
    mark(knowledge, "second")
    encoder = find_encoder(data_dir)
    revisions.publish(data_dir, knowledge, encoder)
    assert revisions.live_revision(data_dir) == revision_of(knowledge)
    assert "model" not in vars(encoder)


def test_a_damaged_live_index_is_named_when_it_cannot_be_built_on(desk, retriever):
    data_dir, knowledge = desk
    live = index.live(data_dir)
    (live / "reader.npz").write_bytes(b"")
    mark(knowledge, "second")
    with pytest.raises(index.IndexMissing, match=f"{live.name}.*delete that folder"):
        revisions.publish(data_dir, knowledge, retriever.encoder)
    assert index.live(data_dir) == live


def test_a_rollback_brings_the_old_answers_back_and_a_restart_keeps_them(desk, retriever):
    data_dir, knowledge = desk
    first = revision_of(knowledge)
    mark(knowledge, "second")
    second = revision_of(knowledge)
    revisions.publish(data_dir, knowledge, retriever.encoder)
    revisions.rollback(data_dir, first[:6])
    assert revisions.live_revision(data_dir) == first
    revisions.resume(data_dir, knowledge, retriever.encoder)
    assert revisions.live_revision(data_dir) == first
    assert "[first]" in Retriever(data_dir, retriever.encoder).base.entries["urban-tree-felling.time_limit"].answer.en
    mark(knowledge, "third")
    revisions.resume(data_dir, knowledge, retriever.encoder)
    assert revisions.live_revision(data_dir) == revision_of(knowledge) != second


def test_publishing_what_was_rolled_back_on_purpose_makes_it_live_again(desk, retriever):
    data_dir, knowledge = desk
    first = revision_of(knowledge)
    mark(knowledge, "second")
    revisions.publish(data_dir, knowledge, retriever.encoder)
    revisions.rollback(data_dir, first)
    revisions.publish(data_dir, knowledge, retriever.encoder)
    assert revisions.live_revision(data_dir) == revision_of(knowledge)
    assert not revisions.is_withdrawn(data_dir, knowledge)


@pytest.mark.parametrize("wanted", ["ffffffffffff", ""])
def test_rolling_back_to_what_is_not_kept_names_what_is(desk, wanted):
    data_dir, knowledge = desk
    with pytest.raises(UnknownRevision, match=revision_of(knowledge)):
        revisions.rollback(data_dir, wanted)


def test_a_broken_base_changes_neither_what_is_live_nor_the_history(desk, retriever):
    data_dir, knowledge = desk
    before = revisions.live_revision(data_dir), revisions.history(data_dir)
    (knowledge / "common.yaml").write_text("facts: []", encoding="utf-8")
    with pytest.raises(BrokenBase):
        revisions.publish(data_dir, knowledge, retriever.encoder)
    assert (revisions.live_revision(data_dir), revisions.history(data_dir)) == before


def test_an_index_that_does_not_find_its_own_questions_is_not_published(desk, retriever, monkeypatch):
    data_dir, knowledge = desk
    live = revisions.live_revision(data_dir)
    mark(knowledge, "second")
    monkeypatch.setattr(index, "LEAST_FOUND", 1.01)
    with pytest.raises(index.IndexUnfit, match="not published"):
        revisions.publish(data_dir, knowledge, retriever.encoder)
    assert revisions.live_revision(data_dir) == live
    assert not list(index.root(data_dir).glob(".building-*"))


def test_a_history_line_cut_off_by_a_crash_is_left_out_and_the_next_one_is_whole(desk, retriever):
    data_dir, knowledge = desk
    with (index.root(data_dir) / "history.jsonl").open("a") as log:
        log.write('{"at": "2026-11-2')
    mark(knowledge, "second")
    revisions.publish(data_dir, knowledge, retriever.encoder)
    assert [one.revision for one in revisions.history(data_dir)][-1] == revision_of(knowledge)
    assert len(revisions.history(data_dir)) == 2


def test_old_revisions_beyond_the_kept_number_lose_their_index_and_the_live_one_never_does(
    desk, retriever, monkeypatch
):
    data_dir, knowledge = desk
    monkeypatch.setattr(revisions, "KEPT", 2)
    for word in ("second", "third", "fourth"):
        mark(knowledge, word)
        revisions.publish(data_dir, knowledge, retriever.encoder)
    kept = revisions.kept(data_dir)
    assert len(kept) == 2 and next(iter(kept)) == revisions.live_revision(data_dir) == revision_of(knowledge)
    assert len(revisions.history(data_dir)) == 4


PUBLISHING = """
import sys
from pathlib import Path
from retrieval import revisions
from retrieval.encoder import find_encoder
data_dir, knowledge = map(Path, sys.argv[1:])
encoder = find_encoder(data_dir)
print("begin", flush=True)
revisions.publish(data_dir, knowledge, encoder)
"""


def test_killing_a_publish_at_any_moment_leaves_the_old_or_the_new_revision_live_and_whole(desk, retriever):
    data_dir, knowledge = desk
    chance = random.Random(7)
    old, seen = revision_of(knowledge), set()
    for attempt in range(6):
        mark(knowledge, f"attempt {attempt}")
        new = revision_of(knowledge)
        command = [sys.executable, "-c", PUBLISHING, str(data_dir), str(knowledge)]
        publishing = subprocess.Popen(
            command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}
        )
        assert publishing.stdout.readline() == b"begin\n"
        time.sleep(chance.uniform(0.0, 2.5))
        publishing.send_signal(signal.SIGKILL)
        publishing.wait()
        live = revisions.live_revision(data_dir)
        seen.add(live == new)
        assert live in (old, new)
        searching = Retriever(data_dir, retriever.encoder)
        answer = searching.search("砍树审批要多久").base.entries["urban-tree-felling.time_limit"].answer
        assert searching.revision == live and answer.zh.split("]")[0] == answer.en.split("]")[0]
        old = live
    revisions.publish(data_dir, knowledge, retriever.encoder)
    assert revisions.live_revision(data_dir) == revision_of(knowledge)
