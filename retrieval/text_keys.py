"""Texts as keys of fixed length, to find again in arrays what was made of a text before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

WIDTH = 16
"""Bytes of a key: with 128 bits of SHA-256, two texts with one key are not met with."""


def keys_of(texts: Sequence[str]) -> np.ndarray:
    """A key for each text; bytes, shape (len(texts),), which sort and compare."""
    joined = b"".join(hashlib.sha256(text.encode()).digest()[:WIDTH] for text in texts)
    return np.frombuffer(joined, dtype=f"S{WIDTH}")


def places_of(keys: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Where each key stands in `among`, which is sorted; -1 where it does not. int64, shape (len(keys),)."""
    if not len(among):
        return np.full(len(keys), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(among, keys), len(among) - 1)
    return np.where(among[places] == keys, places, -1)
