"""Vectors kept by text, so that a publish embeds only what changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.encoder import Encoder
from retrieval.text_keys import keys_of, places_of

MOST_SEGMENTS, MOST_WASTE = 8, 0.2
"""Beyond how many files, or which share of vectors that nobody asks for, everything is written anew."""


@dataclass(frozen=True)
class _Segment:
    """Sorted keys, shape (n,), and the vectors of their texts, float32, shape (n, dimensions), read when needed."""

    keys: np.ndarray
    vectors: np.ndarray

    @classmethod
    def of(cls, keys: np.ndarray, vectors: np.ndarray) -> _Segment:
        keys, first = np.unique(keys, return_index=True)
        return cls(keys, vectors[first])


class EmbeddingCache:
    """Vectors of one encoder by the keys of their texts; what `save` adds is kept on disk, in a folder per encoder.

    The vectors of a save are one file beside one with their keys, which is renamed into place last: without its keys a
    file of vectors counts for nothing. They are mapped, not read: a base of millions of texts takes no memory for them.
    """

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self._encoder = encoder
        self._folder = folder / hashlib.sha256(encoder.fingerprint.encode()).hexdigest()[:16]
        self._files = list(_read(self._folder))
        self._kept = [segment for _, segment in self._files]
        self._fresh: list[_Segment] = []
        self._asked: list[np.ndarray] = []
        self._take_up(self._folder.with_suffix(".npz"))

    def keep(self, texts: Sequence[str], vectors: np.ndarray) -> None:
        """Take vectors that were made elsewhere; float32, shape (len(texts), dimensions)."""
        self._fresh.append(_Segment.of(keys_of(texts), vectors))

    def missing(self, texts: Sequence[str]) -> list[str]:
        """The texts whose vectors are not known, each once."""
        return self._missing(texts, keys_of(texts))

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of the texts, float32, shape (len(texts), dimensions); only unknown texts are encoded."""
        if not texts:
            return np.zeros((0, 1), dtype=np.float32)
        keys = keys_of(texts)
        if unknown := self._missing(texts, keys):
            self.keep(unknown, self._encoder.encode(unknown))
        self._asked.append(keys)
        return self._gathered(keys)

    def save(self, forget: bool = False) -> None:
        """Keep the new vectors. With `forget`, those that were not asked for since this cache was opened may go.

        Raises OSError when the disk is full.
        """
        used = np.unique(np.concatenate(self._asked)) if self._asked else keys_of([])
        held = sum(len(segment.keys) for segment in (*self._kept, *self._fresh))
        many = len(self._files) + bool(self._fresh) > MOST_SEGMENTS
        if forget and len(used) and (many or held - len(used) > MOST_WASTE * held):
            old = [name for name, _ in self._files]
            self._write(_Segment(used, self._gathered(used)))
            for name in old:
                _remove(self._folder, name)
        elif self._fresh:
            keys = np.concatenate([segment.keys for segment in self._fresh])
            self._write(_Segment.of(keys, np.concatenate([segment.vectors for segment in self._fresh])))
        self._fresh = []
        self._files = list(_read(self._folder))
        self._kept = [segment for _, segment in self._files]

    def _missing(self, texts: Sequence[str], keys: np.ndarray) -> list[str]:
        known = np.zeros(len(texts), dtype=bool)
        for segment in (*self._kept, *self._fresh):
            known |= places_of(keys, segment.keys) >= 0
        return list(dict.fromkeys(text for text, is_known in zip(texts, known, strict=True) if not is_known))

    def _gathered(self, keys: np.ndarray) -> np.ndarray:
        """The vectors of known keys."""
        segments = [*self._kept, *self._fresh]
        gathered = np.empty((len(keys), segments[0].vectors.shape[1]), dtype=np.float32)
        for segment in segments:
            places = places_of(keys, segment.keys)
            found = places >= 0
            gathered[found] = segment.vectors[places[found]]
        return gathered

    def _write(self, segment: _Segment) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = secrets.token_hex(8)
        for part, array in (("vectors", segment.vectors), ("keys", segment.keys)):
            fresh = self._folder / f".{name}.{part}.npy"
            np.save(fresh, array, allow_pickle=False)
            os.replace(fresh, _path(self._folder, name, part))

    def _take_up(self, old: Path) -> None:
        """Vectors that a version before 2026-12 kept in one .npz file: encoding them again would take minutes."""
        if old.is_file():
            with np.load(old) as kept:
                keys = np.frombuffer(b"".join(map(bytes.fromhex, kept["keys"].tolist())), dtype=keys_of([]).dtype)
                self._fresh.append(_Segment.of(keys, kept["vectors"].astype(np.float32)))
            self.save()
            old.unlink(missing_ok=True)


def _read(folder: Path) -> Iterator[tuple[str, _Segment]]:
    """What was saved; what another process removes just now, or a crash cut off, is left out and encoded again."""
    for path in sorted(folder.glob("*.keys.npy")):
        name = path.name.partition(".")[0]
        with contextlib.suppress(OSError, ValueError, EOFError):
            vectors = np.load(_path(folder, name, "vectors"), mmap_mode="r", allow_pickle=False)
            keys = np.load(path, allow_pickle=False)
            if len(keys) == len(vectors):
                yield name, _Segment(keys, vectors)


def _remove(folder: Path, name: str) -> None:
    for part in ("keys", "vectors"):
        _path(folder, name, part).unlink(missing_ok=True)


def _path(folder: Path, name: str, part: str) -> Path:
    return folder / f"{name}.{part}.npy"
