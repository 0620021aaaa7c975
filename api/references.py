"""What a message refers back to: an item that was talked about before, or the other half of a double question."""

from __future__ import annotations

import re

from api.conversation import Conversation
from bot.protocol import Act
from knowledge.base import Entry, KnowledgeBase

_BACK = re.compile(
    r"(?:回到|说回|再说回|刚才|刚刚|前面|之前|先前|最早|一开始|上面)(?:的|那|说|问|讲|个|件|张|条)"
    r"|\b(?:back to|earlier|previous|before that|former|first (?:question|one|permit|thing)|the one before)\b"
)
_FIRST = re.compile(r"最早|一开始|第一个(?:问题|证|事)|\bfirst\b")
_OTHER_HALF = re.compile(
    r"^(?:那|再说|还有|然后)?(?:第二|后一|后面那|另一|另外一)个?(?:问题|问|部分|半句|件事)"
    r"|\b(?:second|other|latter) (?:part|half|question|bit)\b"
)
MOST_CHARACTERS = 60
"""A longer message says itself what it is about."""


def item_meant(text: str, conversation: Conversation, base: KnowledgeBase) -> str | None:
    """The item that a message which names none is about: the conversation's, or the one that it goes back to."""
    said = text.lower()
    if len(said) > MOST_CHARACTERS or not _BACK.search(said):
        return conversation.item_id
    before = [
        base.entries[entry_id].item_id
        for entry_id in conversation.shown
        if entry_id in base.entries and base.entries[entry_id].item_id != conversation.item_id
    ]
    if not before:
        return conversation.item_id
    return before[0] if _FIRST.search(said) else before[-1]


def other_half(text: str, conversation: Conversation, base: KnowledgeBase) -> Entry | None:
    """The second entry that a double question asked for, where the message asks for "the second part"."""
    if conversation.last_act != Act.ANSWER.value or len(text) > MOST_CHARACTERS or not _OTHER_HALF.search(text.lower()):
        return None
    left = (base.entries.get(entry_id) for entry_id in conversation.candidates if entry_id not in conversation.shown)
    return next((entry for entry in left if entry is not None and entry.item_id == conversation.item_id), None)
