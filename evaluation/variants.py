"""Indexes of changed bases and with changed readers, built and searched as the product's own in a scratch data dir."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.proxies import RememberingEncoder
from knowledge.files import FOLDERS, SINGLE_FILES
from retrieval import index
from retrieval.encoder import open_encoder
from retrieval.index import Progress
from retrieval.reading import Reader
from retrieval.retriever import Retriever


@dataclass(frozen=True)
class Scratch:
    """A data dir of its own for one encoder, so that no reader of another encoder's space is found in it."""

    folder: Path
    encoder: RememberingEncoder
    kept: Path

    def build_whole(self, knowledge_dir: Path, progress: Progress) -> Path:
        """As `build`, of the largest base that is asked: its vectors are kept for the next time."""
        built = self.build(knowledge_dir, progress)
        shutil.copytree(self.folder / "embeddings", self.kept, dirs_exist_ok=True)
        return built

    def build(self, knowledge_dir: Path, progress: Progress) -> Path:
        """The folder of the index of a base. Raises what retrieval.index.build raises."""
        return index.build(self.folder, knowledge_dir, self.encoder, progress)

    def changed(self, built: Path, name: str, reader: Reader | None = None, pinyin: bool = True) -> Path:
        """A copy of an index with another reader, or one that reads no pinyin; returns its folder."""
        folder = built.with_name(f"{built.name}-{name}")
        shutil.copytree(built, folder)
        if reader is not None:
            reader.save(folder / "reader.npz")
        if not pinyin:
            (folder / "words.json").write_text("{}", encoding="utf-8")
        return folder

    def searching(self, built: Path) -> Retriever:
        """The product's search over an index."""
        index.switch(self.folder, built)
        return Retriever(self.folder, self.encoder)


@contextlib.contextmanager
def scratch(data_dir: Path, adapted: bool) -> Iterator[Scratch]:
    """A data dir for one encoder, gone with the block; it starts from the vectors that were made before."""
    kept = data_dir / "variants"
    with tempfile.TemporaryDirectory() as own:
        folder = Path(own)
        known = next((known for known in (kept, data_dir / "embeddings") if known.is_dir()), None)
        if known is not None:
            shutil.copytree(known, folder / "embeddings")
        yield Scratch(folder, RememberingEncoder(open_encoder(data_dir, adapted=adapted)), kept)


def with_situations(knowledge_dir: Path, folder: Path, count: int) -> Path:
    """A copy of a base in `folder` that has at most `count` situations of each item and language; returns it.

    Which of them are kept is told by their text alone, so that a smaller base is part of every larger one. What is none
    of the desk's business stays.
    """
    for name in SINGLE_FILES:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(knowledge_dir / name, folder / name)
    for name in FOLDERS:
        shutil.copytree(knowledge_dir / name, folder / name)
    files = {path: path.read_text(encoding="utf-8").splitlines() for path in (folder / "situations").glob("*.jsonl")}
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in (line for lines in files.values() for line in lines if line.strip()):
        told = json.loads(line)
        if (item_id := _first_item(told)) is not None:
            groups[item_id, told["lang"]].append(line)
    kept = {line for lines in groups.values() for line in sorted(lines, key=_shuffled)[:count]}
    for path, lines in files.items():
        chosen = [line for line in lines if line.strip() and (_first_item(json.loads(line)) is None or line in kept)]
        path.write_text("".join(f"{line}\n" for line in chosen), encoding="utf-8")
    return folder


def _shuffled(line: str) -> bytes:
    return hashlib.sha256(f"order {line}".encode()).digest()


def _first_item(told: Mapping[str, Any]) -> str | None:
    """The likeliest item that a situation is about; None where it is none of ours."""
    return told["items"][0] if "items" in told else told["item"]
