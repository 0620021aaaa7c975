"""The database: how it is opened, brought to the newest schema, and used one unit of work at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from api.storage.accounts import Accounts
from api.storage.audit import AuditLog
from api.storage.desk import Desk
from api.storage.desk_events import DeskEvents
from api.storage.feedback import Feedback
from api.storage.follow_ups import FollowUps
from api.storage.hotline import Hotline
from api.storage.messages import Messages
from api.storage.presences import Presences
from api.storage.sessions import Sessions
from api.storage.statistics import Statistics
from api.storage.tickets import Tickets
from api.storage.traffic import Traffic

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 5_000
CLOSING_S = 10.0
"""How long the end waits for units of work that have begun."""


class Work:
    """One unit of work: everything in it becomes true together at `commit`, or nothing does."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self.sessions = Sessions(session)
        self.messages = Messages(session)
        self.tickets = Tickets(session)
        self.feedback = Feedback(session)
        self.follow_ups = FollowUps(session)
        self.statistics = Statistics(session)
        self.traffic = Traffic(session)
        self.accounts = Accounts(session)
        self.audit = AuditLog(session)
        self.desk = Desk(session)
        self.desk_events = DeskEvents(session)
        self.presences = Presences(session)
        self.hotline = Hotline(session)

    async def commit(self) -> None:
        """Make it true."""
        await self._session.commit()


class Database:
    """Hands out units of work; rolled back unless committed."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        # SQLite has one writer: taking the write lock at BEGIN makes writers wait for each other (busy_timeout), where
        # a reader that turns writer half-way would fail at once instead. Within this process they queue up here,
        # because SQLite's own way of waiting is to sleep and look again.
        self._writing = self._engine.execution_options(writes=True)
        self._one_writer: AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if self._engine.dialect.name == "sqlite" else nullcontext()
        )
        self._begun = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def migrate(self) -> None:
        """Bring the schema to the newest version; an empty database gets all of it."""
        async with self._writing.begin() as connection:
            await connection.run_sync(_upgrade)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Work]:
        """A unit of work that only looks."""
        with self._counted():
            async with AsyncSession(self._engine) as session:
                yield Work(session)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Work]:
        """A unit of work that changes something."""
        with self._counted():
            async with self._one_writer, AsyncSession(self._writing, expire_on_commit=False) as session:
                yield Work(session)

    async def check_writable(self) -> None:
        """Raise SQLAlchemyError where nothing can be written; changes nothing."""
        async with self._one_writer, self._writing.connect() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
            await connection.rollback()

    async def close(self) -> None:
        """Give the connections back, after what has begun has ended.

        A unit of work that nobody waits for any more (a page that left) is let end here, so that what it was about to
        store is stored.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), CLOSING_S)
        await self._engine.dispose()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._begun += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._begun -= 1
            if not self._begun:
                self._idle.set()


def _engine(url: str) -> AsyncEngine:
    parsed = make_url(url)
    hidden = {"hide_parameters": True}  # An error's text goes to the log; the values are what visitors said.
    if parsed.get_backend_name() != "sqlite":
        return create_async_engine(parsed, pool_pre_ping=True, **hidden)
    pool: dict[str, Any] = {}
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        pool = {"pool_size": 8, "max_overflow": 8}
    engine = create_async_engine(parsed, **pool, **hidden)
    event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    event.listen(engine.sync_engine, "connect", _stop_once)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # The driver's own BEGIN comes too late; `_begin` sends it.
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _stop_once(connection: Any, _record: object) -> None:
    """Make a connection's second stop the first one.

    SQLAlchemy gives a connection whose query was cancelled back twice: it begins to close it and, where that is
    cancelled too, stops it. aiosqlite's thread ends with the first stop, so that whoever waits for the second would
    wait for ever, and with it the end of the event loop.
    """
    driver = connection.driver_connection
    driver.stop = cache(driver.stop)


def _begin(connection: Connection) -> None:
    # A look needs no transaction: each of its statements sees everything that was committed before it.
    if connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
