"""What a message refers back to: an item that was talked about before, those that the visitor was just asked to choose
among, or the other half of a double question."""

from __future__ import annotations

import re

from api.choices import Kind
from api.conversation import Conversation
from bot.protocol import Act
from knowledge.base import KnowledgeBase

_BACK = re.compile(
    r"(?:回到|说回|再说回|刚才|刚刚|前面|之前|先前|最早|一开始|上面)(?:的|那|说|问|讲|个|件|张|条)|回到.{1,8}(?:那个|那件|那张|的事)"
    r"|\b(?:back to|earlier|previous|before that|former|first (?:question|one|permit|thing)|the one before)\b"
)
_FIRST = re.compile(r"最早|一开始|第一个(?:问题|证|事)|\bfirst\b")
_SECOND_HALF = re.compile(
    r"^(?:那|再说|还有|然后)?(?:第二|后一|后面那|另一|另外一)个?(?:问题|问|部分|半句|件事)"
    r"|\b(?:second|other|latter) (?:part|half|question|bit)\b"
)
_FIRST_HALF = re.compile(
    r"^(?:那|就)?先?(?:说|讲|答|回答)?(?:第一|前一|前面那)个(?:问题|问|部分)?[吧呢。]*$|\bfirst (?:part|half|bit)\b"
)
_HALVES = re.compile(
    r"\s*[，,。;；.!！?？]+\s*(?:(?:and|also|plus|then|另外|还有|以及|再)\b[ ，,]*)?|\s+and\s+|另外|还有|以及"
)
_AGREES_FIRST = re.compile(
    r"^(?:yes|yep|yeah|yup|right|ok|okay|sure|对的?|是的?|嗯+|好的?|行)[,，.。!！\s]+(?:so\b[,\s]*)?(?=\S)"
)
_AGREES_LAST = re.compile(r"[,，.。!！\s]+(?:yes|yep|yeah|right|please|对的?|是的?|嗯+)[.。!！~\s]*$")
_CLAUSE = re.compile(r"[，,。;；]|\s[-–—]\s|——")
MOST_CHARACTERS = 60
"""A longer message says itself what it is about."""


def items_meant(text: str, conversation: Conversation, base: KnowledgeBase) -> tuple[str, ...]:
    """The items that a message which names none may be about, likeliest first.

    The one that it goes back to, else those among which we just asked to choose, else the conversation's.
    """
    current = (conversation.item_id,) if conversation.item_id else ()
    if _goes_back(text):
        before = [
            base.entries[entry_id].item_id
            for entry_id in conversation.shown
            if entry_id in base.entries and base.entries[entry_id].item_id != conversation.item_id
        ]
        if before:
            return (before[0] if _FIRST.search(text.lower()) else before[-1],)
        return current
    offered = _offered(conversation)
    return current if current == offered[:1] else offered or current


def _offered(conversation: Conversation) -> tuple[str, ...]:
    """The items of the options that our last question, or our "that is not ours, unless you mean", offered."""
    options = conversation.last_options
    if conversation.last_act == Act.OUT_OF_SCOPE.value:
        options = tuple(option for option in options if option.payload.startswith(Kind.ENTRY.value))
    elif conversation.last_act != Act.CLARIFY.value:
        options = ()
    return tuple(dict.fromkeys(option.item_id for option in options if option.item_id))


def what_is_asked(text: str) -> str:
    """The message without what only agrees ("the shop kind, yes"), and without a clause that only says what it goes
    back to: "the earlier one - does it expire?"."""
    text = _beside_agreement(text)
    if not _goes_back(text):
        return text
    clause, *rest = _CLAUSE.split(text, maxsplit=1)
    asked = rest[0].strip() if rest and _BACK.search(clause.lower()) else ""
    return asked if len(asked) > 1 else text


def _beside_agreement(text: str) -> str:
    """The text without a yes at its beginning or end, where enough is left to mean something by itself."""
    for agrees in (_AGREES_FIRST, _AGREES_LAST):
        found = agrees.search(text.lower())
        rest = (text[: found.start()] + text[found.end() :]).strip() if found else ""
        if len(rest.split()) >= 3 or (not rest.isascii() and len(rest) >= 4):
            text = rest
    return text


def _goes_back(text: str) -> bool:
    return len(text) <= MOST_CHARACTERS and _BACK.search(text.lower()) is not None


def asks_for_half(text: str) -> bool:
    """Whether a message only says which part of the question before it is about: "and the second part?"."""
    return len(text) <= MOST_CHARACTERS and any(half.search(text.lower()) for half in (_FIRST_HALF, _SECOND_HALF))


def half_asked(text: str, before: str) -> str:
    """The part of a double question (`before`) that the message asks for; the message where that has no two parts."""
    halves = [half for half in _HALVES.split(before) if len(half) > 1]
    if len(halves) < 2:
        return text
    return halves[-1] if _SECOND_HALF.search(text.lower()) else halves[0]
