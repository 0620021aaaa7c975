"""`bangban kb publish --check` over a small base: what it shows, what it refuses, and that refusing changes nothing."""

import json
import shutil

import pytest
from small_base import cut_out, mark, share_embeddings
from typer.testing import CliRunner

from api import publish_check
from api.cli import app
from api.settings import CHECKOUT
from evaluation.replay import Asked, Verdict, difference, measures, opened, replay
from evaluation.suites import Part, Question, part_of, questions
from knowledge.loader import revision_of
from retrieval import index, revisions
from retrieval.encoder import open_encoder

FELLING = "砍树审批要多久"


@pytest.fixture(scope="module")
def encoder():
    return open_encoder(CHECKOUT / "var")


@pytest.fixture(scope="module")
def published(tmp_path_factory, encoder):
    root = tmp_path_factory.mktemp("check")
    knowledge, data_dir = cut_out(root / "knowledge"), share_embeddings(root / "var")
    revisions.publish(data_dir, knowledge, encoder)
    return data_dir, knowledge


@pytest.fixture
def desk(published, tmp_path):
    """A fresh copy of the small base, published, and a way to run commands on it."""
    data_dir, knowledge = tmp_path / "var", tmp_path / "knowledge"
    shutil.copytree(published[0], data_dir, symlinks=True)
    shutil.copytree(published[1], knowledge)
    environment = {"BANGBAN_DATA_DIR": str(data_dir), "BANGBAN_KNOWLEDGE_DIR": str(knowledge)}
    run = lambda *arguments, **more: CliRunner().invoke(app, list(arguments), env=environment, **more)  # noqa: E731
    return data_dir, knowledge, run


def case(text, item, facet):
    return Asked(text, "zh", None, Question(id="q", language="zh", text=text, item=item, facet=facet, style="plain"))


def test_an_edited_answer_and_a_lost_entry_are_told_apart(desk, encoder):
    data_dir, knowledge, _ = desk
    live = index.live(data_dir)
    mark(knowledge, "new words")
    (knowledge / "items" / "outdoor-signboard.yaml").unlink()
    asked = [
        case(FELLING, "urban-tree-felling", "time_limit"),
        case("店招备案要多久", "outdoor-signboard", "time_limit"),
    ]
    with opened(live, encoder) as before, opened(index.build(data_dir, knowledge, encoder), encoder) as after:
        felling, signboard = told = replay(before, after, [*asked, Asked("店招备案要多久", "zh")])[:2]
        told_of_visitor = replay(before, after, [Asked("店招备案要多久", "zh")])
    assert felling.verdict is Verdict.EDITED and "[new words]" in felling.after.text
    assert signboard.verdict is Verdict.WORSE
    assert (difference(told).better, difference(told).worse) == (0, 1)
    assert (measures(told)["lost"]["all"].numerator, measures(told)["lost"]["all"].denominator) == (1, 2)
    assert measures(told_of_visitor)["changed"]["zh"].numerator == 1


def test_nothing_changes_where_the_knowledge_is_the_same(desk, encoder):
    data_dir, _, _ = desk
    with opened(index.live(data_dir), encoder) as one, opened(index.live(data_dir), encoder) as other:
        asked = [Asked(question.text, question.language, None, question) for question in questions()[:40]]
        told = replay(one, other, asked)
    assert {change.verdict for change in told} == {Verdict.SAME}


def test_a_base_that_misses_limits_is_shown_and_not_published(desk, monkeypatch):
    """Three items cannot resolve a suite about 67; the database is not there, as in a new installation."""
    data_dir, knowledge, bangban = desk
    some = publish_check._cases()[::8]
    monkeypatch.setattr(publish_check, "_cases", lambda: some)
    before = index.live(data_dir)
    mark(knowledge, "new words")
    refused = bangban("kb", "publish", "--anyway", "--check", "--yes", "--json")
    assert refused.exit_code == 1 and "Nothing was published" in refused.stderr
    told = json.loads(refused.stdout)
    assert told["check"]["counts"]["visitors"] == 0
    assert any(sentence.startswith("resolved (zh)") for sentence in told["check"]["missed"])
    assert told["check"]["rates"]["changed"]["all"]["denominator"] == 0
    shown = {part_of(change["case"]) for change in told["check"]["changes"]}
    assert shown <= {Part.TUNE}
    assert index.live(data_dir) == before


@pytest.fixture
def no_suites(monkeypatch):
    """Leaves the visitors' messages alone, of which there are none: then no limit can be missed."""
    monkeypatch.setattr(publish_check, "_cases", lambda: [Asked(FELLING, "zh")])


def test_without_a_terminal_nobody_is_asked_and_nothing_goes_live(desk, no_suites):
    data_dir, knowledge, bangban = desk
    mark(knowledge, "new words")
    refused = bangban("kb", "publish", "--anyway", "--check")
    assert refused.exit_code == 1 and "add --yes to publish without asking" in refused.stderr
    assert revisions.live_revision(data_dir) != revision_of(knowledge)


def test_a_base_that_keeps_the_limits_goes_live_and_the_check_is_told(desk, no_suites):
    data_dir, knowledge, bangban = desk
    mark(knowledge, "new words")
    done = bangban("kb", "publish", "--anyway", "--check", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["revision"] == told["check"]["revision"] == revisions.live_revision(data_dir) == revision_of(knowledge)
    assert told["check"]["counts"]["edited"] == 1
