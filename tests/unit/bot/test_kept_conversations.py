import sqlite3
import threading
from contextlib import closing

from bot.conversations import Conversations, forget


def test_what_is_written_is_read_back_by_the_next_process(tmp_path):
    path = tmp_path / "conversations.db"
    Conversations(path).write("s1", [{"event": "user", "text": "砍树"}])
    assert Conversations(path).read("s1") == [{"event": "user", "text": "砍树"}]


def test_a_conversation_never_seen_is_none():
    assert Conversations().read("s1") is None


def test_writing_again_replaces(tmp_path):
    kept = Conversations(tmp_path / "conversations.db")
    kept.write("s1", [{"event": "slot"}])
    kept.write("s1", [])
    assert kept.read("s1") == []
    assert list(kept) == ["s1"]


def test_a_forgotten_conversation_is_gone_while_the_bot_runs(tmp_path):
    path = tmp_path / "conversations.db"
    running = Conversations(path)
    running.write("s1", [{"event": "user"}])
    running.write("s2", [{"event": "user"}])
    assert forget(path, "s1")
    assert running.read("s1") is None
    assert running.read("s2") is not None


def test_nothing_of_a_forgotten_conversation_stays_in_the_file(tmp_path):
    path = tmp_path / "conversations.db"
    running = Conversations(path)
    running.write("s1", [{"event": "slot", "value": "urban-tree-felling" * 50}])
    forget(path, "s1")
    running.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"urban-tree-felling" not in path.read_bytes()


def test_forgetting_what_was_never_kept_says_so(tmp_path):
    assert not forget(tmp_path / "conversations.db", "s1")
    assert not (tmp_path / "conversations.db").exists()
    Conversations(tmp_path / "conversations.db")
    assert not forget(tmp_path / "conversations.db", "s1")


def test_many_threads_may_write_at_once(tmp_path):
    kept = Conversations(tmp_path / "conversations.db")
    beside = Conversations(tmp_path / "conversations.db")

    def write(store, name):
        for turn in range(30):
            store.write(name, [{"turn": turn}])

    threads = [threading.Thread(target=write, args=((kept, beside)[n % 2], f"s{n}")) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [kept.read(f"s{n}") for n in range(6)] == [[{"turn": 29}]] * 6
