"""Tells everyone who follows a session what happens in it, within this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
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
    """An answer is being worked out."""


@dataclass(frozen=True)
class StateChanged:
    """Who answers now: the bot, a queue, a person; or nobody any more."""

    state: StateName


@dataclass(frozen=True)
class SessionErased:
    """Nothing more will ever come."""


Event = MessageSent | TypingStarted | StateChanged | SessionErased


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

    def __init__(self) -> None:
        self._followers: dict[str, set[Subscription]] = {}

    @contextmanager
    def following(self, session_id: str) -> Iterator[Subscription]:
        """Everything that is published about the session from now on."""
        subscription = Subscription()
        self._followers.setdefault(session_id, set()).add(subscription)
        try:
            yield subscription
        finally:
            followers = self._followers[session_id]
            followers.discard(subscription)
            if not followers:
                del self._followers[session_id]

    def publish(self, session_id: str, *events: Event) -> None:
        """Tell the session's followers. Never waits."""
        for follower in self._followers.get(session_id, ()):
            for event in events:
                follower.put(event)
