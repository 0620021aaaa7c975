"""The searchable form of one revision of the base: built beside the live one, switched by one atomic rename.

On disk: <data_dir>/index/<revision>-<encoder>-<format>/ with the knowledge it was made from, so that an index and the
answers it leads to never come from different revisions; `current` beside it names the live one. What an edit leaves as
it was is not made again: items are kept rendered (knowledge.kept), parts are taken over (retrieval.parts).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import faiss
import numpy as np

from knowledge import kept, loader
from knowledge.base import KnowledgeBase
from knowledge.loader import Read
from knowledge.schema import Language
from retrieval import parts
from retrieval.embedding_cache import EmbeddingCache
from retrieval.encoder import Encoder
from retrieval.forms import Form, forms_of_item
from retrieval.language import normalise
from retrieval.lexical import LexicalIndex, Segmenter
from retrieval.pinyin import PinyinReader, chinese, words_of
from retrieval.reading import Reader
from retrieval.signals import NEAREST, Layout
from retrieval.training import fit_reader, lessons_of

FORMAT = 17
"""Raised whenever an index of an older version of this code must not be used."""

CHECKED_QUESTIONS, LEAST_FOUND = 100, 0.85
"""How many of its own standard questions a new index is asked per language, and the share that must lead home."""

RENDERED, READER, WORDS = "rendered", "reader.npz", "words.json"
"""Within an index: the folder of its items as rendered, its reader, the words that pinyin is read by."""

Progress = Callable[[str], None]
T = TypeVar("T")


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

    def nearest(self, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cosines and places of the forms nearest to one message's vector, both of shape (at most NEAREST,).

        On one thread: for one message a second saves nothing, and where the cores are busy, the first waits for it
        (0.4 ms became 24).
        """
        before = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            cosines, places = self.dense.search(vector[None], min(NEAREST, self.dense.ntotal))
        finally:
            faiss.omp_set_num_threads(before)
        return cosines[0], places[0]


@dataclass(frozen=True)
class Index:
    """Everything a search needs, of one revision, as it lies in `folder`; `forms` are by item."""

    folder: Path
    base: KnowledgeBase
    forms: Mapping[str, tuple[Form, ...]]
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
    return _name(loader.revision_of(knowledge_dir), encoder_fingerprint)


def _name(revision: str, encoder_fingerprint: str) -> str:
    return f"{revision}-{kind_of(encoder_fingerprint)}"


def kind_of(encoder_fingerprint: str) -> str:
    """What the names of all indexes of one encoder and of this code's format end in."""
    encoder = hashlib.sha256(encoder_fingerprint.encode()).hexdigest()[:8]
    return f"{encoder}-{FORMAT}"


def build(
    data_dir: Path,
    knowledge_dir: Path,
    encoder: Encoder,
    progress: Progress = lambda step: None,
    read: Read | None = None,
) -> Path:
    """Build the index of the knowledge as it is now, if it is not there yet. Returns its folder; the live one stays.

    `read` is the knowledge where it was read already (see `read_knowledge`): then that is built, whatever the folder
    holds by now. Raises knowledge.loader.BrokenBase when the base has faults, IndexUnfit when the index does not find
    its own questions, OSError when the disk is full; nothing is left behind then.
    """
    folder = root(data_dir) / (
        _name(read.base.revision, encoder.fingerprint) if read else name_of(knowledge_dir, encoder.fingerprint)
    )
    if not folder.is_dir():
        read = read or read_knowledge(data_dir, knowledge_dir)
        # Named after what was read: the knowledge may have changed since the name above was made.
        folder = root(data_dir) / _name(read.base.revision, encoder.fingerprint)
        root(data_dir).mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=root(data_dir)))
        try:
            _build(building, data_dir, read, encoder, progress)
            if not folder.is_dir():
                os.replace(building, folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return folder


def read_knowledge(data_dir: Path, knowledge_dir: Path, like: KnowledgeBase | None = None) -> Read:
    """The knowledge as it is now, what is unchanged taken from the live index and from `like`, a base read before.

    Raises knowledge.loader.BrokenBase.
    """
    before = live(data_dir)
    return loader.read(knowledge_dir, before / RENDERED if before else None, like)


def switch(data_dir: Path, folder: Path) -> None:
    """Make an index live, by one atomic rename of the pointer; a running retriever takes it over when it refreshes."""
    pointer = root(data_dir) / "current"
    fresh = pointer.with_name(f"current.{os.getpid()}.new")
    fresh.write_text(folder.name, encoding="utf-8")
    os.replace(fresh, pointer)


def load(folder: Path, like: Index | None = None) -> Index:
    """The index in `folder`. What it shares with `like`, an index that is loaded already, is not loaded again.

    Raises IndexMissing where it is damaged.
    """
    with _damage_told(folder):
        base = base_of(folder, like.base if like else None)
        forms, segmenter = _forms(base, like), _segmenter(base, like)
        return _whole(folder, base, forms, _languages(folder, forms, segmenter, like), segmenter, like)


def base_of(folder: Path, like: KnowledgeBase | None = None) -> KnowledgeBase:
    """The knowledge that the index in `folder` was made from; unchanged items are those of `like`, a base read before.

    Raises knowledge.loader.BrokenBase where this version of the code reads it differently.
    """
    return loader.read(folder / "knowledge", folder / RENDERED, like).base


def _build(folder: Path, data_dir: Path, read: Read, encoder: Encoder, progress: Progress) -> None:
    base = read.base
    before = live(data_dir)
    read.files.write(folder / "knowledge")
    kept.keep(folder / RENDERED, base, before / RENDERED if before else None)
    if before is not None and not before.name.endswith(f"-{kind_of(encoder.fingerprint)}"):
        before = None  # Its parts are of another encoder's vectors, or written in another way.
    cache = EmbeddingCache(data_dir / "embeddings", encoder)
    forms, segmenter = _forms(base), _segmenter(base)
    for language in Language:
        own = _of_language(forms, language)
        asked = [place for place, form in enumerate(own) if not form.is_answer]
        made = parts.made_from(f"{place} {own[place].text}" for place in asked)
        if not parts.take_over(before, folder, _dense(language), made):
            progress(f"embedding {len(asked)} texts ({language.value})")
            vectors = cache.vectors([own[place].text for place in asked])
            dense = faiss.IndexIDMap(faiss.IndexFlatIP(vectors.shape[1]))
            dense.add_with_ids(vectors, np.array(asked, dtype=np.int64))
            faiss.write_index(dense, str(folder / _dense(language)))
        made = parts.made_from((*segmenter.names, *(form.text for form in own)))
        if not parts.take_over(before, folder, _lexical(language), made):
            known = before / _lexical(language) if before else None
            LexicalIndex.build(segmenter, [form.text for form in own], known).save(folder / _lexical(language))
    if not parts.take_over(before, folder, WORDS, parts.made_from((*segmenter.names, *chinese(base)))):
        (folder / WORDS).write_text(json.dumps(words_of(base, segmenter), ensure_ascii=False), encoding="utf-8")
    with _damage_told(before or folder):
        languages = _languages(folder, forms, segmenter)
    is_known = parts.take_over(before, folder, READER, lessons_of(base))
    if not is_known:
        progress("learning what people mean from their situations")
        fit_reader(base, languages, segmenter, cache, progress).save(folder / READER)
    progress("checking the new index")
    with _damage_told(before or folder):
        index = _whole(folder, base, forms, languages, segmenter)
    _refuse_unfit(index, cache)
    # A reader that learns anew asks for the vectors of every text that there is: no other is needed any more.
    cache.save(forget=not is_known)


def _whole(
    folder: Path,
    base: KnowledgeBase,
    forms: Mapping[str, tuple[Form, ...]],
    languages: dict[str, LanguageIndex],
    segmenter: Segmenter,
    like: Index | None = None,
) -> Index:
    """The index in `folder`, of which all but the reader and the pinyin words is read already."""
    return Index(
        folder,
        base,
        forms,
        languages,
        segmenter,
        _part(folder, READER, like, lambda index: index.reader, Reader.load),
        # The English words are not part of what is shared: an edited answer may bring one.
        _part(folder, WORDS, like, lambda index: index.pinyin, _read_pinyin).beside(
            word for form in languages[Language.EN.value].forms for word in form.text.split()
        ),
    )


def _languages(
    folder: Path, forms: Mapping[str, tuple[Form, ...]], segmenter: Segmenter, like: Index | None = None
) -> dict[str, LanguageIndex]:
    def of(language: Language) -> LanguageIndex:
        return LanguageIndex(
            _of_language(forms, language),
            _part(folder, _dense(language), like, lambda index: index.languages[language].dense, _read_dense),
            _part(
                folder,
                _lexical(language),
                like,
                lambda index: index.languages[language].lexical,
                lambda path: LexicalIndex.load(segmenter, path),
            ),
        )

    return {language.value: of(language) for language in Language}


def _part(folder: Path, part: str, like: Index | None, known: Callable[[Index], T], read: Callable[[Path], T]) -> T:
    """A part of the index in `folder`: the one that `like` has loaded, where both share it, else as `read` gives it."""
    return known(like) if like is not None and parts.shared(folder, like.folder, part) else read(folder / part)


def _read_dense(path: Path) -> faiss.Index:
    # Mapped, not read: starting takes no time for it, and processes that have the same index open share the memory.
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)


def _read_pinyin(path: Path) -> PinyinReader:
    return PinyinReader(json.loads(path.read_text(encoding="utf-8")))


def _forms(base: KnowledgeBase, like: Index | None = None) -> dict[str, tuple[Form, ...]]:
    """Every item's forms; those of an unchanged item are `like`'s."""
    known = {
        item_id: like.forms[item_id]
        for item_id, made in (like.base.made_from.items() if like else ())
        if like is not None and base.made_from.get(item_id) == made
    }
    return {item_id: known.get(item_id) or forms_of_item(base, item_id) for item_id in base.items}


def _of_language(forms: Mapping[str, tuple[Form, ...]], language: Language) -> tuple[Form, ...]:
    return tuple(form for own in forms.values() for form in own if form.language == language)


def _segmenter(base: KnowledgeBase, like: Index | None = None) -> Segmenter:
    names = tuple(name for item in base.items.values() for name in item.names(Language.ZH))
    return like.segmenter if like is not None and like.segmenter.names == names else Segmenter(names)


def _dense(language: Language) -> str:
    return f"{language.value}/dense.faiss"


def _lexical(language: Language) -> str:
    return f"{language.value}/lexical"


@contextlib.contextmanager
def _damage_told(folder: Path) -> Iterator[None]:
    """Tell what the libraries raise over damaged files of the index in `folder` in one way. Raises IndexMissing."""
    try:
        yield
    except (OSError, EOFError, ValueError, KeyError, RuntimeError, loader.KnowledgeError) as error:
        raise IndexMissing(
            f"the index in {folder} cannot be read ({error}); delete that folder and start again"
        ) from error


def _refuse_unfit(index: Index, cache: EmbeddingCache) -> None:
    """Raise IndexUnfit unless standard questions lead to their own item; every n-th is asked, in each language."""
    asked = found = 0
    entries = list(index.base.entries.values())
    step = max(1, len(entries) // CHECKED_QUESTIONS)
    for language, part in index.languages.items():
        layout = Layout(index.base, part.forms, language, index.segmenter)
        questions = [(normalise(entry.question[language]), entry.item_id) for entry in entries[::step]]
        vectors = cache.vectors([text for text, _ in questions])
        cosines, places = part.dense.search(vectors, min(NEAREST, part.dense.ntotal))
        for row, (text, item_id) in enumerate(questions):
            signals = layout.signals(text, places[row], cosines[row], part.lexical.scores(text))
            reading = index.reader.read(text, vectors[row], signals, layout, None)
            asked, found = asked + 1, found + (layout.item_ids[int(reading.items.argmax())] == item_id)
    if found < LEAST_FOUND * asked:
        raise IndexUnfit(found, asked)
