"""The files of a knowledge folder as they were at one moment: what is hashed, parsed and kept is the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SINGLE_FILES = ("common.yaml", "facets.yaml", "glossary.yaml", "sources.yaml")
FOLDERS = {"items": "*.yaml", "situations": "*.jsonl"}
"""What a knowledge folder is made of: files, and folders with the files in them that count."""


@dataclass(frozen=True)
class Files:
    """Bytes by name ("items/urban-tree-felling.yaml"), in the order that the revision is told by."""

    folder: Path
    contents: Mapping[str, bytes]

    @cached_property
    def revision(self) -> str:
        """A hash of everything that can change an answer or how it is found: 12 hexadecimal digits."""
        digest = hashlib.sha256()
        for name, content in self.contents.items():
            digest.update(name.encode() + b"\0")
            digest.update(content + b"\0")
        return digest.hexdigest()[:12]

    def within(self, part: str) -> list[str]:
        """The names of the files in one of FOLDERS."""
        return [name for name in self.contents if name.startswith(f"{part}/")]

    def write(self, folder: Path) -> None:
        """Write them below `folder`, which must not hold them yet."""
        for part in FOLDERS:
            (folder / part).mkdir(parents=True)
        for name, content in self.contents.items():
            (folder / name).write_bytes(content)


def read_files(folder: Path) -> Files:
    """What is in `folder`; a file that is missing is missing here, too."""
    single = [folder / name for name in SINGLE_FILES if (folder / name).is_file()]
    listed = [path for part, pattern in FOLDERS.items() for path in sorted((folder / part).glob(pattern))]
    return Files(folder, {path.relative_to(folder).as_posix(): path.read_bytes() for path in (*single, *listed)})
