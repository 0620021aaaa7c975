"""One row per conversation in SQLite: what the dialogue engine remembers, and how api has it forgotten.

Standard library only, as it runs inside Rasa (Python 3.10) and in api, which erases conversations without asking Rasa.
"""

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Union

IN_MEMORY = ":memory:"
_BUSY_S = 10.0
_ONE = "SELECT events FROM conversation WHERE sender_id = ?"
_TABLE = "CREATE TABLE IF NOT EXISTS conversation (sender_id TEXT PRIMARY KEY, events TEXT NOT NULL) WITHOUT ROWID"


class Conversations:
    """The rows by sender id; safe from any thread and beside other processes on the same file."""

    def __init__(self, path: Union[str, Path] = IN_MEMORY) -> None:
        # One connection under a lock: each use lasts microseconds, and an in-memory database has only one anyway.
        self._lock = threading.Lock()
        self._connection = _open(path)

    def read(self, sender_id: str) -> Optional[List[Dict[str, Any]]]:
        """The events kept of a conversation, oldest first; None where there is none."""
        with self._lock:
            row = self._connection.execute(_ONE, (sender_id,)).fetchone()
        return None if row is None else json.loads(row[0])

    def write(self, sender_id: str, events: List[Dict[str, Any]]) -> None:
        """Replace what is kept of a conversation."""
        written = json.dumps(events, ensure_ascii=False, separators=(",", ":"))
        with self._lock, self._connection:
            self._connection.execute("REPLACE INTO conversation VALUES (?, ?)", (sender_id, written))

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            rows = self._connection.execute("SELECT sender_id FROM conversation ORDER BY sender_id").fetchall()
        return (sender_id for (sender_id,) in rows)

    def close(self) -> None:
        """Close the connection; nothing may be called afterwards."""
        with self._lock:
            self._connection.close()


def forget(path: Path, sender_id: str) -> bool:
    """Erase one conversation from the file, also beside a running bot; False where nothing was kept of it."""
    if not path.exists():
        return False
    with closing(_open(path)) as connection, connection:
        return connection.execute("DELETE FROM conversation WHERE sender_id = ?", (sender_id,)).rowcount > 0


def _open(path: Union[str, Path]) -> sqlite3.Connection:
    connection = sqlite3.connect(str(path), timeout=_BUSY_S, check_same_thread=False)
    # A turn lost in a power cut costs a visitor one repetition; waiting for the disk would cost every turn.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    # What is erased is overwritten, not only unlinked.
    connection.execute("PRAGMA secure_delete = ON")
    with connection:
        connection.execute(_TABLE)
    return connection
