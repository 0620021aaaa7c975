"""Tells everyone who follows a session what happens in it, within this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from api.conversation import StateName

MOST_WAITING = 200
"""Events that a follower may be behind; a slower one is cut off and comes back with `after`."""


@dataclass(frozen=True)
class MessageSent:
    """A message was stored; `frame` is the message as it is sent."""

    number: int
    frame: dict[str, Any]


@dataclass(frozen=True)
class TypingStarted:
    """An answer is being worked out; by a helper, if `by_helper`."""

    by_helper: bool = False


@dataclass(frozen=True)
class QueueMoved:
    """The visitor's place in the queue, and how long it will take if that is known."""

    position: int
    expected_wait_s: int | None


@dataclass(frozen=True)
class NoticeChanged:
    """What every visitor must know now, as {"zh", "en"}; None where there is nothing."""

    notice: dict[str, str] | None


@dataclass(frozen=True)
class StateChanged:
    """Who answers now: the bot, a queue, a person; or nobody any more."""

    state: StateName


@dataclass(frozen=True)
class SessionErased:
    """Nothing more will ever come."""


Event = MessageSent | TypingStarted | QueueMoved | NoticeChanged | StateChanged | SessionErased


class Subscription:
    """One follower's events, in order."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event] = asyncio.Queue(MOST_WAITING)
        self.is_behind = False

    def put(self, event: Event) -> None:
        """Add an event; a follower that is too far behind gets no more."""
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            self.is_behind = True

    async def next(self, wait_s: float) -> Event | None:
        """The next event; None where there was none for `wait_s` seconds."""
        try:
            return await asyncio.wait_for(self._events.get(), wait_s)
        except TimeoutError:
            return None


class Events:
    """Who follows which session."""

    def __init__(self, on_presence: Callable[[str, bool], None] = lambda session_id, here: None) -> None:
        """`on_presence` hears when a session gets its first follower, and loses its last."""
        self._followers: dict[str, set[Subscription]] = {}
        self._on_presence = on_presence

    def is_followed(self, session_id: str) -> bool:
        """Whether the visitor has the conversation open."""
        return session_id in self._followers

    @contextmanager
    def following(self, session_id: str) -> Iterator[Subscription]:
        """Everything that is published about the session from now on."""
        subscription = Subscription()
        if session_id not in self._followers:
            self._on_presence(session_id, True)
        self._followers.setdefault(session_id, set()).add(subscription)
        try:
            yield subscription
        finally:
            followers = self._followers[session_id]
            followers.discard(subscription)
            if not followers:
                del self._followers[session_id]
                self._on_presence(session_id, False)

    def publish(self, session_id: str, *events: Event) -> None:
        """Tell the session's followers. Never waits."""
        for follower in self._followers.get(session_id, ()):
            for event in events:
                follower.put(event)

    def publish_to_all(self, event: Event) -> None:
        """Tell every visitor who has a conversation open. Never waits."""
        for session_id in list(self._followers):
            self.publish(session_id, event)
