"""Where a conversation stands, as the acts, the choices and the bot see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.protocol import Act, Failures, Offered

LanguageName = Literal["zh", "en"]
StateName = Literal["bot", "queued", "human", "closed"]
"""Who answers in a session."""


@dataclass(frozen=True)
class Option:
    """Something to choose: its words, what comes back when it is chosen, and what it leads to."""

    title: str
    payload: str
    item_id: str | None = None
    facet: str | None = None

    def to_json(self) -> dict[str, str]:
        """As it is stored and sent: what it does not lead to is left out."""
        told = {"title": self.title, "payload": self.payload, "item_id": self.item_id, "facet": self.facet}
        return {name: value for name, value in told.items() if value is not None}

    @classmethod
    def from_json(cls, told: Mapping[str, str]) -> Option:
        """The option that `to_json` told."""
        return cls(told["title"], told["payload"], told.get("item_id"), told.get("facet"))


@dataclass(frozen=True)
class Conversation:
    """A session between two turns.

    `failures` counts the turns in a row without an answer, or with one that did not help. `candidates` are the entries
    that the last search found plausible, best first; `shown` those that the visitor has been given, newest last.
    `last_text` and `last_options` are what the visitor was sent last.
    """

    session_id: str
    language: LanguageName
    state: StateName
    item_id: str | None = None
    facet: str | None = None
    failures: int = 0
    offered: Offered = Offered.NOTHING
    last_act: str | None = None
    candidates: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    last_text: str | None = None
    last_options: tuple[Option, ...] = ()

    @property
    def failing(self) -> Failures:
        """The failures as the bot counts them."""
        return (Failures.NONE, Failures.ONE, Failures.MANY)[min(self.failures, 2)]

    @property
    def begun(self) -> bool:
        """Whether the visitor has been given anything yet that could have failed to help."""
        return self.last_act not in (None, Act.GREET.value)

    @property
    def waiting(self) -> bool:
        """Whether a person was called and has not come."""
        return self.state == "queued" or self.last_act == Act.HAND_OVER.value
