"""Publishing and rolling back: which revision of the knowledge is live, and which were.

Every publication is a line of <data_dir>/index/history.jsonl, written after the switch. A revision that was rolled
back is not made live again by a restart, only by publishing it on purpose.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from knowledge.loader import KnowledgeError, Read, revision_of
from retrieval import index
from retrieval.encoder import Encoder
from retrieval.index import Progress

KEPT = 20
"""How many revisions keep their index, so that rolling back to them takes no building; the live one always does."""


class Event(StrEnum):
    """How a revision came to be live."""

    PUBLISHED = "published"
    ROLLED_BACK = "rolled back"


class UnknownRevision(KnowledgeError):
    """No kept revision has this name, or more than one begins with it."""

    def __init__(self, wanted: str, kept: tuple[str, ...]) -> None:
        super().__init__(
            f"No single revision {wanted!r} is kept; there are {', '.join(kept) or 'none'}. See `bangban kb history`."
        )
        self.wanted, self.kept = wanted, kept


@dataclass(frozen=True)
class Publication:
    """One line of the history: when which revision went live, in place of which (None for the first)."""

    at: dt.datetime
    event: Event
    revision: str
    before: str | None
    note: str = ""


def publish(
    data_dir: Path,
    knowledge_dir: Path,
    encoder: Encoder,
    progress: Progress = lambda step: None,
    note: str = "",
    read: Read | None = None,
) -> Path:
    """Make the knowledge as it is now, or as it was `read`, live. Returns the folder of its index.

    One publication runs at a time. Raises what index.build raises; the live index stays then.
    """
    with _turn(data_dir):
        folder = index.build(data_dir, knowledge_dir, encoder, progress, read)
        _go_live(data_dir, folder, Event.PUBLISHED, note)
        return folder


def resume(data_dir: Path, knowledge_dir: Path, encoder: Encoder, progress: Progress = lambda step: None) -> Path:
    """What a start does: publish the knowledge as it is, unless that very revision was rolled back.

    Returns the folder of the live index. Raises what index.build raises.
    """
    live = index.live(data_dir)
    if live is not None and is_withdrawn(data_dir, knowledge_dir) and _of_this_kind(live, encoder):
        return live
    return publish(data_dir, knowledge_dir, encoder, progress)


def rollback(data_dir: Path, wanted: str, note: str = "") -> Path:
    """Make a kept revision live again; `wanted` is its name or the beginning of it. Returns the folder of its index.

    Raises UnknownRevision, or index.IndexMissing where the kept index is damaged.
    """
    with _turn(data_dir):
        folder = find(data_dir, wanted)
        index.load(folder)
        _go_live(data_dir, folder, Event.ROLLED_BACK, note)
        return folder


def find(data_dir: Path, wanted: str) -> Path:
    """The folder of the kept index of a revision, told by the beginning of its name. Raises UnknownRevision."""
    folders = kept(data_dir)
    found = [folder for revision, folder in folders.items() if wanted and revision.startswith(wanted)]
    if len(found) != 1:
        raise UnknownRevision(wanted, tuple(folders))
    return found[0]


def kept(data_dir: Path) -> dict[str, Path]:
    """The revisions that can go live at once and their indexes, newest first: those of the live one's kind."""
    live = index.live(data_dir)
    if live is None:
        return {}
    kind = live.name.partition("-")[2]
    folders = {folder.name.partition("-")[0]: folder for folder in index.root(data_dir).glob(f"*-{kind}")}
    order = {told.revision: place for place, told in enumerate(history(data_dir))}
    return dict(sorted(folders.items(), key=lambda pair: -order.get(pair[0], -1)))


def history(data_dir: Path) -> list[Publication]:
    """What went live, oldest first. A line cut off by a crash is left out."""
    try:
        lines = _log(data_dir).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    told = []
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            said = json.loads(line)
            told.append(
                Publication(
                    dt.datetime.fromisoformat(said["at"]),
                    Event(said["event"]),
                    said["revision"],
                    said["before"],
                    said.get("note", ""),
                )
            )
    return told


def live_revision(data_dir: Path) -> str | None:
    """The revision that is live, or None."""
    folder = index.live(data_dir)
    return folder.name.partition("-")[0] if folder else None


def is_withdrawn(data_dir: Path, knowledge_dir: Path) -> bool:
    """Whether the knowledge as it is now was live and was rolled back last."""
    told = history(data_dir)
    return bool(told) and told[-1].event is Event.ROLLED_BACK and told[-1].before == revision_of(knowledge_dir)


def _of_this_kind(folder: Path, encoder: Encoder) -> bool:
    return folder.name.partition("-")[2] == index.kind_of(encoder.fingerprint)


def _go_live(data_dir: Path, folder: Path, event: Event, note: str) -> None:
    before, revision = live_revision(data_dir), folder.name.partition("-")[0]
    is_new = index.live(data_dir) != folder
    index.switch(data_dir, folder)
    if is_new or event is Event.ROLLED_BACK or _rolled_back_last(data_dir):
        told = Publication(dt.datetime.now(dt.UTC).replace(microsecond=0), event, revision, before, note)
        _append(_log(data_dir), {**asdict(told), "at": told.at.isoformat()})
    for stale in list(kept(data_dir).values())[KEPT:]:
        if stale != folder:
            shutil.rmtree(stale, ignore_errors=True)


def _rolled_back_last(data_dir: Path) -> bool:
    told = history(data_dir)
    return bool(told) and told[-1].event is Event.ROLLED_BACK


def _log(data_dir: Path) -> Path:
    return index.root(data_dir) / "history.jsonl"


def _append(path: Path, told: dict[str, object]) -> None:
    """Add one line by a single write, after a line break where a crash left the last line open."""
    line = json.dumps(told, ensure_ascii=False) + "\n"
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(handle).st_size
        cut_off = size and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, (("\n" if cut_off else "") + line).encode())
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _turn(data_dir: Path) -> Iterator[None]:
    """Wait until no other process publishes; the lock also ends with its process."""
    index.root(data_dir).mkdir(parents=True, exist_ok=True)
    with (index.root(data_dir) / "publish.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
