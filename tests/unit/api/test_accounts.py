"""Who may do what, how a password is kept, how attempts are counted, and what the database itself refuses."""

import asyncio
import datetime as dt
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.requests import HTTPConnection

from api.accounts import audit, cookies, keeping, passwords, throttle
from api.accounts.identity import PERMISSIONS, Permission, Role, User, may
from api.clock import SteadyClock
from api.proxies import came_by_tls
from api.settings import CHECKOUT
from api.tokens import bearer_of

OPERATOR = User("cli:tests", "", Role.ADMIN, address="198.51.100.1")
NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def test_every_role_stands_in_the_table_and_an_admin_may_do_everything():
    assert set(PERMISSIONS) == set(Role)
    assert all(may(Role.ADMIN, permission) for permission in Permission)


def test_a_supervisor_may_do_whatever_an_agent_may():
    assert PERMISSIONS[Role.AGENT] < PERMISSIONS[Role.SUPERVISOR]


@pytest.mark.parametrize(
    ("role", "permission"),
    [(Role.AGENT, Permission.SEE_SUPERVISION), (Role.AGENT, Permission.KEEP_KNOWLEDGE),
     (Role.SUPERVISOR, Permission.KEEP_ACCOUNTS), (Role.SUPERVISOR, Permission.READ_AUDIT),
     (Role.MAINTAINER, Permission.HANDLE_TICKETS), (Role.MAINTAINER, Permission.READ_AUDIT)],
)  # fmt: skip
def test_a_role_may_not_do_what_another_role_is_for(role, permission):
    assert not may(role, permission)


@pytest.mark.parametrize("permission", Permission)
def test_the_administrators_guide_has_the_table_of_the_code_in_both_languages(permission):
    guide = (CHECKOUT / "docs" / "administrators-guide.md").read_text()
    rows = [
        line.split("|")[2:-1]
        for line in guide.splitlines()
        if f"（`{permission}`）" in line or f"(`{permission}`)" in line
    ]
    told = [{role for role, cell in zip(Role, row, strict=True) if "✓" in cell} for row in rows]
    assert told == [{role for role in Role if may(role, permission)}] * 2


def test_where_a_request_came_from_is_no_part_of_who_somebody_is():
    assert User("li", "Li", Role.AGENT, address="192.0.2.1") == User("li", "Li", Role.AGENT, address="192.0.2.2")


@given(wall=st.lists(st.floats(0, 2e9), min_size=2, max_size=2), steady=st.floats(0, 1e6), passed=st.floats(0, 1e6))
def test_setting_the_wall_clock_moves_no_steady_clock(wall, steady, passed):
    wall_readings, steady_readings = iter(wall), iter([steady, steady, steady + passed])
    clock = SteadyClock(lambda: next(wall_readings), lambda: next(steady_readings))
    began = clock.now()
    next(wall_readings)  # Somebody sets the clock; nobody asks it again.
    assert (clock.now() - began).total_seconds() == pytest.approx(passed, abs=1e-3)


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 257])
def test_a_password_that_is_too_short_or_too_long_is_refused_with_its_length(password):
    with pytest.raises(passwords.UnfitPassword, match=f"12 to 256 characters; this one has {len(password)}"):
        passwords.hashed(password)


async def test_a_password_is_the_same_in_full_width_and_with_composed_accents():
    stored = passwords.hashed("Ｐａｓｓ phrase caf\u00e9")
    assert stored.startswith("$argon2id$")
    assert await passwords.Passwords().check("Pass phrase cafe\u0301", stored) == (True, None)


async def test_nobodys_password_and_one_that_is_too_long_are_never_right():
    check = passwords.Passwords().check
    assert not (await check("a pass phrase", None))[0]
    stored = passwords.hashed("x" * passwords.MOST_CHARACTERS)
    assert (await check("x" * passwords.MOST_CHARACTERS, stored))[0]
    assert not (await check("x" * (passwords.MOST_CHARACTERS + 1), stored))[0]


async def attempt(database, moment=NOON, username="li", address="192.0.2.7"):
    async with database.writing() as work:
        wait_s = await throttle.count(work, username, address, moment)
        await work.commit()
    return wait_s


async def test_after_five_failures_an_account_waits_a_quarter_of_an_hour(database):
    assert [await attempt(database, NOON + n * MINUTE) for n in range(5)] == [None] * 5
    assert await attempt(database, NOON + 4 * MINUTE) == 15 * 60  # The fifth began the wait, at 12:04.
    assert await attempt(database, NOON + 18 * MINUTE) == 60
    assert await attempt(database, NOON + 19 * MINUTE) is None


async def test_waiting_and_asking_again_does_not_lengthen_the_wait(database):
    for _ in range(5):
        await attempt(database)
    assert [await attempt(database, NOON + n * MINUTE) for n in (5, 10)] == [600, 300]


async def test_another_account_may_try_while_one_waits(database):
    for _ in range(6):
        await attempt(database)
    assert await attempt(database, username="wang") is None


async def test_a_right_password_starts_the_account_afresh_and_takes_one_from_the_address(database):
    for _ in range(4):
        await attempt(database)
    async with database.writing() as work:
        await throttle.take_back(work, "li", "192.0.2.7", NOON)
        await work.commit()
    assert [await attempt(database) for _ in range(6)] == [None] * 5 + [900]
    left = throttle.ADDRESS_FAILURES - 3 - 5
    assert [await attempt(database, username=f"n{n}") for n in range(left + 1)] == [None] * left + [900]


async def test_an_address_that_tries_many_names_waits_too(database):
    tried = [await attempt(database, username=f"name{n}") for n in range(throttle.ADDRESS_FAILURES + 1)]
    assert tried == [None] * throttle.ADDRESS_FAILURES + [900]
    assert await attempt(database, username="li", address="192.0.2.8") is None


async def test_attempts_at_the_same_moment_cannot_slip_past_the_limit(database):
    waits = await asyncio.gather(*(attempt(database) for _ in range(12)))
    assert waits.count(None) == throttle.ACCOUNT_FAILURES


async def test_a_clock_that_was_set_back_lengthens_no_wait(database):
    tomorrow = NOON + dt.timedelta(days=1)
    for _ in range(5):
        await attempt(database, tomorrow)
    assert await attempt(database, NOON) == 15 * 60
    assert await attempt(database, NOON + 15 * MINUTE) is None


async def test_the_database_refuses_to_change_or_remove_an_audit_entry(database):
    async with database.writing() as work:
        await audit.record(work, OPERATOR, "account_added", "li")
        await work.commit()
    for change in ("UPDATE audit_log SET what = 'nothing'", "DELETE FROM audit_log"):
        with pytest.raises(DBAPIError, match="audit_log is only ever added to"):
            async with database._writing.begin() as connection:
                await connection.execute(text(change))
    async with database.reading() as work:
        (entry,) = await work.audit.page(None, None, None, 10)
    told = (entry.username, entry.role, entry.what, entry.target, entry.address)
    assert told == ("cli:tests", "admin", "account_added", "li", "198.51.100.1")


async def test_what_is_undone_leaves_no_audit_entry(database):
    async with database.writing() as work:
        await audit.record(work, OPERATOR, "account_added", "li")
    async with database.reading() as work:
        assert await work.audit.page(None, None, None, 10) == []


async def test_a_name_is_taken_however_it_is_written(database):
    await keeping.add(database, OPERATOR, " Ｌi.Ming", Role.AGENT, keeping.Profile(), None)
    with pytest.raises(keeping.AccountExists):
        await keeping.add(database, OPERATOR, "LI.MING", Role.AGENT, keeping.Profile(), None)


@pytest.mark.parametrize("name", ["", "li ming", "cli:li", "trees", "x" * 41, "li/ming", "li\nming"])
async def test_a_name_that_could_be_taken_for_something_else_is_refused(database, name):
    with pytest.raises(keeping.UnfitUsername):
        await keeping.add(database, OPERATOR, name, Role.AGENT, keeping.Profile(), None)


async def test_a_change_leaves_what_it_does_not_name(database):
    profile = keeping.Profile(display_name="Li", skills=["trees"], languages=["zh"], oidc_subject="7")
    await keeping.add(database, OPERATOR, "li", Role.AGENT, profile, None)
    row = await keeping.change(database, OPERATOR, "li", keeping.Profile(role=Role.SUPERVISOR, skills=[]))
    assert (row.display_name, row.role, row.skills, row.languages, row.oidc_subject) == (
        "Li",
        "supervisor",
        [],
        ["zh"],
        "7",
    )


@pytest.mark.parametrize(
    ("profile", "told"),
    [(keeping.Profile(display_name="李" * 81), "at most 80"), (keeping.Profile(oidc_subject="7" * 256), "at most 255"),
     (keeping.Profile(skills=["gardening"]), "no item family 'gardening'")],
)  # fmt: skip
async def test_what_does_not_fit_an_account_is_refused_and_nothing_changes(database, profile, told):
    with pytest.raises(keeping.AccountError, match=told):
        await keeping.add(database, OPERATOR, "li", Role.AGENT, profile, None)
    await keeping.add(database, OPERATOR, "li", Role.AGENT, keeping.Profile(), None)
    with pytest.raises(keeping.AccountError, match=told):
        await keeping.change(database, OPERATOR, "li", profile)
    (row,) = await keeping.everyone(database)
    assert (row.display_name, row.skills, row.oidc_subject) == ("li", [], None)


async def test_old_counts_are_cleared_away_but_not_what_another_sign_in_holds(database):
    await attempt(database, NOON, username="old")
    later = NOON + 16 * MINUTE
    async with database.writing() as work:
        await throttle.take_back(work, "li", "192.0.2.8", later)
        await work.commit()
    async with database._engine.connect() as connection:
        (left,) = (await connection.execute(text("SELECT count(*) FROM login_attempts"))).one()
    assert left == 1  # The address that has just been right.


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_clearing_away_waits_for_nobody(database):
    await attempt(database, NOON, username="slow", address="192.0.2.9")
    later = NOON + 16 * MINUTE
    async with database.writing() as slow:
        await throttle.count(slow, "slow", "192.0.2.9", later)
        async with asyncio.timeout(5), database.writing() as quick:
            await throttle.take_back(quick, "li", "192.0.2.8", later)
            await quick.commit()


async def test_two_accounts_cannot_have_one_subject(database):
    await keeping.add(database, OPERATOR, "li", Role.AGENT, keeping.Profile(oidc_subject="7"), None)
    with pytest.raises(keeping.SubjectTaken, match="'li'"):
        await keeping.add(database, OPERATOR, "wang", Role.AGENT, keeping.Profile(oidc_subject="7"), None)


def connection(scheme="http", peer="10.0.0.1", **headers):
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection(
        {"type": "http", "scheme": scheme, "server": ("desk", 80), "path": "/", "headers": told, "client": (peer, 1)}
    )


TRUSTED = (ip_network("10.0.0.0/8"),)


@pytest.mark.parametrize(
    ("asked", "by_tls"),
    [
        (connection("https"), True),
        (connection("http"), False),
        (connection("http", x_forwarded_proto="https"), True),
        (connection("http", peer="203.0.113.7", x_forwarded_proto="https"), False),
        (connection("http", x_forwarded_proto="https, http"), False),
        (connection("https", x_forwarded_proto="http"), False),
        (connection("http", x_forwarded_proto="nonsense"), False),
    ],
)
def test_only_a_trusted_proxy_may_say_that_the_visitor_came_by_tls(asked, by_tls):
    assert came_by_tls(asked, TRUSTED) is by_tls


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("https://desk.example", "desk.example", True),
        ("https://desk.example:443", "desk.example", True),
        ("https://desk.example", "desk.example:443", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("https://DESK.example", "desk.example", True),
        ("https://evil.example", "desk.example", False),
        ("https://desk.example:8443", "desk.example", False),
        ("http://desk.example:8080", "desk.example", False),
        ("https://desk.example.evil.example", "desk.example", False),
        ("https://desk.example@evil.example", "desk.example", False),
        ("null", "desk.example", False),
        ("", "", False),
        ("", "desk.example", False),
        ("file://", "", False),
        ("https://desk.example:port", "desk.example", False),
    ],
)
def test_a_page_of_another_origin_opens_no_websocket_with_the_cookie(origin, host, ours):
    assert cookies.is_same_origin(connection(origin=origin, host=host)) is ours


def test_the_csrf_token_belongs_to_one_login_and_gives_nothing_of_it_away():
    token = cookies.csrf_of("secret")
    assert cookies.is_from_our_page(connection(x_csrf_token=token), "secret")
    assert not cookies.is_from_our_page(connection(x_csrf_token=token), "another")
    assert not cookies.is_from_our_page(connection(), "secret")
    assert "secret" not in token


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Basic abc", None), ("Bearer", None), ("Bearer  ", None)],
)
def test_a_bearer_token_is_read_as_the_standard_says(header, token):
    assert bearer_of(connection(authorization=header).headers) == token
