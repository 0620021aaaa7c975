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
import numpy as np

from knowledge import loader
from knowledge.base import KnowledgeBase
from knowledge.schema import Language
from retrieval import forms as forms_of
from retrieval.embedding_cache import EmbeddingCache
from retrieval.encoder import Encoder
from retrieval.forms import Form
from retrieval.language import normalise
from retrieval.lexical import LexicalIndex, Segmenter
from retrieval.pinyin import PinyinReader, words_of
from retrieval.reading import Reader
from retrieval.signals import NEAREST, Layout
from retrieval.training import fit_reader, lessons_of

FORMAT = 9
"""Raised whenever an index of an older version of this code must not be used."""

CHECKED_QUESTIONS, LEAST_FOUND = 100, 0.85
"""How many of its own standard questions a new index is asked per language, and the share that must lead home."""

Progress = Callable[[str], None]


class IndexMissing(Exception):
    """There is no index to search; the sentence says how to make one."""


class IndexUnfit(Exception):
    """A new index does not find what it was made from; it was thrown away and the live one stays."""

    def __init__(self, found: int, asked: int) -> None:
        super().__init__(
            f"the new index finds the right item for {found} of {asked} of its own standard questions; it was not "
            "published. Look for questions in the wrong place with `bangban kb check`."
        )


@dataclass(frozen=True)
class LanguageIndex:
    """The forms of one language, in FAISS (exact inner product; all but answers) and in BM25, by their positions."""

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
    pinyin: PinyinReader


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
    return f"{loader.revision_of(knowledge_dir)}-{kind_of(encoder_fingerprint)}"


def kind_of(encoder_fingerprint: str) -> str:
    """What the names of all indexes of one encoder and of this code's format end in."""
    encoder = hashlib.sha256(encoder_fingerprint.encode()).hexdigest()[:8]
    return f"{encoder}-{FORMAT}"


def build(data_dir: Path, knowledge_dir: Path, encoder: Encoder, progress: Progress = lambda step: None) -> Path:
    """Build the index of the knowledge as it is now, if it is not there yet. Returns its folder; the live one stays.

    Raises knowledge.loader.BrokenBase when the base has faults, IndexUnfit when the index does not find its own
    questions, OSError when the disk is full; nothing is left behind then.
    """
    folder = root(data_dir) / name_of(knowledge_dir, encoder.fingerprint)
    if not folder.is_dir():
        root(data_dir).mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=root(data_dir)))
        try:
            _build(building, data_dir, knowledge_dir, encoder, progress)
            # Named after what was copied: the knowledge may have changed since the name above was made.
            folder = root(data_dir) / name_of(building / "knowledge", encoder.fingerprint)
            if not folder.is_dir():
                os.replace(building, folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return folder


def switch(data_dir: Path, folder: Path) -> None:
    """Make an index live, by one atomic rename of the pointer; a running retriever takes it over when it refreshes."""
    pointer = root(data_dir) / "current"
    fresh = pointer.with_name(f"current.{os.getpid()}.new")
    fresh.write_text(folder.name, encoding="utf-8")
    os.replace(fresh, pointer)


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
        words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
        pinyin = _pinyin(words, languages)
        return Index(base, languages, segmenter, Reader.load(folder / "reader.npz"), pinyin)
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
        asked = [place for place, form in enumerate(own) if not form.is_answer]
        progress(f"embedding {len(asked)} texts ({language.value})")
        vectors = cache.vectors([own[place].text for place in asked])
        dense = faiss.IndexIDMap(faiss.IndexFlatIP(vectors.shape[1]))
        dense.add_with_ids(vectors, np.array(asked, dtype=np.int64))
        lexical = LexicalIndex.build(segmenter, [form.text for form in own])
        languages[language.value] = LanguageIndex(own, dense, lexical)
        part = folder / language.value
        part.mkdir()
        (part / "forms.json").write_text(
            json.dumps([asdict(form) for form in own], ensure_ascii=False), encoding="utf-8"
        )
        faiss.write_index(dense, str(part / "dense.faiss"))
        lexical.save(part / "lexical")
    words = words_of(base, segmenter)
    (folder / "words.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
    before = live(data_dir)
    if before is not None and not before.name.endswith(f"-{kind_of(encoder.fingerprint)}"):
        before = None  # Its reader reads another encoder's vectors, or is written in another way.
    reader = _reader(folder, before, base, languages, segmenter, cache, progress)
    progress("checking the new index")
    _refuse_unfit(Index(base, languages, segmenter, reader, _pinyin(words, languages)), cache)
    cache.save()


def _reader(
    folder: Path,
    before: Path | None,
    base: KnowledgeBase,
    languages: dict[str, LanguageIndex],
    segmenter: Segmenter,
    cache: EmbeddingCache,
    progress: Progress,
) -> Reader:
    """The reader of a base: that of `before` where nothing that it learnt from has changed, else a new one."""
    lessons = lessons_of(base)
    (folder / "lessons").write_text(lessons, encoding="utf-8")
    if before is not None and _taught(before) == lessons:
        shutil.copy(before / "reader.npz", folder)
        return Reader.load(folder / "reader.npz")
    progress("learning what people mean from their situations")
    reader = fit_reader(base, languages, segmenter, cache, progress)
    reader.save(folder / "reader.npz")
    return reader


def _taught(folder: Path) -> str | None:
    try:
        return (folder / "lessons").read_text(encoding="utf-8")
    except OSError:
        return None


def _refuse_unfit(index: Index, cache: EmbeddingCache) -> None:
    """Raise IndexUnfit unless standard questions lead to their own item; every n-th is asked, in each language."""
    asked = found = 0
    entries = list(index.base.entries.values())
    step = max(1, len(entries) // CHECKED_QUESTIONS)
    for language, part in index.languages.items():
        layout = Layout(index.base, part.forms, language, index.segmenter)
        questions = [(normalise(entry.question[language]), entry.item_id) for entry in entries[::step]]
        for (text, item_id), vector in zip(questions, cache.vectors([text for text, _ in questions]), strict=True):
            cosines, places = part.dense.search(vector[None], min(NEAREST, part.dense.ntotal))
            signals = layout.signals(text, places[0], cosines[0], part.lexical.scores(text))
            reading = index.reader.read(text, vector, signals, layout, None)
            asked, found = asked + 1, found + (layout.item_ids[int(reading.items.argmax())] == item_id)
    if found < LEAST_FOUND * asked:
        raise IndexUnfit(found, asked)


def _pinyin(words: dict[str, int], languages: dict[str, LanguageIndex]) -> PinyinReader:
    forms = languages[Language.EN.value].forms
    return PinyinReader(words, {word for form in forms for word in form.text.split()})


def _segmenter(base: KnowledgeBase) -> Segmenter:
    return Segmenter(name for item in base.items.values() for name in (item.name.zh, *item.aliases.zh))
