"""Haystack as its own guide puts a hybrid search together: BM25 and vectors, joined by reciprocal rank fusion.

Cormack, Clarke, Büttcher, SIGIR 2009, doi:10.1145/1571941.1572114. Haystack's BM25 takes each Chinese character for a
word; the vectors are those of the dense baseline.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from evaluation.baselines.corpus import Corpus, entries_in_order
from retrieval.signals import NEAREST


def hybrid(corpus: Corpus, questions: Sequence[str]) -> list[list[str]]:
    """Entries by their best text's sum of 1 / (60 + rank) over both searches."""
    os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")
    # Imported late: it takes a second, and pytest collects this module where the baseline is not asked for.
    from haystack import Document, Pipeline
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    store = InMemoryDocumentStore(shared=False, return_embedding=False)
    vectors = iter(corpus.vectors([form.text for form in corpus.questions]))
    store.write_documents(
        [
            # A row of the array and not a list of floats: the store makes one array of all rows at every search.
            Document(id=str(place), content=form.text, embedding=None if form.is_answer else next(vectors))  # type: ignore[arg-type]
            for place, form in enumerate(corpus.texts)
        ]
    )
    pipeline = Pipeline()
    pipeline.add_component("words", InMemoryBM25Retriever(store, top_k=NEAREST))
    pipeline.add_component("vectors", InMemoryEmbeddingRetriever(store, top_k=NEAREST))
    pipeline.add_component("join", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
    pipeline.connect("words.documents", "join.documents")
    pipeline.connect("vectors.documents", "join.documents")
    ranked = []
    for question, vector in zip(questions, corpus.vectors(questions), strict=True):
        found = pipeline.run({"words": {"query": question}, "vectors": {"query_embedding": vector.tolist()}})
        ranked.append(entries_in_order([corpus.texts[int(one.id)] for one in found["join"]["documents"]]))
    return ranked
