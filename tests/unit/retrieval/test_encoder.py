"""Many texts at once, and several threads at once, give what each text gives alone."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from retrieval.encoder import BATCH_SIZE, Encoder
from retrieval.retriever import Retriever

TEXTS = [f"{'临时占用绿地' * (place % 7)} {place} {'how long ' * (place % 5)}" for place in range(BATCH_SIZE + 9)]
HALF_PRECISION = 1e-3
"""How far a cosine may be from 1 where the neighbours in a batch change a vector's last digits."""


@pytest.fixture(scope="module")
def encoder(retriever: Retriever) -> Encoder:
    return retriever.encoder


@pytest.fixture(scope="module")
def alone(encoder: Encoder) -> np.ndarray:
    """Each text's vector, encoded by itself."""
    return np.vstack([encoder.encode([text]) for text in TEXTS])


def _assert_alike(vectors: np.ndarray, others: np.ndarray) -> None:
    assert np.all((vectors * others).sum(axis=1) > 1 - HALF_PRECISION)


def test_vectors_come_in_the_order_of_their_texts(encoder: Encoder, alone: np.ndarray) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    _assert_alike(vectors, alone)


def test_several_threads_get_each_their_own(encoder: Encoder, alone: np.ndarray) -> None:
    with ThreadPoolExecutor(8) as threads:
        _assert_alike(np.vstack(list(threads.map(lambda text: encoder.encode([text]), TEXTS))), alone)


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert len(encoder.encode([])) == 0
