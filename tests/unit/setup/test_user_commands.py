"""`bangban user`: accounts are kept from the command line, over the same database as the service's."""

import json
import sqlite3

import pytest
from typer.testing import CliRunner

from api.cli import app

PASSWORD = "several words in a row\n"


@pytest.fixture
def bangban(monkeypatch, tmp_path):
    """Runs one command: bangban("user", "list", told="what comes on standard input")."""
    monkeypatch.setenv("BANGBAN_DATA_DIR", str(tmp_path / "var"))
    return lambda *arguments, told="": CliRunner().invoke(app, list(arguments), input=told)


@pytest.fixture
def add(bangban):
    return lambda *more: bangban("user", "add", *more, "--password-stdin", told=PASSWORD)


@pytest.fixture
def accounts(bangban):
    return lambda: {row["username"]: row for row in json.loads(bangban("user", "list", "--json").stdout)}


def test_an_account_has_what_was_said_when_it_was_added(add, accounts):
    done = add(
        "li.ming",
        "--role",
        "agent",
        "--display-name",
        "李明",
        "--skill",
        "trees",
        "--skill",
        "parks",
        "--language",
        "zh",
    )
    assert done.exit_code == 0, done.stderr
    assert accounts()["li.ming"] == {
        "username": "li.ming", "display_name": "李明", "role": "agent", "skills": ["parks", "trees"],
        "languages": ["zh"], "enabled": True, "password": True, "oidc_subject": None,
    }  # fmt: skip


def test_no_password_is_stored_or_printed(add, tmp_path):
    done = add("li", "--role", "agent")
    assert PASSWORD.strip() not in done.stdout + done.stderr
    assert all(PASSWORD.strip().encode() not in path.read_bytes() for path in (tmp_path / "var").iterdir())


def test_a_short_password_is_refused_with_what_is_needed(bangban, accounts):
    done = bangban("user", "add", "li", "--role", "agent", "--password-stdin", told="too short\n")
    assert done.exit_code == 1 and "12 to 256 characters; this one has 9" in done.stderr
    assert accounts() == {}


def test_without_a_terminal_the_password_must_come_on_standard_input(bangban):
    done = bangban("user", "add", "li", "--role", "agent")
    assert done.exit_code == 1 and "--password-stdin" in done.stderr


def test_a_name_that_is_taken_is_told_with_what_to_do_instead(add):
    add("li", "--role", "agent")
    done = add("LI", "--role", "admin")
    assert done.exit_code == 1 and "bangban user change li" in done.stderr


def test_a_skill_must_be_a_family_of_the_catalogue(add):
    done = add("li", "--role", "agent", "--skill", "gardening")
    assert done.exit_code == 1 and "construction-waste" in done.stderr


def test_who_signs_in_through_the_provider_needs_no_password(bangban, accounts):
    assert bangban("user", "add", "li", "--role", "agent", "--oidc-subject", "7").exit_code == 0
    assert (accounts()["li"]["password"], accounts()["li"]["oidc_subject"]) == (False, "7")


def test_disabled_and_enabled_again(add, bangban, accounts):
    add("li", "--role", "agent")
    assert bangban("user", "disable", "li").exit_code == 0 and not accounts()["li"]["enabled"]
    assert bangban("user", "enable", "li").exit_code == 0 and accounts()["li"]["enabled"]


def test_a_change_replaces_only_what_it_names(add, bangban, accounts):
    add("li", "--role", "agent", "--skill", "trees")
    assert bangban("user", "change", "li", "--role", "supervisor").exit_code == 0
    assert (accounts()["li"]["role"], accounts()["li"]["skills"]) == ("supervisor", ["trees"])
    assert bangban("user", "change", "li", "--skill", "all").exit_code == 0
    assert (accounts()["li"]["role"], accounts()["li"]["skills"]) == ("supervisor", [])


def test_a_change_of_nothing_asks_what_to_change(add, bangban):
    add("li", "--role", "agent")
    done = bangban("user", "change", "li")
    assert done.exit_code == 1 and "--role" in done.stderr


@pytest.mark.parametrize("command", ["disable", "enable", "reset"])
def test_an_unknown_name_is_told(bangban, command):
    more = ["--password-stdin"] if command == "reset" else []
    done = bangban("user", command, "nobody", *more, told=PASSWORD)
    assert done.exit_code == 1 and "no account 'nobody'" in done.stderr


def test_every_change_of_an_account_is_in_the_audit_log_with_who_ran_the_command(add, bangban, tmp_path):
    add("li", "--role", "agent")
    bangban("user", "disable", "li")
    bangban("user", "enable", "li")
    bangban("user", "reset", "li", "--password-stdin", told=PASSWORD)
    bangban("user", "change", "li", "--role", "admin")
    with sqlite3.connect(tmp_path / "var" / "bangban.db") as database:
        entries = database.execute("SELECT username, what, target FROM audit_log ORDER BY id").fetchall()
    assert [(what, target) for _, what, target in entries] == [
        (what, "li")
        for what in ("account_added", "account_disabled", "account_enabled", "password_reset", "account_changed")
    ]
    assert all(who.startswith("cli:") for who, _, _ in entries)


def test_a_database_that_cannot_be_opened_ends_in_a_sentence(bangban, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("BANGBAN_DATA_DIR", str(tmp_path / "file"))
    done = bangban("user", "list")
    assert done.exit_code == 1 and "BANGBAN_DATA_DIR" in done.stderr and "Traceback" not in done.stderr
