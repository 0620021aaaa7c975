"""The whole real service, and a real PostgreSQL, each started once for the tests that need it."""

from collections.abc import Iterator
from pathlib import Path

import postgres
import pytest
from hypothesis import settings
from service import Stack, share_prepared, start, stop

settings.register_profile("untimed", deadline=None)  # How long an example takes is for the benchmarks.
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The real service with the real bot and the real search, over a database of its own."""
    data_dir = tmp_path_factory.mktemp("service")
    share_prepared(data_dir)
    running = start(data_dir)
    yield running
    stop(running)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """A real PostgreSQL for as long as the tests run."""
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgres.server() as folder:
        yield folder
