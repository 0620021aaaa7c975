"""Texts to vectors: one sentence-transformers model, loaded once and shared."""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.preprocessing import normalize

from retrieval import adapter, packaged_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH_SIZE = 64


class Encoder:
    """A sentence-transformers model that gives unit vectors; safe to use from several threads.

    `fingerprint` names the model, so that vectors of different models are never mixed. `load` gives the model when it
    is needed first: whoever finds every vector in the cache, as a publish of answers does, does without it.
    """

    def __init__(self, load: Callable[[], SentenceTransformer], fingerprint: str) -> None:
        self._load = load
        self._lock = threading.Lock()
        self.fingerprint = fingerprint

    @cached_property
    def model(self) -> SentenceTransformer:
        """The model itself. Raises packaged_model.ModelUnavailable where it cannot be loaded."""
        return self._load()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of the texts, float32, shape (len(texts), dimensions).

        Everything is encoded as a query: what is compared here are questions with questions, for which the model's
        authors recommend the query prefix on both sides (intfloat/multilingual-e5-small, model card).
        """
        prefix = self.model.prompts.get("query") or (
            packaged_model.QUERY_PREFIX if "e5" in self.fingerprint.lower() else ""
        )
        if not texts:
            return np.zeros((0, 1), dtype=np.float32)
        prompted = [prefix + text for text in texts]
        # Texts of a length go together, as a batch is as wide as its longest.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        batches = [order[start : start + BATCH_SIZE] for start in range(0, len(order), BATCH_SIZE)]
        if len(batches) == 1:
            return self._encode_batch(prompted)
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            encoded = workers.map(lambda batch: self._encode_batch([prompted[place] for place in batch]), batches)
            return np.vstack(list(encoded))[np.argsort(order)]

    def _encode_batch(self, prompted: list[str]) -> np.ndarray:
        """Unit vectors of texts that carry their prefix.

        Several batches are encoded side by side, each by one thread: threads that share one batch wait for each other
        at every layer, on a busy machine four times as long as the work takes.
        """
        import torch

        with self._lock:  # A tokenizer is not for several threads at once.
            features = self.model.preprocess(prompted)
        with one_thread(), torch.inference_mode():
            vectors = self.model(features)["sentence_embedding"]
        return normalize(vectors.float().numpy())


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use no other thread for what this one asks of it."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def prepare(data_dir: Path, name: str | None = None) -> Path | None:
    """Make the default model ready below `data_dir`, once; None where `name` asks for another model.

    Raises packaged_model.ModelUnavailable, or OSError when the disk is full.
    """
    return None if name else packaged_model.prepare(data_dir / "models")


def open_encoder(data_dir: Path, name: str | None = None, adapted: bool = True) -> Encoder:
    """The encoder with its model loaded; as `find_encoder` otherwise."""
    encoder = find_encoder(data_dir, name, adapted)
    encoder.model  # noqa: B018 — loaded now: what is wrong with it is told here, and no visitor waits for it.
    return encoder


def find_encoder(data_dir: Path, name: str | None = None, adapted: bool = True) -> Encoder:
    """The encoder: the packaged model, or the sentence-transformers model (a hub name or a folder) called `name`.

    The packaged model comes with what it has learnt of this domain (retrieval/adapter.py) unless `adapted` is False.
    It is loaded when a text is encoded first.

    Raises packaged_model.ModelUnavailable where the packaged model cannot be made ready.
    """
    folder = prepare(data_dir, name)
    source = str(folder or name)
    learnt = adapter.load() if folder is not None and adapted else None
    fingerprint = folder.name if folder is not None else source
    if learnt is not None:
        fingerprint = f"{fingerprint}+{learnt.fingerprint}"
    return Encoder(lambda: _load(source, folder is not None, learnt), fingerprint)


def _load(source: str, is_packaged: bool, learnt: adapter.Adapter | None) -> SentenceTransformer:
    if is_packaged:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # Imported late: torch takes seconds to load, which `bangban --help` and the checks need not wait for.
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = SentenceTransformer(source, device="cpu")
    except (OSError, ValueError) as error:
        raise packaged_model.ModelUnavailable(
            f"the encoder {source!r} cannot be loaded ({error}); "
            "set BANGBAN_ENCODER to a sentence-transformers name or folder"
        ) from error
    if learnt is not None:
        learnt.apply(model)
    model.eval()
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        # Half the time where the processor computes in half precision; the vectors stay the same to 1e-4 of cosine.
        model.to(torch.bfloat16)
    return model
