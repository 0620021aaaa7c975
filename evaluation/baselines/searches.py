"""Either half of our own search alone: words, or vectors of the encoder that has learnt nothing of this domain."""

from __future__ import annotations

from collections.abc import Sequence

import faiss
import numpy as np

from evaluation.baselines.corpus import Corpus, entries_in_order
from retrieval.lexical import LexicalIndex, Segmenter
from retrieval.signals import NEAREST


def lexical(corpus: Corpus, questions: Sequence[str]) -> list[list[str]]:
    """Entries by the BM25 of their best text; entries that share no word with the question are not ranked."""
    index = LexicalIndex.build(Segmenter(corpus.names), [form.text for form in corpus.texts])
    ranked = []
    for question in questions:
        scores = index.scores(question)
        order = np.argsort(-scores, kind="stable")
        ranked.append(entries_in_order([corpus.texts[place] for place in order[:NEAREST] if scores[place] > 0]))
    return ranked


def dense(corpus: Corpus, questions: Sequence[str]) -> list[list[str]]:
    """Entries by the cosine of their nearest question."""
    texts = corpus.questions
    vectors = corpus.vectors([form.text for form in texts])
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    _, places = index.search(corpus.vectors(questions), min(NEAREST, len(texts)))
    return [entries_in_order([texts[place] for place in own]) for own in places]
