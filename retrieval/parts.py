"""The parts of an index (vectors, word search, reader…), each with a hash of what it was made from.

A part that would be made from the same as the live index's is linked, not made: both folders then share one file, which
nobody changes, and whoever has the one loaded need not load the other.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path


def made_from(texts: Iterable[str]) -> str:
    """A hash of the texts, in their order, that a part is made from."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:32]


def take_over(before: Path | None, folder: Path, part: str, made: str) -> bool:
    """Whether the index in `before` has this part made from the same; the part is then in `folder`, too.

    `part` is a file or a folder of files, told relative to both. Otherwise it is to be made there now.
    """
    target = folder / part
    target.parent.mkdir(parents=True, exist_ok=True)
    if before is None or _made(before, part) != made:
        _note(folder, part).write_text(made, encoding="utf-8")
        return False
    source = before / part
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link)
    else:
        _link(source, target)
    # Last: that both have the same note says that all of the part is shared.
    _link(_note(before, part), _note(folder, part))
    return True


def shared(folder: Path, other: Path, part: str) -> bool:
    """Whether one index took this part over from the other, or both from a third."""
    try:
        return _note(folder, part).samefile(_note(other, part))
    except OSError:
        return False


def _made(folder: Path, part: str) -> str | None:
    try:
        return _note(folder, part).read_text(encoding="utf-8")
    except OSError:
        return None


def _note(folder: Path, part: str) -> Path:
    return folder / f"{part}.made-from"


def _link(source: str | Path, target: str | Path) -> None:
    """One file under two names; a copy where the file system has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
