"""One conversation at a time: what arrives for a session is handled in the order in which it arrived."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Self


class Place:
    """A place in a session's queue, held from `SessionQueues.join` until `leave`."""

    def __init__(self, queues: SessionQueues, session_id: str) -> None:
        self._queues, self._session_id = queues, session_id
        self.is_next = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Wait until everything that arrived before has been handled."""
        await self.is_next.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Let the next one go ahead; leaving twice, or before one's turn, is fine."""
        self._queues.leave(self._session_id, self)


class SessionQueues:
    """The queues of the sessions that have something to do right now."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Place]] = {}

    def join(self, session_id: str) -> Place:
        """The last place in the session's queue. Never waits, so that the order of calls is the order of places."""
        place = Place(self, session_id)
        queue = self._waiting.setdefault(session_id, deque())
        queue.append(place)
        queue[0].is_next.set()
        return place

    def leave(self, session_id: str, place: Place) -> None:
        """Take the place out of its queue."""
        queue = self._waiting.get(session_id)
        if queue is None or place not in queue:
            return
        queue.remove(place)
        if queue:
            queue[0].is_next.set()
        else:
            del self._waiting[session_id]
