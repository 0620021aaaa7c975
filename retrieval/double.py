"""Two questions in one message: "which papers, and how long does it take?" asks for two facets in turn.

The facet head reads the whole message and divides its probability between the two, so that neither is sure. Read clause
by clause, each is plain.
"""

from __future__ import annotations

import re

import numpy as np

from knowledge.schema import Facet
from retrieval.heads import NgramHead

_SETTING = frozenset({Facet.OVERVIEW, Facet.APPLICABILITY, Facet.DIFFERENCES})
"""What a clause that only tells the case seems to ask."""
_BETWEEN = re.compile(r"[，,；;？?。.！!、\n]+|\b(?:and|also|plus)\b|还有|以及|另外|顺便")
PLAIN = 0.5
"""From which probability on a clause asks a facet."""
TOGETHER, EACH = 0.6, 0.1
"""The least that both facets, and either of them, must have of the whole message's probability."""
FIRST_SHARE = 0.65
"""What the facet that is asked first gets of what both have: it is answered, the other is offered beside it."""


def in_turn(text: str, facets: np.ndarray, ngrams: NgramHead) -> np.ndarray | None:
    """Log probabilities of the facets, shape (15, 2), of a normalised text that asks for two in favour of the first.

    None where it does not; clauses are read only where the whole leaves two facets open.
    """
    shares = _shares(facets)
    left_open = [facet for facet, share in zip(Facet, shares, strict=True) if share >= EACH and facet not in _SETTING]
    pair = asked_in_turn(text, ngrams) if len(left_open) > 1 else None
    return favour_first(facets, pair) if pair is not None else None


def asked_in_turn(text: str, ngrams: NgramHead) -> tuple[Facet, Facet] | None:
    """The two facets that a normalised text asks for in clauses of their own, in their order; None where not two."""
    clauses = [clause for clause in (part.strip() for part in _BETWEEN.split(text)) if len(clause) > 1]
    if len(clauses) < 2:
        return None
    found = ngrams.log_probabilities(clauses)
    plain = [Facet(ngrams.linear.classes[int(row.argmax())]) for row in found if row.max() >= np.log(PLAIN)]
    asked = tuple(dict.fromkeys(facet for facet in plain if facet not in _SETTING))
    return (asked[0], asked[1]) if len(asked) == 2 else None


def favour_first(facets: np.ndarray, pair: tuple[Facet, Facet]) -> np.ndarray | None:
    """Log probabilities of the facets, shape (15, 2), with what both of the pair have divided anew between them; None
    where the message as a whole does not ask for them."""
    told, order = np.exp(facets), list(Facet)
    first, second = order.index(pair[0]), order.index(pair[1])
    shares = _shares(facets)
    if shares[first] + shares[second] < TOGETHER or min(shares[first], shares[second]) < EACH:
        return None
    mass = told[first] + told[second]
    told[first], told[second] = FIRST_SHARE * mass, (1 - FIRST_SHARE) * mass
    return np.log(np.maximum(told, 1e-9))


def _shares(facets: np.ndarray) -> np.ndarray:
    mean: np.ndarray = np.exp(facets).mean(axis=1)
    return mean / mean.sum()
