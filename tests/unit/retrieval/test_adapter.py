import numpy as np
import pytest

from api.settings import CHECKOUT
from retrieval import adapter
from retrieval.adapter import Adapter
from retrieval.encoder import open_encoder

WEIGHT = "encoder.layer.3.attention.self.query.weight"


@pytest.fixture
def plain():
    encoder = open_encoder(CHECKOUT / "var", adapted=False)
    encoder.model.float()
    return encoder


def test_a_change_is_added_to_its_weight_and_to_no_other(plain):
    chance = np.random.default_rng(0)
    down, up = (chance.standard_normal(shape).astype(np.float16) for shape in ((2, 384), (384, 2)))
    before = {name: weight.clone() for name, weight in plain.model[0].auto_model.named_parameters()}
    Adapter({WEIGHT: (down, up)}, {}, "").apply(plain.model)
    for name, weight in plain.model[0].auto_model.named_parameters():
        change = (weight - before[name]).detach().numpy()
        expected = up.astype(np.float32) @ down.astype(np.float32) if name == WEIGHT else np.zeros(weight.shape)
        assert np.allclose(change, expected, atol=1e-4), name


def test_what_is_saved_comes_back_and_its_fingerprint_is_the_files(tmp_path):
    changes = {WEIGHT: (np.ones((2, 384), np.float16), np.ones((384, 2), np.float16))}
    path = tmp_path / "adapter.npz"
    Adapter(changes, {"learnt": "2026-11-24"}, "").save(path)
    kept = adapter.load(path)
    assert kept.told == {"learnt": "2026-11-24"} and kept.changes.keys() == changes.keys()
    assert all(np.array_equal(kept.changes[WEIGHT][side], changes[WEIGHT][side]) for side in (0, 1))
    assert len(kept.fingerprint) == 12


def test_without_a_file_there_is_no_adapter(tmp_path):
    assert adapter.load(tmp_path / "adapter.npz") is None


def test_the_adapter_in_the_repository_is_small_and_proved_better_than_the_plain_encoder():
    assert adapter.PATH.stat().st_size < 6_000_000
    proof = adapter.load().told["proof"]
    for language in ("zh", "en"):
        assert proof["adapted"][language]["questions"] > 300
        for measure in ("item", "facet", "both"):
            assert proof["adapted"][language][measure] > proof["plain"][language][measure]


def test_the_adapted_encoder_still_gives_unit_vectors_and_has_a_name_of_its_own(plain):
    adapted = open_encoder(CHECKOUT / "var")
    texts = ["砍树要多久", "how long does it take"]
    assert np.allclose(np.linalg.norm(adapted.encode(texts), axis=1), 1, atol=1e-5)
    assert adapted.fingerprint.startswith(f"{plain.fingerprint}+")
    assert not np.allclose(adapted.encode(texts), plain.encode(texts), atol=0.05)
