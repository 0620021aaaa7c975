"""Vectors are kept by text, on disk, and only what is new is encoded."""

import hashlib

import numpy as np
import pytest

from retrieval.embedding_cache import MOST_SEGMENTS, EmbeddingCache


class CountingEncoder:
    """An encoder that can be counted on: a text's vector is told by its hash, and it remembers what it was asked."""

    fingerprint = "counting"

    def __init__(self):
        self.asked = []

    def encode(self, texts):
        self.asked += texts
        return np.stack([np.frombuffer(hashlib.sha256(text.encode()).digest(), dtype=np.uint8) / 255 for text in texts])


@pytest.fixture
def encoder():
    return CountingEncoder()


def vectors(texts):
    return CountingEncoder().encode(texts).astype(np.float32)


def test_a_text_is_encoded_once_and_its_vector_outlives_the_process(tmp_path, encoder):
    cache = EmbeddingCache(tmp_path, encoder)
    np.testing.assert_array_equal(cache.vectors(["a", "b", "a"]), vectors(["a", "b", "a"]))
    cache.save()
    again = EmbeddingCache(tmp_path, encoder)
    np.testing.assert_array_equal(again.vectors(["c", "b", "a"]), vectors(["c", "b", "a"]))
    assert encoder.asked == ["a", "b", "c"]


def test_saving_without_forgetting_keeps_what_was_not_asked_for(tmp_path, encoder):
    for text in ("a", "b"):
        cache = EmbeddingCache(tmp_path, encoder)
        cache.vectors([text])
        cache.save()
    assert EmbeddingCache(tmp_path, encoder).missing(["a", "b", "c"]) == ["c"]


def test_forgetting_leaves_only_what_was_asked_for(tmp_path, encoder):
    cache = EmbeddingCache(tmp_path, encoder)
    cache.vectors(["a", "b"])
    cache.save()
    later = EmbeddingCache(tmp_path, encoder)
    later.vectors(["b", "c"])
    later.save(forget=True)
    assert EmbeddingCache(tmp_path, encoder).missing(["a", "b", "c"]) == ["a"]


def test_many_small_files_become_one(tmp_path, encoder):
    texts = [str(number) for number in range(MOST_SEGMENTS + 1)]
    for count in range(len(texts)):
        cache = EmbeddingCache(tmp_path, encoder)
        cache.vectors(texts[: count + 1])
        cache.save(forget=True)
    assert len(list(tmp_path.rglob("*.vectors.npy"))) == 1
    np.testing.assert_array_equal(EmbeddingCache(tmp_path, encoder).vectors(texts), vectors(texts))
    assert encoder.asked == texts


@pytest.mark.parametrize("part", ["keys", "vectors"])
def test_what_a_crash_cut_off_is_encoded_again(tmp_path, encoder, part):
    cache = EmbeddingCache(tmp_path, encoder)
    cache.vectors(["a", "b"])
    cache.save()
    (path,) = tmp_path.rglob(f"*.{part}.npy")
    path.write_bytes(path.read_bytes()[:-8])
    np.testing.assert_array_equal(EmbeddingCache(tmp_path, encoder).vectors(["a"]), vectors(["a"]))
    assert encoder.asked == ["a", "b", "a"]


def test_vectors_of_an_older_version_are_taken_up(tmp_path, encoder):
    cache = EmbeddingCache(tmp_path, encoder)
    old = (tmp_path / hashlib.sha256(encoder.fingerprint.encode()).hexdigest()[:16]).with_suffix(".npz")
    keys = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in ("a", "b")]
    np.savez(old, keys=np.array(keys), vectors=vectors(["a", "b"]))
    cache = EmbeddingCache(tmp_path, encoder)
    np.testing.assert_array_equal(cache.vectors(["b", "a"]), vectors(["b", "a"]))
    assert not encoder.asked and not old.exists()


def test_no_texts_have_no_vectors(tmp_path, encoder):
    assert len(EmbeddingCache(tmp_path, encoder).vectors([])) == 0
