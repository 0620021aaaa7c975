"""Real databases for the rules that a database keeps: SQLite and, where it is installed, PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import postgres
import pytest

from api.storage.database import Database


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database with the newest schema, of either kind."""
    is_sqlite = request.param == "sqlite"
    url = (
        f"sqlite+aiosqlite:///{tmp_path / 'bangban.db'}"
        if is_sqlite
        else postgres.new_database(request.getfixturevalue("postgres_server"))
    )
    held = Database(url)
    await held.migrate()
    yield held
    await held.close()
