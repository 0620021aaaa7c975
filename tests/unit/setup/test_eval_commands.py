"""`bangban eval traffic` and `report`: what they print, and what they say where there is nothing to read."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.settings import Settings
from api.storage.database import Database
from evaluation.rates import Rate


@pytest.fixture
def bangban(monkeypatch, tmp_path):
    monkeypatch.setenv("BANGBAN_DATA_DIR", str(tmp_path / "var"))
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.fixture
def empty_database(bangban):
    async def make():
        database = Database(Settings().database)
        await database.migrate()
        await database.close()

    asyncio.run(make())


def test_a_database_without_visitors_gives_no_share_and_says_so(bangban, empty_database):
    done = bangban("eval", "traffic", "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout, parse_constant=pytest.fail)
    assert told["languages"]["all"]["at_most"] == {
        "value": None, "low": None, "high": None, "numerator": 0, "denominator": 0,
    }  # fmt: skip
    assert "– (0/0)" in bangban("eval", "traffic", "--since", "2026-11-01").stdout


def test_traffic_before_the_first_start_is_refused_in_a_sentence(bangban):
    done = bangban("eval", "traffic")
    assert done.exit_code == 1 and "`bangban serve` makes it" in done.stderr


@pytest.mark.parametrize("since", ["soon", "7", "d", "99999999999d", "2026-13-01"])
def test_a_time_that_is_none_is_refused_with_examples(bangban, since):
    done = bangban("eval", "traffic", "--since", since)
    assert done.exit_code == 1 and "write 7d, 24h, or a date" in done.stderr


def test_a_report_without_outcomes_is_refused_with_the_file_that_is_missing(bangban, tmp_path):
    done = bangban("eval", "report", str(tmp_path / "outcomes.json"))
    assert done.exit_code == 1 and str(tmp_path / "outcomes.json") in done.stderr


def test_a_rate_says_what_it_was_counted_from():
    assert str(Rate(0.5, 0.2, 0.8, 5, 10)) == "50.0 % (5/10; 20–80)"
