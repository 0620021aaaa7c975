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
"""Against the item of the conversation, and for its neighbours, where the message corrects what was understood; the
less so, the plainer it names that item all the same ("I don't mean a shop, just the layout of the green")."""
OUR_BUSINESS = 10.0
"""Against "none of ours": whoever has got an answer here goes on about it."""
SURE_ENOUGH, LIKELY_ENOUGH = 0.35, 0.7
"""Which shares of the facet's and of the item's threshold are enough to answer: a wrong guess costs a word. The second
where the conversation is about one item."""
CARRIED = {Facet.OVERVIEW: 0.9, Facet.APPLICABILITY: 0.4}
"""Which share of a facet's probability goes to the one asked before: a name alone, or a case put, asks no other."""
CARRIED_ON = {Facet.OVERVIEW: 0.9, Facet.APPLICABILITY: 0.7, Facet.DIFFERENCES: 0.7, Facet.MISTAKES: 0.7}
"""The same where the message corrects what was understood or puts another case in its place: "not the lorry, the
site's" compares nothing, and "no, wrong" asks for no mistakes."""

ASKED_STILL = 2.5
"""For the facet that was asked last, where the words of the message hardly ask at all or put another case."""
ASKS_HARDLY = 0.5
"""Up to which share of words that ask a message counts as one that hardly asks."""

_CORRECTS = re.compile(
    r"^(?:不是|不对|不,|错了|搞错|弄错|说错|我(?:是)?(?:说|指|讲|问)的(?:是|不是)|我是说|应该是)"
    r"|^(?:no\b|nope|not (?:the|that|a|an)\b|sorry,? (?:i|it|not)|i (?:mean|meant|don'?t mean|didn'?t mean)|wrong\b)"
)
_NOT_THAT = re.compile(r"不是(?:这|那)[个张种块]|^not (?:that|this) one\b|^(?:the )?wrong (?:one|permit|thing)\b")
"""What names nothing is then about anything but the item of the conversation."""
_OTHER_CASE = re.compile(
    r"^(?:那|那么|还有|再说)?(?:要是|如果|假如|换成|改成|万一)?.{1,10}呢[？?。]*$"
    r"|^(?:那|那么)?(?:要是|如果|假如|换成|万一).{1,16}[？?。]*$"
    r"|^(?:ok(?:ay)?,? |so,? )?(?:and |or |but )?"
    r"(?:what about|how about|what if|suppose|if it'?s|if i|if we|for (?:a|an|the))\b.{1,40}$"
    r"|^(?:ok(?:ay)?,? )?(?:and|or) (?:a|an|the|my|our|for|with|on|in|by)\b.{1,30}$"
)
"""Puts another case in the place of the last: the question is still the one before."""


@dataclass(frozen=True)
class Context:
    """What a conversation is about: the position of its item in the layout, or of those that the visitor was just
    asked to choose among, likeliest first; and the facet that was asked last."""

    items: tuple[int, ...]
    facet: Facet | None

    @property
    def shares(self) -> tuple[float, ...]:
        """How likely each of the items is what the conversation is about: each half as likely as the one before."""
        halves = [0.5**place for place in range(len(self.items))]
        return tuple(half / sum(halves) for half in halves)


def items_in(
    context: Context, text: str, items: np.ndarray, silent: float, none: float, layout: Layout
) -> tuple[np.ndarray, float]:
    """Probabilities of the items, shape (items,), and of "none of ours", given the conversation.

    What names no item (`silent`) is about the conversation's; where that is not settled, about each by its share.
    """
    items = items.copy()
    about, shares = list(context.items), np.array(context.shares)
    beside = layout.compared[about[0]] if len(about) == 1 else np.zeros(0, dtype=np.int64)
    if _CORRECTS.search(text) and len(beside):
        corrected = CORRECTED ** (1.0 - items[about].sum())
        items[beside] *= corrected * BESIDE
        items[about] /= corrected
        if _NOT_THAT.search(text):
            items[beside] += silent * items[beside] / max(items[beside].sum(), 1e-9)
        else:
            items[about] += silent
    else:
        items[beside] *= BESIDE
        items[about] = STAYS * (items[about] + silent * shares)
    none = none / OUR_BUSINESS
    whole = items.sum() + none
    return items / whole, none / whole


def facets_in(context: Context, text: str, facets: np.ndarray, asking: float) -> np.ndarray:
    """Log probabilities of the facets, shape (15, 2), given the conversation; `asking` is retrieval.signals'."""
    told, order = np.exp(facets), list(Facet)
    applicability = order.index(Facet.APPLICABILITY)
    # Who was told the differences, and says which it is, wants to know of that one.
    before = Facet.APPLICABILITY if context.facet is Facet.DIFFERENCES else context.facet
    if asking < ASKS_HARDLY and not text.endswith("?"):
        told[applicability] *= ASKED_STILL
    if before is not None:
        other_case = _CORRECTS.search(text) or _OTHER_CASE.search(text)
        for facet, share in (CARRIED_ON if other_case else CARRIED).items():
            moved = share * told[order.index(facet)]
            told[order.index(facet)] -= moved
            told[order.index(before)] += moved
        if asking < ASKS_HARDLY or other_case:
            told[order.index(before)] *= ASKED_STILL
    return np.log(np.maximum(told / told.sum(axis=0), 1e-9))
