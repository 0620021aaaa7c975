"""What a migration does to data that is there already, on a real SQLite file."""

import datetime as dt

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from api.storage.database import MIGRATIONS

FRIDAY_NIGHT = "2026-11-27 18:30:00.000000"  # UTC: in Shanghai it is Saturday


@pytest.fixture
def at(tmp_path):
    """Brings one database to a revision and gives a connection to it."""
    engine = create_engine(f"sqlite:///{tmp_path / 'bangban.db'}")

    def move(step, revision):
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            step(config, revision)
        return engine

    yield move
    engine.dispose()


def insert(connection, table, **values):
    names = ", ".join(values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(values)})"), values)


def add_ticket(connection, name, state, sealed):
    insert(connection, "tickets", id=name, day="20261127", serial=ord(name), session_id=f"s{name}", state=state,
           language="zh", item_id="urban-tree-felling", opened_at=FRIDAY_NIGHT)  # fmt: skip
    insert(connection, "contacts", ticket_id=name, kind="phone", sealed=sealed, at=FRIDAY_NIGHT)


def test_call_backs_that_wait_already_are_followed_up_and_those_that_are_over_are_not(at):
    with at(command.upgrade, "0006").begin() as connection:
        add_ticket(connection, "a", "queued", "sealed")
        add_ticket(connection, "b", "resolved", "sealed")
        add_ticket(connection, "c", "queued", "")  # forgotten: nobody can be called
    with at(command.upgrade, "0007").begin() as connection:
        [row] = connection.execute(text("SELECT * FROM follow_ups")).mappings().all()
        assert (row["ticket_id"], row["session_id"], row["about"], row["state"]) == ("a", "sa", "callback", "open")
        assert row["due"] == str(dt.date(2026, 11, 29))
        indexes = "SELECT sql FROM sqlite_master WHERE tbl_name = 'follow_ups' AND sql LIKE 'CREATE UNIQUE%WHERE%'"
        assert len(connection.execute(text(indexes)).all()) == 2
    with at(command.downgrade, "0006").begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM follow_ups")).scalar() == 0


def test_who_waits_keeps_the_place_that_the_moment_gave_and_a_first_reply_its_seconds(at):
    later = FRIDAY_NIGHT.replace("18:30", "18:31")
    with at(command.upgrade, "0007").begin() as connection:
        for name, queued_at in (("a", later), ("b", FRIDAY_NIGHT)):
            insert(connection, "tickets", id=name, day="20261127", serial=ord(name), session_id=name, state="queued",
                   language="zh", opened_at=FRIDAY_NIGHT, queued_at=queued_at, first_reply_at=later)  # fmt: skip
        happened = [("a", "opened"), ("b", "opened"), ("b", "noted"), ("a", "resumed")]
        for (ticket, kind), moment in zip(happened, [FRIDAY_NIGHT] * 3 + [later], strict=True):
            insert(connection, "desk_events", at=moment, kind=kind, ticket_id=ticket, detail="{}")
    told = text("SELECT id, place, first_reply_s FROM tickets ORDER BY place")
    with at(command.upgrade, "0008").begin() as connection:
        assert connection.execute(told).all() == [("b", 2, 60.0), ("a", 4, 60.0)]
    with at(command.downgrade, "0007").begin() as connection:
        replied = "SELECT DISTINCT first_reply_at FROM tickets"
        assert connection.execute(text(replied)).scalars().all() == [later]
