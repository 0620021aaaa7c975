"""Seconds from `bangban kb publish` to live, at growing sizes of the base: `make bench-publishing` (TIMES="1 10").

The base is grown by giving every item copies of its entries with other slugs and numbered questions. The service runs
over it meanwhile. Vectors of the copies are made up, because encoding them all would measure nothing but the encoder,
whose pace is a figure of its own; a whole rebuild is therefore told as what everything else took plus texts ÷ pace.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from evaluation.service import BANGBAN, CHECKOUT, prepare, running
from knowledge.files import FOLDERS, SINGLE_FILES
from knowledge.loader import load
from knowledge.schema import Language
from retrieval.embedding_cache import EmbeddingCache
from retrieval.encoder import open_encoder
from retrieval.forms import composed, examples, forms, situations

PACE_TEXTS = 400
NOISE = 0.15
CHANGED = "urban-tree-felling"


def main(times: list[int]) -> None:
    """Measure at each size; print a line a size; write reports/bench-publishing.json."""
    prepare()
    told = [_at_size(size) for size in times]
    path = CHECKOUT / "reports" / "bench-publishing.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _at_size(size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        knowledge, data_dir = Path(scratch) / "knowledge", Path(scratch) / "var"
        _grow(knowledge, size)
        pace = _seed_vectors(knowledge, data_dir)
        environment = os.environ | {"BANGBAN_DATA_DIR": str(data_dir), "BANGBAN_KNOWLEDGE_DIR": str(knowledge)}
        began = time.monotonic()
        subprocess.run([str(BANGBAN), "kb", "publish", "--anyway"], env=environment, check=True)
        rebuilt_s = time.monotonic() - began
        base = load(knowledge)
        texts = len({form.text for form in forms(base)})
        with running(data_dir, settings={"BANGBAN_KNOWLEDGE_DIR": str(knowledge)}) as service:
            _change_one_answer(knowledge)
            port = service.url.rsplit(":", 1)[1]
            began = time.monotonic()
            done = subprocess.run(
                [str(BANGBAN), "kb", "publish", "--anyway", "--json"],
                env=environment | {"BANGBAN_PORT": port}, check=True, capture_output=True, text=True,
            )  # fmt: skip
            changed_s = time.monotonic() - began
            assert json.loads(done.stdout)["live_in_service"], done.stdout
    told = {
        "times": size,
        "entries": len(base.entries),
        "texts": texts,
        "publish_one_changed_answer_s": round(changed_s, 1),
        "rebuild_without_encoding_s": round(rebuilt_s, 1),
        "encoder_texts_per_s": round(pace, 1),
        "rebuild_with_encoding_s": round(rebuilt_s + texts / pace, 1),
    }
    print(json.dumps(told), flush=True)
    return told


def _grow(folder: Path, size: int) -> None:
    """The checkout's knowledge, every item with `size` times its entries."""
    for name in SINGLE_FILES:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / "knowledge" / name, folder)
    for name in FOLDERS:
        shutil.copytree(CHECKOUT / "knowledge" / name, folder / name)
    for path in (folder / "items").glob("*.yaml") if size > 1 else ():
        spec = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for slug, entry in list(spec["entries"].items()):
            for copy in range(1, size):
                similar = {lang: [f"{q} {copy}" for q in entry["similar"][lang]] for lang in ("zh", "en")}
                question = {lang: f"{entry['question'][lang]} {copy}" for lang in ("zh", "en")}
                added = {**entry, "facet": entry.get("facet", slug), "similar": similar, "question": question}
                spec["entries"][f"situation-copy-{copy}-{slug}"] = added
        path.write_text(yaml.dump(spec, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False), "utf-8")


def _seed_vectors(knowledge: Path, data_dir: Path) -> float:
    """Put a vector for every text into the data dir's cache; returns the encoder's pace in texts/s, measured here."""
    (data_dir / "models").parent.mkdir(parents=True)
    (data_dir / "models").symlink_to(CHECKOUT / "var" / "models")
    encoder = open_encoder(data_dir)
    base = load(knowledge)
    texts = list(dict.fromkeys(one.text for one in (*forms(base), *examples(base), *situations(base), *composed(base))))
    sample = random.Random(0).sample(texts, min(PACE_TEXTS, len(texts)))
    began = time.monotonic()
    encoder.encode(sample)
    pace = len(sample) / (time.monotonic() - began)
    shutil.copytree(CHECKOUT / "var" / "embeddings", data_dir / "embeddings")
    cache = EmbeddingCache(data_dir / "embeddings", encoder)
    chance = np.random.default_rng(0)
    made_up = cache.missing(texts)
    near = cache.vectors([re.sub(r" \d+$", "", text) for text in made_up])
    vectors = near + NOISE * chance.standard_normal(near.shape).astype(np.float32) / np.sqrt(near.shape[1])
    cache.keep(made_up, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    cache.vectors(texts)
    cache.save()
    return pace


def _change_one_answer(knowledge: Path) -> None:
    path = knowledge / "items" / f"{CHANGED}.yaml"
    spec = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    for language in Language:
        spec["entries"]["time_limit"]["answer"][language.value] += "\n\n…"
    path.write_text(yaml.dump(spec, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False), "utf-8")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1, 10])
