"""Items kept as they were rendered, as JSON: reading a base again parses and fills only what has changed since.

A file's name says what its item was made from: its own file, the files that every item draws on, and this code.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from knowledge.base import Entry, KnowledgeBase
from knowledge.files import Files
from knowledge.rendering import Rendered, entry_of
from knowledge.schema import ItemSpec, Model

SHARED = ("common.yaml", "sources.yaml")
"""The files that every item's rendering draws on."""
RENDERING = ("base", "facts", "rendering", "schema")
"""The modules of this package that decide what a rendering says."""


class KeptItem(Model):
    """An item as it was written and, by slug, what rendering added to its entries."""

    spec: ItemSpec
    rendered: dict[str, Rendered]

    def entries(self) -> dict[str, Entry]:
        """The item's entries by their ids."""
        made = (entry_of(self.spec.id, slug, spec, self.rendered[slug]) for slug, spec in self.spec.entries.items())
        return {entry.entry_id: entry for entry in made}


def made_from(files: Files, name: str) -> str:
    """A hash of everything that decides how the item in the file called `name` is rendered."""
    digest = hashlib.sha256(_code())
    for part in (*SHARED, name):
        digest.update(hashlib.sha256(files.contents.get(part, b"")).digest())
    return digest.hexdigest()[:32]


def find(folder: Path, made_from: str) -> KeptItem | None:
    """The item that was made from the same, if it is kept in `folder` and whole."""
    with contextlib.suppress(OSError, ValidationError):
        return KeptItem.model_validate_json(_path(folder, made_from).read_bytes())
    return None


def keep(folder: Path, base: KnowledgeBase, before: Path | None = None) -> None:
    """Keep every item of a base in `folder`; what `before` keeps already is linked, not written again."""
    folder.mkdir()
    for item_id, made in base.made_from.items():
        path = _path(folder, made)
        if before is not None:
            with contextlib.suppress(OSError):
                os.link(_path(before, made), path)
                continue
        path.write_text(_kept(base, item_id).model_dump_json(exclude_unset=True), encoding="utf-8")


def _kept(base: KnowledgeBase, item_id: str) -> KeptItem:
    spec = base.items[item_id]
    entries: Mapping[str, Entry] = {slug: base.entries[f"{item_id}.{slug}"] for slug in spec.entries}
    return KeptItem(
        spec=spec,
        rendered={
            slug: Rendered(answer=entry.answer, sources=entry.sources, as_of=entry.as_of, to_confirm=entry.to_confirm)
            for slug, entry in entries.items()
        },
    )


def _path(folder: Path, made_from: str) -> Path:
    return folder / f"{made_from}.json"


@cache
def _code() -> bytes:
    """A hash of the code that renders: another version of it may make something else of the same files."""
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / f"{name}.py").read_bytes() for name in RENDERING)).digest()
