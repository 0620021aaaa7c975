"""The encoder's adaptation to this domain: a small file of low-rank changes, added to the packaged model's weights.

Each adapted weight matrix W becomes W + B·A (LoRA, Hu et al. 2021, arXiv:2106.09685, scaling already in B). The file
travels in the repository with the hash of what it was learnt from and its proof on held-out texts; `make adapt`
learns it anew (retrieval/adaptation.py). Without the file the plain encoder is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PATH = Path(__file__).with_name("adapter.npz")


@dataclass(frozen=True)
class Adapter:
    """Low-rank changes by the name of the weight that they change: A of shape (rank, in), B of shape (out, rank).

    `told` says where they come from: the base model, the hash of the lessons, and the proof.
    """

    changes: Mapping[str, tuple[np.ndarray, np.ndarray]]
    told: Mapping[str, Any]
    fingerprint: str

    def apply(self, model: SentenceTransformer) -> None:
        """Add the changes to the model's weights, in place. Raises KeyError or RuntimeError for another model."""
        import torch

        weights = dict(model[0].auto_model.named_parameters())  # type: ignore[union-attr]
        with torch.no_grad():
            for name, (down, up) in self.changes.items():
                change = torch.from_numpy(up.astype(np.float32)) @ torch.from_numpy(down.astype(np.float32))
                weights[name].add_(change)

    def save(self, path: Path) -> None:
        """Write everything to one .npz file, the changes as float16."""
        parts: dict[str, Any] = {"told": np.array(json.dumps(dict(self.told), ensure_ascii=False))}
        for name, (down, up) in self.changes.items():
            parts |= {f"{name}|A": down.astype(np.float16), f"{name}|B": up.astype(np.float16)}
        np.savez_compressed(path, **parts)


def load(path: Path = PATH) -> Adapter | None:
    """The adapter in a file; None where there is no such file. Raises ValueError or KeyError for a damaged one."""
    if not path.is_file():
        return None
    with np.load(path) as parts:
        told = json.loads(str(parts["told"]))
        names = [name.removesuffix("|A") for name in parts.files if name.endswith("|A")]
        changes = {name: (parts[f"{name}|A"], parts[f"{name}|B"]) for name in names}
    return Adapter(changes, told, hashlib.sha256(path.read_bytes()).hexdigest()[:12])
