"""Changes to entries, written into the files of the base all together or not at all.

What people edit elsewhere (a spreadsheet, a form) arrives here as edits. A draft is what the files would be: it can be
tried as a folder of its own before anything is written, and is written only over the files that it was made from.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge import loader, yaml_spans
from knowledge.loader import KnowledgeError
from knowledge.yaml_spans import NotEditable, Value


@dataclass(frozen=True)
class SetField:
    """Another value for one field of an entry, such as ("answer", "zh"); None takes an optional field away."""

    entry_id: str
    field: tuple[str, ...]
    value: Value | None


@dataclass(frozen=True)
class AddEntry:
    """A new entry, last in its item's file; `content` holds its fields in the order of writing."""

    entry_id: str
    content: Mapping[str, Value]


@dataclass(frozen=True)
class RemoveEntry:
    """An entry that shall be no more."""

    entry_id: str


Edit = SetField | AddEntry | RemoveEntry


class StaleDraft(KnowledgeError):
    """The files changed after the draft was made; nothing was written."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} changed in the meantime; nothing was written. Do the same again to compare anew.")
        self.name = name


class NotWritten(KnowledgeError):
    """The files could not be written; they are as they were."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path} cannot be written ({error.strerror or error}); nothing was changed.")


class LeftToAPerson(KnowledgeError):
    """Some edits touch YAML that a program cannot change in one place only; `edits` lists them."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self.edits = tuple(edits)
        places = ", ".join(f"{file_of(edit.entry_id)} ({edit.entry_id})" for edit in self.edits)
        super().__init__(f"Change these in the file by hand, since its YAML is written in an unusual way: {places}.")


def file_of(entry_id: str) -> str:
    """The file, relative to the knowledge folder, in which an entry stands."""
    return f"items/{entry_id.partition('.')[0]}.yaml"


class Draft:
    """The files of a base as they would be after some edits; made by `draft`."""

    def __init__(self, folder: Path, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
        self.folder = folder
        self._before = before
        self._after = {name: content for name, content in after.items() if content != before[name]}

    @property
    def files(self) -> tuple[str, ...]:
        """The files that would change, relative to the knowledge folder."""
        return tuple(self._after)

    @contextlib.contextmanager
    def tried(self) -> Iterator[Path]:
        """A copy of the folder with the changed files in it, for reading; it is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="bangban-draft-") as scratch:
            copy = Path(scratch) / "knowledge"
            shutil.copytree(self.folder, copy, ignore=shutil.ignore_patterns("*.py", "*.pyc", "__pycache__", ".*"))
            for name, content in self._after.items():
                (copy / name).write_bytes(content)
            yield copy

    def save(self) -> None:
        """Write the changed files: each by one rename, none if one fails. Raises StaleDraft, NotWritten."""
        for name, content in self._before.items():
            if not (self.folder / name).is_file() or (self.folder / name).read_bytes() != content:
                raise StaleDraft(name)
        with _staged(self.folder, self._after) as staged, _staged(self.folder, self._before) as kept:
            replaced: list[str] = []
            for name, new in staged.items():
                path = (self.folder / name).resolve()
                try:
                    os.replace(new, path)
                    replaced.append(name)
                except OSError as error:
                    for done in replaced:
                        os.replace(kept[done], (self.folder / done).resolve())
                    raise NotWritten(path, error) from error


def draft(folder: Path, edits: Iterable[Edit], revision: str) -> Draft:
    """The edits in the files of `folder`, which must be of `revision`. Raises StaleDraft, LeftToAPerson."""
    edits = tuple(edits)
    before = {name: (folder / name).read_bytes() for name in dict.fromkeys(file_of(edit.entry_id) for edit in edits)}
    if loader.revision_of(folder) != revision:
        raise StaleDraft(str(folder))
    texts = {name: content.decode("utf-8") for name, content in before.items()}
    left: list[Edit] = []
    for edit in edits:
        name = file_of(edit.entry_id)
        try:
            texts[name] = _edited(texts[name], edit)
        except NotEditable:
            left.append(edit)
    if left:
        raise LeftToAPerson(left)
    return Draft(folder, before, {name: text.encode("utf-8") for name, text in texts.items()})


def _edited(text: str, edit: Edit) -> str:
    entry = ("entries", edit.entry_id.partition(".")[2])
    match edit:
        case AddEntry():
            return yaml_spans.set_value(text, entry, edit.content)
        case RemoveEntry():
            return yaml_spans.remove_key(text, entry)
        case SetField(value=None):
            return yaml_spans.remove_key(text, (*entry, *edit.field))
        case SetField(value=value) if value is not None:
            return yaml_spans.set_value(text, (*entry, *edit.field), value)
    raise TypeError(f"no edit: {edit!r}")


@contextlib.contextmanager
def _staged(folder: Path, contents: Mapping[str, bytes]) -> Iterator[dict[str, Path]]:
    """Each content in a file beside its place, on disk, with its place's permissions; gone afterwards if unused."""
    staged: dict[str, Path] = {}
    try:
        for name, content in contents.items():
            place = (folder / name).resolve()
            try:
                # No *.yaml: a reader that comes by in the meantime must not take it for an item.
                handle, path = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".tmp")
                staged[name] = Path(path)
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                shutil.copymode(place, path)
            except OSError as error:
                raise NotWritten(place, error) from error
        yield staged
    finally:
        for unused in staged.values():
            unused.unlink(missing_ok=True)
