"""Seconds from `bangban kb publish` to live, at growing sizes of the base: `make bench-publishing` (TIMES="1 10 100").

The base is grown by giving every item copies of its entries with other slugs and numbered questions. The service runs
over it meanwhile, but for the sizes that --alone names, where there is no memory for both; the reader is fitted, but
for those that --lent names, where that takes more memory than there is: it is then taken over. Vectors of the copies
are made up, because encoding them all would measure nothing but the encoder, whose pace is a figure of its own: a whole
rebuild is therefore told as what everything else took plus texts ÷ pace. Processor seconds and memory stand beside the
seconds, for machines that do other work meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from evaluation.service import BANGBAN, CHECKOUT, prepare, running
from knowledge.base import KnowledgeBase
from knowledge.files import FOLDERS, SINGLE_FILES
from knowledge.loader import load
from knowledge.schema import Language
from retrieval import index, parts
from retrieval.embedding_cache import EmbeddingCache
from retrieval.encoder import Encoder, open_encoder
from retrieval.forms import composed, examples, forms, situations
from retrieval.training import lessons_of

PACE_TEXTS = 400
NOISE = 0.15
CHUNK = 100_000
"""How many made-up vectors are in memory at a time."""
CHANGED = "urban-tree-felling"


@dataclass(frozen=True)
class Grown:
    """What a grown base holds, and the encoder's pace, measured beside it."""

    entries: int
    texts: int
    texts_per_s: float


@dataclass(frozen=True)
class Took:
    """What one command took."""

    seconds: float
    processor_s: float
    memory_gb: float
    printed: str


def main(times: list[int], alone: list[int], lent: list[int], folder: Path | None) -> None:
    """Measure at each size; print a line a size; write reports/bench-publishing.json."""
    prepare()
    told = [_at_size(size, size in alone, size in lent, folder) for size in times]
    path = CHECKOUT / "reports" / "bench-publishing.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _at_size(size: int, alone: bool, lent: bool, folder: Path | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        knowledge, data_dir = Path(scratch) / "knowledge", Path(scratch) / "var"
        # In a process of its own: its memory is given back before anything is measured.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as growing:
            grown = growing.submit(_grow, knowledge, data_dir, size, lent).result()
        environment = {"BANGBAN_DATA_DIR": str(data_dir), "BANGBAN_KNOWLEDGE_DIR": str(knowledge)}
        rebuilt = _publish(environment)
        service = running(data_dir, settings={"BANGBAN_KNOWLEDGE_DIR": str(knowledge)})
        with contextlib.nullcontext() if alone else service as live:
            _change_one_answer(knowledge)
            port = {} if live is None else {"BANGBAN_PORT": live.url.rsplit(":", 1)[1]}
            changed = _publish(environment | port)
            assert json.loads(changed.printed)["live_in_service"] != alone, changed.printed
    told = {
        "times": size,
        "entries": grown.entries,
        "texts": grown.texts,
        "with_a_service_running": not alone,
        "with_a_lent_reader": lent,
        "publish_one_changed_answer": _told(changed),
        "rebuild_without_encoding": _told(rebuilt),
        "encoder_texts_per_s": round(grown.texts_per_s, 1),
        "rebuild_with_encoding_s": round(rebuilt.seconds + grown.texts / grown.texts_per_s, 1),
    }
    print(json.dumps(told), flush=True)
    return told


def _publish(environment: dict[str, str]) -> Took:
    began = time.monotonic()
    command = [str(BANGBAN), "kb", "publish", "--json"]
    with subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True) as publishing:
        assert publishing.stdout is not None
        printed = publishing.stdout.read()
        # Not RUSAGE_CHILDREN, which tells the largest of all children so far.
        _, status, used = os.wait4(publishing.pid, 0)
        publishing.returncode = os.waitstatus_to_exitcode(status)
    if publishing.returncode:
        raise subprocess.CalledProcessError(publishing.returncode, command)
    return Took(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6, printed)


def _told(took: Took) -> dict[str, float]:
    return {
        "seconds": round(took.seconds, 1),
        "processor_s": round(took.processor_s, 1),
        "memory_gb": round(took.memory_gb, 1),
    }


def _grow(folder: Path, data_dir: Path, size: int, lent: bool) -> Grown:
    """The checkout's knowledge in `folder`, every item with `size` times its entries, and vectors in `data_dir`."""
    folder.mkdir(parents=True)
    for name in SINGLE_FILES:
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
    data_dir.mkdir(parents=True)
    (data_dir / "models").symlink_to(CHECKOUT / "var" / "models")
    encoder, base = open_encoder(data_dir), load(folder)
    if lent:
        _lend_reader(base, data_dir, encoder)
    return _seed_vectors(base, data_dir, encoder)


def _lend_reader(base: KnowledgeBase, data_dir: Path, encoder: Encoder) -> None:
    """Let the first publish find the reader of the base as it is, as if it had been fitted to the grown one."""
    live = index.live(CHECKOUT / "var")
    assert live is not None
    folder = index.root(data_dir) / f"lent-{index.kind_of(encoder.fingerprint)}"
    parts.take_over(None, folder, index.READER, lessons_of(base))
    shutil.copy(live / index.READER, folder / index.READER)
    index.switch(data_dir, folder)


def _seed_vectors(base: KnowledgeBase, data_dir: Path, encoder: Encoder) -> Grown:
    """Put a vector for every text into the data dir's cache, and measure the encoder's pace."""
    found = [one.text for one in forms(base) if not one.is_answer]
    found += [one.text for one in (*examples(base), *situations(base), *composed(base))]
    texts = list(dict.fromkeys(found))
    sample = random.Random(0).sample(texts, min(PACE_TEXTS, len(texts)))
    began = time.monotonic()
    encoder.encode(sample)
    pace = len(sample) / (time.monotonic() - began)
    shutil.copytree(CHECKOUT / "var" / "embeddings", data_dir / "embeddings")
    cache = EmbeddingCache(data_dir / "embeddings", encoder)
    chance = np.random.default_rng(0)
    made_up = cache.missing(texts)
    for begin in range(0, len(made_up), CHUNK):
        chunk = made_up[begin : begin + CHUNK]
        near = cache.vectors([re.sub(r" \d+$", "", text) for text in chunk])
        vectors = near + NOISE * chance.standard_normal(near.shape, dtype=np.float32) / np.sqrt(near.shape[1])
        cache.keep(chunk, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
        cache.save()
    return Grown(len(base.entries), len(texts), pace)


def _change_one_answer(knowledge: Path) -> None:
    path = knowledge / "items" / f"{CHANGED}.yaml"
    spec = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    for language in Language:
        spec["entries"]["time_limit"]["answer"][language.value] += "\n\n…"
    path.write_text(yaml.dump(spec, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", nargs="*", type=int, default=[1, 10])
    parser.add_argument("--alone", nargs="+", type=int, default=[], help="sizes to measure without a running service")
    parser.add_argument("--lent", nargs="+", type=int, default=[], help="sizes whose reader is not fitted but lent")
    parser.add_argument("--folder", type=Path, help="where to grow the bases; 100 times need 20 GB there")
    given = parser.parse_args()
    main(given.times, given.alone, given.lent, given.folder)
