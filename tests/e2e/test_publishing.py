"""Publishing into the running service: no failed request, and no answer that mixes two revisions."""

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from service import start, stop
from small_base import cut_out, mark, share_embeddings

from api import bot_model
from api.settings import CHECKOUT, Settings
from knowledge.loader import revision_of
from retrieval import revisions
from retrieval.encoder import open_encoder

PUBLICATIONS, ASKING = 20, 4
QUESTIONS = (("砍树审批要多久", "zh"), ("how long does the felling approval take", "en"))
BANGBAN = str(Path(sys.executable).with_name("bangban"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A running service over a small base of its own: the stack, the knowledge folder, the settings."""
    root = tmp_path_factory.mktemp("publishing")
    knowledge, data_dir = cut_out(root / "knowledge"), share_embeddings(root / "var")
    mark(knowledge, "word 0")
    # The bot of the whole base serves the small one as well: to train another would take minutes and show nothing here.
    whole, small = Settings(data_dir=CHECKOUT / "var"), Settings(data_dir=data_dir, knowledge_dir=knowledge)
    (data_dir / "bot").mkdir()
    (data_dir / "bot" / "models").symlink_to(CHECKOUT / "var" / "bot" / "models")
    bot_model.embeddings_path(small).symlink_to(bot_model.embeddings_path(whole))
    assert bot_model.find(small) is not None
    running = start(data_dir, BANGBAN_KNOWLEDGE_DIR=str(knowledge))
    yield running, knowledge
    stop(running)
    shutil.rmtree(root)


def _ask(url, told, failures, enough):
    """Ask again and again as visitors do, until told to stop; keep every answer, and whatever was not one."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=30) as client:
        while not enough.is_set():
            for question, language in QUESTIONS:
                try:
                    session = client.post("/sessions", json={"language": language, "channel": "web"}).json()
                    key = {"Authorization": f"Bearer {session['token']}"}
                    path = f"/sessions/{session['session_id']}/messages"
                    reply = client.post(path, json={"text": question}, headers=key)
                    (message,) = reply.json()["messages"]
                    told.append((message["answer"]["revision"], message["text"], message["answer"]["entry_id"]))
                    item = client.get("/items/urban-tree-felling")
                    (entry,) = (e for e in item.json()["entries"] if e["entry_id"] == "urban-tree-felling.time_limit")
                    told.append((item.json()["revision"], entry["answer"][language], entry["entry_id"]))
                    if reply.status_code != 200 or item.status_code != 200:
                        failures.append((reply.status_code, item.status_code))
                except Exception as error:
                    failures.append(repr(error))


def test_twenty_publications_under_load_fail_no_request_and_mix_no_answer(desk):
    running, knowledge = desk
    encoder = open_encoder(running.data_dir)
    words = {revision_of(knowledge): "word 0"}
    told, failures, enough = [], [], threading.Event()
    asking = [threading.Thread(target=_ask, args=(running.url, told, failures, enough)) for _ in range(ASKING)]
    for thread in asking:
        thread.start()
    for number in range(1, PUBLICATIONS + 1):
        mark(knowledge, f"word {number}")
        words[revision_of(knowledge)] = f"word {number}"
        revisions.publish(running.data_dir, knowledge, encoder)
        _wait_until_live(running.url, revision_of(knowledge))
    enough.set()
    for thread in asking:
        thread.join()
    assert failures == []
    assert len(told) > 4 * PUBLICATIONS
    for revision, text, entry_id in told:
        assert entry_id == "urban-tree-felling.time_limit"
        assert re.search(r"\[(.*?)\]", text)[1] == words[revision]
    assert {revision for revision, _, _ in told} == set(words)


def _wait_until_live(url, revision):
    for _ in range(600):
        if httpx.get(f"{url}/api/v1/items", timeout=30).json()["revision"] == revision:
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"{revision} did not go live")


def test_publish_and_rollback_from_the_command_line_reach_the_running_service(desk):
    running, knowledge = desk
    settings = {
        "BANGBAN_DATA_DIR": str(running.data_dir),
        "BANGBAN_KNOWLEDGE_DIR": str(knowledge),
        "BANGBAN_PORT": running.url.rsplit(":", 1)[1],
    }

    def bangban(*arguments):
        done = subprocess.run(
            [BANGBAN, "kb", *arguments], env={**os.environ, **settings}, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    before = revisions.live_revision(running.data_dir)
    mark(knowledge, "from the command line")
    # The small base compares its items with others that it lacks, which the check refuses.
    told = bangban("publish", "--anyway", "--note", "a test")
    assert "the running service answers from it" in told and "1 changed" in told
    assert "a test" in bangban("history")
    assert "urban-tree-felling.time_limit" in bangban("diff", before)
    assert "is live again; the running service answers from it" in bangban("rollback", before[:8])
    entries = httpx.get(f"{running.url}/api/v1/items/urban-tree-felling", timeout=30).json()
    assert entries["revision"] == before and "from the command line" not in str(entries)
