"""The searchable form of one revision of the base: built beside the live one, switched by one atomic rename.

On disk: <data_dir>/index/<revision>-<encoder>/ with the knowledge it was made from, so that an index and the answers it
leads to never come from different revisions; `current` beside it names the live one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import faiss

from knowledge import loader
from knowledge.base import KnowledgeBase
from knowledge.schema import Language
from retrieval import forms as forms_of
from retrieval.embedding_cache import EmbeddingCache
from retrieval.encoder import Encoder
from retrieval.forms import Form
from retrieval.lexical import LexicalIndex, Segmenter
from retrieval.reading import Reader
from retrieval.training import fit_reader

FORMAT = 2
"""Raised whenever an index of an older version of this code must not be used."""

Progress = Callable[[str], None]


class IndexMissing(Exception):
    """There is no index to search; the sentence says how to make one."""


@dataclass(frozen=True)
class LanguageIndex:
    """The forms of one language, their vectors in FAISS (exact inner product) and their words in BM25."""

    forms: tuple[Form, ...]
    dense: faiss.Index
    lexical: LexicalIndex


@dataclass(frozen=True)
class Index:
    """Everything a search needs, of one revision."""

    base: KnowledgeBase
    languages: dict[str, LanguageIndex]
    segmenter: Segmenter
    reader: Reader


def root(data_dir: Path) -> Path:
    """The folder of all indexes below the data dir."""
    return data_dir / "index"


def live(data_dir: Path) -> Path | None:
    """The folder of the live index, or None."""
    pointer = root(data_dir) / "current"
    try:
        folder = root(data_dir) / pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return folder if folder.is_dir() else None


def name_of(knowledge_dir: Path, encoder_fingerprint: str) -> str:
    """The name of the index that the knowledge and the encoder would make; needs no model."""
    encoder = hashlib.sha256(encoder_fingerprint.encode()).hexdigest()[:8]
    return f"{loader.revision_of(knowledge_dir)}-{encoder}-{FORMAT}"


def publish(data_dir: Path, knowledge_dir: Path, encoder: Encoder, progress: Progress = lambda step: None) -> Path:
    """Build the index of the knowledge as it is now, if it is not there yet, and make it live. Returns its folder.

    Raises knowledge.loader.BrokenBase when the base has faults, OSError when the disk is full; the live index stays.
    """
    folder = root(data_dir) / name_of(knowledge_dir, encoder.fingerprint)
    if not folder.is_dir():
        root(data_dir).mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=root(data_dir)))
        try:
            _build(building, data_dir, knowledge_dir, encoder, progress)
            os.replace(building, folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    _switch(data_dir, folder)
    return folder


def load(folder: Path) -> Index:
    """The index in `folder`. Raises IndexMissing where it is damaged."""
    try:
        base = loader.load(folder / "knowledge")
        languages = {}
        segmenter = _segmenter(base)
        for language in Language:
            part = folder / language.value
            told = json.loads((part / "forms.json").read_text(encoding="utf-8"))
            languages[language.value] = LanguageIndex(
                tuple(Form(**form) for form in told),
                faiss.read_index(str(part / "dense.faiss")),
                LexicalIndex.load(segmenter, part / "lexical"),
            )
        return Index(base, languages, segmenter, Reader.load(folder / "reader.npz"))
    except (OSError, EOFError, ValueError, KeyError, RuntimeError, loader.KnowledgeError) as error:
        raise IndexMissing(
            f"the index in {folder} cannot be read ({error}); delete that folder and start again"
        ) from error


def _build(folder: Path, data_dir: Path, knowledge_dir: Path, encoder: Encoder, progress: Progress) -> None:
    (folder / "knowledge").mkdir()
    for name in loader.SINGLE_FILES:
        shutil.copy(knowledge_dir / name, folder / "knowledge" / name)
    for name in loader.FOLDERS:
        shutil.copytree(knowledge_dir / name, folder / "knowledge" / name)
    base = loader.load(folder / "knowledge")
    found = forms_of.forms(base)
    cache = EmbeddingCache(data_dir / "embeddings", encoder)
    segmenter = _segmenter(base)
    languages = {}
    for language in Language:
        own = tuple(form for form in found if form.language == language)
        progress(f"embedding {len(own)} texts ({language.value})")
        vectors = cache.vectors([form.text for form in own])
        dense = faiss.IndexFlatIP(vectors.shape[1])
        dense.add(vectors)
        lexical = LexicalIndex.build(segmenter, [form.text for form in own])
        languages[language.value] = LanguageIndex(own, dense, lexical)
        part = folder / language.value
        part.mkdir()
        (part / "forms.json").write_text(
            json.dumps([asdict(form) for form in own], ensure_ascii=False), encoding="utf-8"
        )
        faiss.write_index(dense, str(part / "dense.faiss"))
        lexical.save(part / "lexical")
    progress("learning what people mean from their situations")
    fit_reader(base, languages, segmenter, cache, progress).save(folder / "reader.npz")
    cache.save()


def _segmenter(base: KnowledgeBase) -> Segmenter:
    return Segmenter(name for item in base.items.values() for name in (item.name.zh, *item.aliases.zh))


def _switch(data_dir: Path, folder: Path) -> None:
    pointer = root(data_dir) / "current"
    fresh = pointer.with_suffix(".new")
    fresh.write_text(folder.name, encoding="utf-8")
    os.replace(fresh, pointer)
