"""Reading a message as part of a conversation: what it leaves out is taken from what was said before.

"And for a shop sign?" asks of another item what was just asked of this one; "how long?" asks another facet of this one;
"no, the temporary one" puts a neighbour in this one's place. The factors below multiply odds. They were set on the
`tune` part of the dialogues (docs/evaluation.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from knowledge.schema import Facet
from retrieval.signals import Layout

STAYS = 3.0
"""For the item that the conversation is about."""
BESIDE = 2.0
"""For the items that it is compared with, which people confuse it with and move on to."""
CORRECTED = 4.0
"""Against the item of the conversation, and for its neighbours, where the message corrects what was understood."""
OUR_BUSINESS = 10.0
"""Against "none of ours": whoever has got an answer here goes on about it."""
SURE_ENOUGH = 0.5
"""The share of the facet's threshold that is enough to answer: a wrong guess costs a word, as the item is settled."""
CARRIED = {Facet.OVERVIEW: 0.9, Facet.APPLICABILITY: 0.4}
"""Which share of a facet's probability goes to the one asked before: a name alone, or a case put, asks no other."""
CARRIED_ON = {Facet.OVERVIEW: 0.9, Facet.APPLICABILITY: 0.7, Facet.DIFFERENCES: 0.7}
"""The same where the message corrects what was understood: "not the lorry, the site's" compares nothing."""

ASKED_STILL = 2.5
"""For the facet that was asked last, where the words of the message hardly ask at all."""
ASKS_HARDLY = 0.5
"""Up to which share of words that ask a message counts as one that hardly asks."""

_CORRECTS = re.compile(
    r"^(?:不是|不对|不,|错了|搞错|弄错|说错|我(?:是)?(?:说|指|讲|问)的(?:是|不是)|我是说|应该是)"
    r"|^(?:no\b|nope|not (?:the|that|a|an)\b|sorry,? (?:i|it|not)|i (?:mean|meant|don'?t mean|didn'?t mean)|wrong\b)"
)


@dataclass(frozen=True)
class Context:
    """What a conversation is about: the position of its item in the layout, and the facet that was asked last."""

    item: int
    facet: Facet | None


def items_in(
    context: Context, text: str, items: np.ndarray, silent: float, none: float, layout: Layout
) -> tuple[np.ndarray, float]:
    """Probabilities of the items, shape (items,), and of "none of ours", given the conversation.

    What names no item (`silent`) is about the conversation's.
    """
    items = items.copy()
    beside = layout.compared[context.item]
    if _CORRECTS.search(text):
        items[beside] *= CORRECTED * BESIDE
        items[context.item] = items[context.item] / CORRECTED + silent
    else:
        items[beside] *= BESIDE
        items[context.item] = STAYS * (items[context.item] + silent)
    none = none / OUR_BUSINESS
    whole = items.sum() + none
    return items / whole, none / whole


def facets_in(context: Context, text: str, facets: np.ndarray, asking: float) -> np.ndarray:
    """Log probabilities of the facets, shape (15, 2), given the conversation; `asking` is retrieval.signals'."""
    if context.facet is None:
        return facets
    told, order = np.exp(facets), list(Facet)
    for facet, share in (CARRIED_ON if _CORRECTS.search(text) else CARRIED).items():
        moved = share * told[order.index(facet)]
        told[order.index(facet)] -= moved
        told[order.index(context.facet)] += moved
    if asking < ASKS_HARDLY:
        told[order.index(context.facet)] *= ASKED_STILL
    return np.log(np.maximum(told / told.sum(axis=0), 1e-9))
