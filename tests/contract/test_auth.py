"""Signing in over HTTP: the token, the cookie, what ends a login, what locks one, and the audit log."""

import asyncio
import datetime as dt

import postgres
import pytest
from desk import ADMINISTRATOR, PASSWORD, hashed_password, make_account, running, start, token_for
from sqlalchemy import select, text, update
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from api.accounts import keeping, login_sessions, throttle
from api.accounts.identity import Role
from api.routes import desk_events
from api.storage.account_models import LoginRow

LOGIN, LOGOUT, ME, AUDIT = (f"/api/v1/{path}" for path in ("auth/login", "auth/logout", "auth/me", "audit"))
NEEDS_A_ROLE = "/api/v1/desk/tickets?state=queued"
MAINTAINER = keeping.Profile(role=Role.MAINTAINER)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def log_in(http, username="li", password=PASSWORD):
    return await http.post(LOGIN, json={"username": username, "password": password})


@pytest.fixture
async def li(app, http):
    await make_account(app, "li", "agent", display_name="李明")
    return "li"


@pytest.fixture
async def admin(app, http):
    return bearer(await token_for(app, "chen", "admin"))


def cookie(reply, name):
    """The attributes of the cookie that the reply sets, in lower case."""
    (found,) = (told for told in reply.headers.get_list("set-cookie") if told.startswith(f"{name}="))
    return {part.strip().lower() for part in found.split(";")[1:]}


async def rewind(app, row, **columns):
    """Move stored moments into the past (or the future), as time or a clock would have."""
    async with app.state.services.database._writing.begin() as connection:
        await connection.execute(update(row).values(**columns))


async def audited(http, admin, **wanted):
    reply = await http.get(AUDIT, headers=admin, params=wanted)
    assert reply.status_code == 200, reply.text
    return [(entry["user"], entry["what"], entry["target"]) for entry in reply.json()["entries"]]


async def test_signing_in_gives_a_token_that_opens_what_the_role_may(http, li):
    reply = await log_in(http)
    assert reply.status_code == 200
    told = reply.json()
    permissions = ["follow_up", "handle_tickets", "use_hotline"]
    assert told["user"] == {"username": "li", "display_name": "李明", "role": "agent", "permissions": permissions}
    http.cookies.clear()
    assert (await http.get(ME, headers=bearer(told["token"]))).json() == told["user"]
    assert (await http.get(NEEDS_A_ROLE, headers=bearer(told["token"]))).status_code == 200


@pytest.mark.parametrize(
    "key", [{}, bearer("nothing"), {"Authorization": b"Bearer \xc3\xa9\xff"}, {"Authorization": "Basic bGk6eA=="}]
)
async def test_without_a_login_every_helpers_call_is_refused(http, key):
    for path in (ME, AUDIT, NEEDS_A_ROLE):
        reply = await http.get(path, headers=key)
        assert reply.status_code == 401 and reply.json()["type"].endswith("not-signed-in")
        assert "bearer" in reply.headers["www-authenticate"].lower()


async def test_a_visitors_token_is_no_helpers(http):
    visitor = await start(http)
    assert (await http.get(NEEDS_A_ROLE, headers=visitor.key)).status_code == 401


async def test_the_role_decides_what_is_refused(app, http):
    maintainer = bearer(await token_for(app, "zhao", "maintainer"))
    assert (await http.get(ME, headers=maintainer)).status_code == 200
    for path in (NEEDS_A_ROLE, AUDIT):
        reply = await http.get(path, headers=maintainer)
        assert reply.status_code == 403 and reply.json()["type"].endswith("not-allowed")


async def test_the_cookie_is_kept_from_scripts_and_from_other_sites(http, li):
    reply = await log_in(http)
    assert {"httponly", "samesite=strict", "path=/"} <= cookie(reply, "bangban_login")
    assert not any(told.startswith("domain") for told in cookie(reply, "bangban_login"))
    assert "httponly" not in cookie(reply, "bangban_csrf") and "samesite=strict" in cookie(reply, "bangban_csrf")


async def test_the_cookie_alone_reads_and_with_the_csrf_token_changes(http, li):
    await log_in(http)
    assert (await http.get(ME)).status_code == 200
    for wrong in ({}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": ""}):
        refused = await http.post(LOGOUT, headers=wrong)
        assert refused.status_code == 403 and refused.json()["type"].endswith("not-from-our-page")
    presence = "/api/v1/desk/presence"
    assert (await http.put(presence, json={"state": "online"})).status_code == 403
    ours = {"X-CSRF-Token": http.cookies["bangban_csrf"]}
    assert (await http.put(presence, json={"state": "online"}, headers=ours)).status_code == 200


async def test_the_csrf_token_of_one_login_opens_no_other(http, li):
    first = (await log_in(http)).cookies["bangban_csrf"]
    await log_in(http)
    assert (await http.post(LOGOUT, headers={"X-CSRF-Token": first})).status_code == 403


async def test_a_bearer_token_needs_no_csrf_token_even_beside_a_cookie(app, http, li):
    await log_in(http)
    token = await token_for(app, "wang", "supervisor")
    assert (await http.get(ME, headers=bearer(token))).json()["username"] == "wang"
    assert (await http.post(LOGOUT, headers=bearer(token))).status_code == 204
    assert (await http.get(ME)).json()["username"] == "li"


async def test_behind_a_trusted_proxy_with_tls_the_cookie_goes_nowhere_without_tls(make_app):
    app = make_app(trusted_proxies="203.0.113.0/24")
    async with running(app) as http:
        await make_account(app, "li")
        by_tls = {"X-Forwarded-Proto": "https"}
        reply = await http.post(LOGIN, json={"username": "li", "password": PASSWORD}, headers=by_tls)
        assert {"secure", "path=/"} <= cookie(reply, "__Host-bangban_login")
        assert "secure" in cookie(reply, "bangban_csrf")
        sent = {"Cookie": f"__Host-bangban_login={reply.json()['token']}"}
        assert (await http.get(ME, headers={**by_tls, **sent})).status_code == 200
        assert (await http.get(ME, headers=sent)).status_code == 401


async def test_nobody_but_a_trusted_proxy_may_say_that_tls_was_there(http, li):
    told = {"username": "li", "password": PASSWORD}
    reply = await http.post(LOGIN, json=told, headers={"X-Forwarded-Proto": "https"})
    assert "secure" not in cookie(reply, "bangban_login")


async def test_another_site_cannot_sign_a_browser_in(http, li):
    form = {"Content-Type": "text/plain", "Origin": "https://evil.example"}
    reply = await http.post(LOGIN, content='{"username": "li", "password": "x"}', headers=form)
    assert reply.status_code == 415
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in (await http.options(LOGIN, headers=asked)).headers


async def test_signing_out_ends_this_login_and_no_other(http, li):
    one, two = [(await log_in(http)).json()["token"] for _ in range(2)]
    http.cookies.clear()
    reply = await http.post(LOGOUT, headers=bearer(one))
    assert reply.status_code == 204
    assert (await http.get(ME, headers=bearer(one))).status_code == 401
    assert (await http.get(ME, headers=bearer(two))).status_code == 200


async def test_signing_out_with_the_cookie_makes_the_browser_forget_it(http, li):
    token = (await log_in(http)).json()["token"]
    reply = await http.post(LOGOUT, headers={"X-CSRF-Token": http.cookies["bangban_csrf"]})
    assert reply.status_code == 204 and not http.cookies
    assert all("max-age=0" in cookie(reply, name) for name in ("bangban_login", "bangban_csrf"))
    assert (await http.get(ME, headers=bearer(token))).status_code == 401


async def test_only_a_hash_of_the_token_is_stored(app, http, li):
    token = (await log_in(http)).json()["token"]
    async with app.state.services.database._engine.connect() as connection:
        stored = (await connection.execute(text("SELECT * FROM login_sessions"))).all()
    assert stored and token not in str(stored)


async def test_an_unknown_name_a_wrong_password_and_a_disabled_account_look_the_same(app, http, li):
    await make_account(app, "wang")
    await keeping.disable(app.state.services.database, ADMINISTRATOR, "wang")
    replies = [
        await log_in(http, "nobody"), await log_in(http, "li", "a wrong pass phrase"), await log_in(http, "wang")
    ]  # fmt: skip
    assert {reply.status_code for reply in replies} == {401}
    assert len({reply.text for reply in replies}) == 1
    assert all("set-cookie" not in reply.headers for reply in replies)


async def test_an_account_without_a_password_cannot_be_entered_with_one(app, http):
    await token_for(app, "wang")
    for password in ("", " ", "None", "null", PASSWORD):
        assert (await log_in(http, "wang", password)).status_code in (401, 422)


async def test_a_locked_account_refuses_the_right_password_too_and_says_for_how_long(http, li):
    for _ in range(throttle.ACCOUNT_FAILURES):
        assert (await log_in(http, "li", "a wrong pass phrase")).status_code == 401
    reply = await log_in(http)
    assert reply.status_code == 429 and reply.json()["type"].endswith("sign-in-locked")
    assert 890 <= int(reply.headers["retry-after"]) <= 900


async def test_a_name_that_does_not_exist_locks_like_one_that_does(http):
    for _ in range(throttle.ACCOUNT_FAILURES):
        await log_in(http, "nobody", "a wrong pass phrase")
    assert (await log_in(http, "nobody")).status_code == 429


async def test_a_lock_survives_a_restart_and_ends_with_its_time(make_app, app, http, li):
    for _ in range(throttle.ACCOUNT_FAILURES):
        await log_in(http, "li", "a wrong pass phrase")
    async with running(make_app()) as again:
        assert (await log_in(again)).status_code == 429
    async with app.state.services.database._writing.begin() as connection:
        began = "strftime('%Y-%m-%d %H:%M:%f', began_at, '-15 minutes')"
        await connection.execute(text(f"UPDATE login_attempts SET began_at = {began}"))
    assert (await log_in(http)).status_code == 200


async def test_a_new_password_lifts_the_lock_and_ends_every_login(app, http, li):
    token = (await log_in(http)).json()["token"]
    http.cookies.clear()
    for _ in range(throttle.ACCOUNT_FAILURES):
        await log_in(http, "li", "a wrong pass phrase")
    await keeping.reset(app.state.services.database, ADMINISTRATOR, "li", hashed_password())
    assert (await http.get(ME, headers=bearer(token))).status_code == 401
    assert (await log_in(http)).status_code == 200


async def test_a_disabled_account_is_out_at_once_and_stays_out_when_enabled_again(app, http):
    database, token = app.state.services.database, await token_for(app, "wang")
    await keeping.disable(database, ADMINISTRATOR, "wang")
    assert (await http.get(ME, headers=bearer(token))).status_code == 401
    await keeping.enable(database, ADMINISTRATOR, "wang")
    assert (await http.get(ME, headers=bearer(token))).status_code == 401


async def test_another_role_counts_from_the_next_call_on(app, http):
    token = await token_for(app, "wang", "agent")
    await keeping.change(app.state.services.database, ADMINISTRATOR, "wang", keeping.Profile(role=Role.ADMIN))
    assert (await http.get(AUDIT, headers=bearer(token))).status_code == 200


async def test_a_login_survives_a_restart(make_app, app, http):
    token = await token_for(app, "wang")
    async with running(make_app()) as again:
        assert (await again.get(ME, headers=bearer(token))).status_code == 200


@pytest.mark.parametrize(
    ("column", "longest"), [("used_at", login_sessions.IDLE), ("created_at", login_sessions.ABSOLUTE)]
)
async def test_a_login_ends_when_it_was_not_used_or_is_too_old(app, http, column, longest):
    token, moment = bearer(await token_for(app, "wang")), dt.datetime.now(dt.UTC)
    await rewind(app, LoginRow, **{column: moment - longest + dt.timedelta(minutes=2)})
    assert (await http.get(ME, headers=token)).status_code == 200
    await rewind(app, LoginRow, **{column: moment - longest})
    assert (await http.get(ME, headers=token)).status_code == 401


async def test_using_a_login_keeps_it(app, http):
    token, before = bearer(await token_for(app, "wang")), dt.datetime.now(dt.UTC) - dt.timedelta(minutes=50)
    await rewind(app, LoginRow, used_at=before)
    assert (await http.get(ME, headers=token)).status_code == 200
    async with app.state.services.database._engine.connect() as connection:
        (used_at,) = (await connection.execute(LoginRow.__table__.select().with_only_columns(LoginRow.used_at))).one()
    assert used_at > before + dt.timedelta(minutes=49)


async def test_a_clock_that_was_set_back_ends_no_login_and_makes_none_last(app, http):
    token, tomorrow = bearer(await token_for(app, "wang")), dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    await rewind(app, LoginRow, created_at=tomorrow, used_at=tomorrow)
    assert (await http.get(ME, headers=token)).status_code == 200
    async with app.state.services.database._engine.connect() as connection:
        stored = (await connection.execute(LoginRow.__table__.select())).mappings().one()
    assert stored["created_at"] < tomorrow and stored["used_at"] < tomorrow


async def test_signing_in_and_everything_that_ends_it_works_over_postgresql_too(make_app, postgres_server):
    app = make_app(database_url=postgres.new_database(postgres_server))
    async with running(app) as http:
        await make_account(app, "li")
        login, other = (await log_in(http)).json()["token"], (await log_in(http)).json()["token"]
        http.cookies.clear()
        assert (await http.get(NEEDS_A_ROLE, headers=bearer(login))).status_code == 200
        assert (await http.post(LOGOUT, headers=bearer(login))).status_code == 204
        assert (await http.get(ME, headers=bearer(login))).status_code == 401
        await keeping.disable(app.state.services.database, ADMINISTRATOR, "li")
        assert (await http.get(ME, headers=bearer(other))).status_code == 401
        replies = await asyncio.gather(*(log_in(http, "nobody") for _ in range(throttle.ACCOUNT_FAILURES + 2)))
        assert sorted(reply.status_code for reply in replies) == [401] * throttle.ACCOUNT_FAILURES + [429] * 2


async def test_many_may_sign_in_at_once(app, http):
    names = [f"helper{n}" for n in range(6)]
    for name in names:
        await make_account(app, name)
    replies = await asyncio.gather(*(log_in(http, name) for name in names))
    assert [reply.status_code for reply in replies] == [200] * 6
    assert len({reply.json()["token"] for reply in replies}) == 6


@pytest.mark.parametrize(
    "body",
    [{}, {"username": "li"}, {"username": "", "password": "x"}, {"username": "li", "password": "x" * 1_001}, [], None],
)
async def test_an_incomplete_sign_in_is_told_without_echoing_it(http, body):
    reply = await http.post(LOGIN, json=body)
    assert reply.status_code == 422 and "xxxx" not in reply.text


async def test_the_audit_log_has_every_sign_in_and_nothing_that_was_typed(http, li, admin):
    await log_in(http, "li", "a wrong pass phrase")
    await log_in(http, "my password by mistake")
    token = (await log_in(http)).json()["token"]
    await http.post(LOGOUT, headers=bearer(token))
    reply = await http.get(AUDIT, headers=admin)
    http.cookies.clear()
    newest = [(entry["user"], entry["what"], entry["target"]) for entry in reply.json()["entries"]][:4]
    assert newest == [
        ("li", "signed_out", None), ("li", "signed_in", None),
        (None, "sign_in_refused", None), (None, "sign_in_refused", "li"),
    ]  # fmt: skip
    assert {entry["address"] for entry in reply.json()["entries"][:4]} == {"203.0.113.7"}
    assert "mistake" not in reply.text and "phrase" not in reply.text


async def test_the_audit_log_can_be_read_by_user_by_target_and_page_by_page(app, http, admin):
    for name in ("li", "wang"):
        await make_account(app, name)
    await keeping.disable(app.state.services.database, ADMINISTRATOR, "li")
    assert await audited(http, admin, target="li") == [
        ("cli:tests", "account_disabled", "li"), ("cli:tests", "account_added", "li")
    ]  # fmt: skip
    assert await audited(http, admin, user="nobody") == []
    whole = (await http.get(AUDIT, headers=admin)).json()
    assert whole["before"] is None
    paged, before = [], None
    while True:
        page = (
            await http.get(AUDIT, headers=admin, params={"limit": 1, **({"before": before} if before else {})})
        ).json()
        paged += page["entries"]
        before = page["before"]
        if before is None:
            break
    assert paged == whole["entries"]


EVENTS = "/api/v1/desk/events"


@pytest.fixture
def browser(app):
    """A browser's connection over a running app, signed in as nobody yet."""
    with TestClient(app) as client:
        client.portal.call(make_account, app, "li")
        yield client


def hello(browser, first=None, **headers):
    with browser.websocket_connect(EVENTS, headers=headers) as socket:
        socket.send_json(first or {})
        return socket.receive_json()


def test_a_websocket_opens_with_the_cookie_only_from_our_own_origin(browser):
    assert browser.post(LOGIN, json={"username": "li", "password": PASSWORD}).status_code == 200
    assert hello(browser, origin="http://testserver")["username"] == "li"
    for origin in ("http://evil.example", "null", "http://testserver:8080"):
        with pytest.raises(WebSocketDisconnect) as refused:
            hello(browser, origin=origin)
        assert refused.value.code == 4401
    with pytest.raises(WebSocketDisconnect):
        hello(browser)


def test_a_websocket_opens_with_a_token_from_anywhere(browser):
    token = browser.post(LOGIN, json={"username": "li", "password": PASSWORD}).json()["token"]
    browser.cookies.clear()
    assert hello(browser, {"token": token}, origin="http://evil.example")["username"] == "li"
    for wrong in ("", "nothing", 7):
        with pytest.raises(WebSocketDisconnect):
            hello(browser, {"token": wrong})


def close_code(socket):
    """What the socket closes with, after whatever it still tells."""
    with pytest.raises(WebSocketDisconnect) as ended:
        while True:
            socket.receive_json()
    return ended.value.code


@pytest.mark.parametrize(
    ("change", "code"), [(keeping.disable, 4401), (lambda *whom: keeping.change(*whom, MAINTAINER), 4403)]
)
@pytest.mark.parametrize("says_something", [True, False])
def test_a_websocket_ends_with_its_login_or_its_permission(browser, app, monkeypatch, change, code, says_something):
    monkeypatch.setattr(desk_events, "HEARTBEAT_S", 60.0 if says_something else 0.2)
    token = browser.post(LOGIN, json={"username": "li", "password": PASSWORD}).json()["token"]
    browser.cookies.clear()
    with browser.websocket_connect(EVENTS) as socket:
        socket.send_json({"token": token})
        assert socket.receive_json()["type"] == "hello"
        browser.portal.call(change, app.state.services.database, ADMINISTRATOR, "li")
        if says_something:
            socket.send_json({"type": "beat"})
        assert close_code(socket) == code


async def test_looking_whether_a_silent_page_may_go_on_does_not_keep_its_login(app, http):
    token, before = await token_for(app, "wang"), dt.datetime.now(dt.UTC) - dt.timedelta(minutes=50)
    await rewind(app, LoginRow, used_at=before)
    for is_use in (False, True):
        user = await login_sessions.user_by_token(app.state.services, token, None, is_use)
        assert user.username == "wang"
        async with app.state.services.database._engine.connect() as connection:
            (used_at,) = (await connection.execute(select(LoginRow.used_at))).one()
        assert (used_at > before) is is_use
