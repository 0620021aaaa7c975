"""Tells the helpers' pages what happens: stored events once and in order, and what is only worth telling now."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from api.storage.database import Database

log = structlog.get_logger(__name__)

MOST_WAITING = 500
"""Frames that a page may be behind; a slower one is cut off and comes back with `after`."""
AT_ONCE = 200


@dataclass(frozen=True)
class Frame:
    """Something to tell. `sequence` is None for what is not stored; `only_for` is the one helper whom it concerns."""

    told: dict[str, Any]
    sequence: int | None = None
    only_for: str | None = None


class Tell(Protocol):
    """Renders stored events."""

    async def __call__(self, after: int, limit: int) -> list[Frame]:
        """The next events past a sequence, in order, each with its sequence."""


class Follower:
    """One page's frames, in order."""

    def __init__(self, username: str) -> None:
        self.username = username
        self._frames: asyncio.Queue[Frame] = asyncio.Queue(MOST_WAITING)
        self.is_behind = False

    def put(self, frame: Frame) -> None:
        """Add a frame that concerns this helper; a page that is too far behind gets no more."""
        if frame.only_for in (None, self.username):
            try:
                self._frames.put_nowait(frame)
            except asyncio.QueueFull:
                self.is_behind = True

    async def next(self, wait_s: float) -> Frame | None:
        """The next frame; None where there was none for `wait_s` seconds."""
        try:
            return await asyncio.wait_for(self._frames.get(), wait_s)
        except TimeoutError:
            return None


class DeskFeed:
    """Who follows the desk. Each event is read back and rendered once for all, after it was committed."""

    def __init__(self) -> None:
        self.epoch = ""
        """Names the numbering of events and messages; another database has another."""
        self._followers: set[Follower] = set()
        self._news = asyncio.Event()
        self._ends = False

    @contextmanager
    def following(self, username: str) -> Iterator[Follower]:
        """Everything that is told from now on."""
        follower = Follower(username)
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    def wake(self) -> None:
        """Something was committed. Never waits."""
        self._news.set()

    def tell(self, told: dict[str, Any], only_for: str | None = None) -> None:
        """Tell what is not stored. Never waits."""
        for follower in self._followers:
            follower.put(Frame(told, only_for=only_for))

    @contextlib.asynccontextmanager
    async def running(self, database: Database, tell: Tell) -> AsyncIterator[None]:
        """Passes events on until the block ends; what is being read then is read to its end."""
        async with database.reading() as work:
            newest = await work.desk_events.newest()
        passing = asyncio.create_task(self._pass_on(tell, newest))
        try:
            yield
        finally:
            self._ends = True
            self._news.set()
            await passing

    async def _pass_on(self, tell: Tell, newest: int) -> None:
        while True:
            await self._news.wait()
            if self._ends:
                return
            self._news.clear()
            try:
                while frames := await tell(newest, AT_ONCE):
                    for frame in frames:
                        for follower in self._followers:
                            follower.put(frame)
                        newest = frame.sequence or newest
            except Exception as error:
                # The pages read what they missed when they come back; the desk itself goes on.
                log.error("desk_feed_failed", exc_info=error)
                self._news.set()
                await asyncio.sleep(1)
