"""Vectors kept by text, so that a publish embeds only what changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retrieval.encoder import Encoder


class EmbeddingCache:
    """Vectors of one encoder by the hash of their text; kept on disk by `save`, in one file per encoder."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self._encoder = encoder
        self._path = folder / f"{hashlib.sha256(encoder.fingerprint.encode()).hexdigest()[:16]}.npz"
        self._known: dict[str, np.ndarray] = {}
        self._used: set[str] = set()
        if self._path.exists():
            with np.load(self._path) as kept:
                self._known = dict(zip(kept["keys"].tolist(), kept["vectors"].astype(np.float32), strict=True))

    def __contains__(self, text: str) -> bool:
        """Whether the text's vector is known."""
        return _key(text) in self._known

    def keep(self, texts: Sequence[str], vectors: np.ndarray) -> None:
        """Take vectors that were made elsewhere; float32, shape (len(texts), dimensions)."""
        self._known.update(zip(map(_key, texts), vectors, strict=True))

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of the texts, float32, shape (len(texts), dimensions); only unknown texts are encoded."""
        keys = [_key(text) for text in texts]
        self._used.update(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if missing:
            self._known.update(zip(missing, self._encoder.encode(list(missing.values())), strict=True))
        return np.stack([self._known[key] for key in keys]) if keys else np.zeros((0, 1), dtype=np.float32)

    def save(self) -> None:
        """Keep the vectors that were asked for since this cache was opened; the others are forgotten."""
        kept = sorted(self._used)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new.npz")
        np.savez(fresh, keys=np.array(kept), vectors=np.stack([self._known[key] for key in kept]))
        os.replace(fresh, self._path)


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
