"""What api and bot say to each other: evidence goes in as message metadata, an act comes back.

Beside conversations.py, which erases, the only module that both sides import. Standard library only; runs on Python
3.10 (inside Rasa) and later.

api posts {"sender", "message", "metadata": {METADATA_KEY: Evidence.to_metadata()}} to Rasa's REST channel. The bot's
components turn the evidence into an intent, entities and features; its policies choose one act; the act comes back as
the `custom` payload {"act": …, "item": …, "facet": …, "entry": …} of exactly one response.
"""

from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import Any, Dict, Mapping, Optional
from unicodedata import category

METADATA_KEY = "evidence"


class Decision(str, Enum):
    """What the search alone would do with the message."""

    ANSWER = "answer"  # one entry is sure enough to be given
    CLARIFY = "clarify"  # a few entries or items are plausible: let the visitor choose
    ASK_ITEM = "ask_item"  # what is asked is clear, about which permit is not
    ABSTAIN = "abstain"  # nothing in the base answers it
    OUTSIDE = "outside"  # plainly none of this desk's business


class Topic(str, Enum):
    """How the message stands to the item that the conversation is about."""

    NEW = "new"  # it names or describes another item, or the first one
    SAME = "same"  # it follows up on the current item
    NONE = "none"  # no item is in sight


class Chosen(str, Enum):
    """Whether the message picks one of the options that were just offered."""

    NO = "no"
    BUTTON = "button"  # the option's payload came back
    WORDS = "words"  # a number, an ordinal or the option's words


class Offered(str, Enum):
    """What the last message of the bot asked for, so that a bare yes or no has a meaning."""

    NOTHING = "nothing"
    OPTIONS = "options"  # which of these do you mean?
    HUMAN = "human"  # shall a person take over?


class Failures(str, Enum):
    """How many turns in a row the visitor has gone without an answer, or has said that it did not help."""

    NONE = "none"
    ONE = "one"
    MANY = "many"


class Act(str, Enum):
    """What the bot decided to do; api carries it out and finds the words."""

    ANSWER = "answer"  # give the entry
    CLARIFY = "clarify"  # offer the most plausible entries as options
    ASK_ITEM = "ask_item"  # ask which permit is meant
    REPHRASE = "rephrase"  # not understood: say what is covered, ask to put it differently
    TRY_NEXT = "try_next"  # the answer did not help: offer what else it could be, or a person
    OFFER_HUMAN = "offer_human"  # say that it cannot be solved here, offer a person
    HAND_OVER = "hand_over"  # call a person now
    OUT_OF_SCOPE = "out_of_scope"  # not this desk's business: say whose
    NAMED_CASE = "named_case"  # one application's progress: official query channel or a person
    GREET = "greet"
    WELCOME = "welcome"  # answer to thanks
    GOODBYE = "goodbye"
    INTRODUCE = "introduce"  # who are you, what can you do
    ACKNOWLEDGE = "acknowledge"  # a bare yes, no or "ok" that asks for nothing
    SOOTHE = "soothe"  # anger that asks for nothing: say sorry, offer a person
    CHANGE_LANGUAGE = "change_language"  # say the last answer again in the language asked for


@dataclass(frozen=True)
class Evidence:
    """What api tells the bot about one message. Ids are None where nothing was found.

    `embedding` is the message's vector: base64 of little-endian float16, None where there is none. `begun`: whether the
    visitor has been given anything yet that could have failed to help; `waiting`: whether a person was called and has
    not come; `elsewhere`: whether the message names a place that is not this desk's.
    """

    decision: Decision
    topic: Topic = Topic.NONE
    chosen: Chosen = Chosen.NO
    offered: Offered = Offered.NOTHING
    failures: Failures = Failures.NONE
    begun: bool = True
    waiting: bool = False
    elsewhere: bool = False
    item: Optional[str] = None
    facet: Optional[str] = None
    entry: Optional[str] = None
    embedding: Optional[str] = None

    def to_metadata(self) -> Dict[str, Any]:
        """The evidence as JSON-ready values, under METADATA_KEY."""
        told = {name: value.value if isinstance(value, Enum) else value for name, value in asdict(self).items()}
        return {METADATA_KEY: told}

    @classmethod
    def from_metadata(cls, metadata: Optional[Mapping[str, Any]]) -> Optional["Evidence"]:
        """The evidence in a message's metadata; None where there is none. Raises ValueError for unknown values."""
        told = (metadata or {}).get(METADATA_KEY)
        if told is None:
            return None
        kinds = {"decision": Decision, "topic": Topic, "chosen": Chosen, "offered": Offered, "failures": Failures}
        known = {field.name for field in fields(cls)}
        return cls(**{name: kinds.get(name, lambda kept: kept)(value) for name, value in told.items() if name in known})


@dataclass(frozen=True)
class Choice:
    """The bot's answer to one message: an act and, for an answer, what to answer with."""

    act: Act
    item: Optional[str] = None
    facet: Optional[str] = None
    entry: Optional[str] = None

    @classmethod
    def from_custom(cls, payload: Mapping[str, Any]) -> "Choice":
        """The choice in a response's `custom` payload. Raises ValueError where it is not one.

        Rasa writes an empty slot into a response as the text "None".
        """
        try:
            act = Act(payload["act"])
        except (KeyError, ValueError) as error:
            raise ValueError(f"the bot sent no known act: {payload!r}") from error
        told = {name: payload.get(name) for name in ("item", "facet", "entry")}
        return cls(act, **{name: value if value not in ("", "None") else None for name, value in told.items()})


def plain_text(said: str) -> str:
    """What a visitor said, so that Rasa reads it as words: it takes a text that begins with "/" for a command.

    Blanks and invisible characters before the first visible one go, a leading slash becomes a full-width one, and
    halves of surrogate pairs, which no encoding can carry, become "?", and a text with nothing to see becomes "…". What
    comes out is never empty and never begins with "/", stripped or not.
    """
    whole = said.encode("utf-8", "replace").decode("utf-8")
    begin = next((position for position, sign in enumerate(whole) if category(sign)[0] not in "ZC"), len(whole))
    visible = whole[begin:] or "…"
    return "／" + visible[1:] if visible.startswith("/") else visible
