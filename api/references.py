"""What a message refers back to: an item that was talked about before, those that the visitor was just asked to choose
among, or the other half of a double question."""

from __future__ import annotations

import re

from api.choices import Kind
from api.conversation import Conversation
from bot.protocol import Act
from knowledge.base import Entry, KnowledgeBase

_BACK = re.compile(
    r"(?:回到|说回|再说回|刚才|刚刚|前面|之前|先前|最早|一开始|上面)(?:的|那|说|问|讲|个|件|张|条)|回到.{1,8}(?:那个|那件|那张|的事)"
    r"|\b(?:back to|earlier|previous|before that|former|first (?:question|one|permit|thing)|the one before)\b"
)
_FIRST = re.compile(r"最早|一开始|第一个(?:问题|证|事)|\bfirst\b")
_OTHER_HALF = re.compile(
    r"^(?:那|再说|还有|然后)?(?:第二|后一|后面那|另一|另外一)个?(?:问题|问|部分|半句|件事)"
    r"|\b(?:second|other|latter) (?:part|half|question|bit)\b"
)
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
    """The message without a clause that only says what it goes back to: "the earlier one - does it expire?"."""
    if not _goes_back(text):
        return text
    clause, *rest = _CLAUSE.split(text, maxsplit=1)
    asked = rest[0].strip() if rest and _BACK.search(clause.lower()) else ""
    return asked if len(asked) > 1 else text


def _goes_back(text: str) -> bool:
    return len(text) <= MOST_CHARACTERS and _BACK.search(text.lower()) is not None


def other_half(text: str, conversation: Conversation, base: KnowledgeBase) -> Entry | None:
    """The second entry that a double question asked for, where the message asks for "the second part"."""
    if conversation.last_act != Act.ANSWER.value or len(text) > MOST_CHARACTERS or not _OTHER_HALF.search(text.lower()):
        return None
    left = (base.entries.get(entry_id) for entry_id in conversation.candidates if entry_id not in conversation.shown)
    return next((entry for entry in left if entry is not None and entry.item_id == conversation.item_id), None)
