"""The real app over a real database and the real search; only the dialogue engine is a scripted double."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import postgres
import pytest
from at_desk import Helper, sign_in
from desk import ScriptedBot, Visitor, running, settings_in, start
from fastapi import FastAPI

from api import logs
from api.app import create_app
from api.settings import Settings
from api.storage.database import Database
from retrieval.encoder import open_encoder
from retrieval.retriever import Retriever


@pytest.fixture(scope="session")
def retriever() -> Retriever:
    """The real search over the live index of the data dir, which `make test` prepares."""
    data_dir = Settings().data_dir
    return Retriever(data_dir, open_encoder(data_dir))


@pytest.fixture
def bot() -> ScriptedBot:
    return ScriptedBot()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no row: making the tables takes longer than most of the tests."""
    settings = settings_in(tmp_path_factory.mktemp("empty"))

    async def make() -> None:
        database = Database(settings.database)
        await database.migrate()
        await database.close()

    asyncio.run(make())
    return settings.data_dir / "bangban.db"


@pytest.fixture
def make_app(
    tmp_path: Path, empty_database: Path, retriever: Retriever, bot: ScriptedBot, request: pytest.FixtureRequest
) -> Callable[..., FastAPI]:
    """An app over SQLite, or over a database of its own in PostgreSQL with BANGBAN_TEST_DATABASE=postgresql."""
    stored: dict[str, str] = {}
    if os.environ.get("BANGBAN_TEST_DATABASE") == "postgresql":
        stored["database_url"] = postgres.new_database(request.getfixturevalue("postgres_server"))
    else:
        shutil.copy(empty_database, tmp_path)
    return lambda **more: create_app(settings_in(tmp_path, **stored | more), retriever, bot)


@pytest.fixture
def app(make_app: Callable[..., FastAPI]) -> FastAPI:
    return make_app()


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with running(app) as client:
        yield client


@pytest.fixture
async def visitor(http: httpx.AsyncClient) -> Visitor:
    return await start(http)


@pytest.fixture
async def li(http: httpx.AsyncClient) -> Helper:
    """A helper who is at the desk."""
    return await (await sign_in(http, "li")).come()


@pytest.fixture(scope="session", autouse=True)
def _quiet_logs() -> Iterator[None]:
    logs.configure("ERROR")
    yield
