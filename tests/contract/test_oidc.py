"""Signing in through a real OpenID Connect provider: who may enter, and what an attacker may not do."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from desk import ADMINISTRATOR, make_account, running
from joserfc import jwt
from joserfc.jwk import KeySet
from provider import CLIENT, Provider, running_provider
from pydantic import ValidationError
from sqlalchemy import text

from api.accounts import keeping
from api.accounts.identity import Role
from api.settings import Settings
from api.storage.account_models import OidcFlowRow

START, CALLBACK, END = (f"/api/v1/auth/oidc/{name}" for name in ("start", "callback", "end"))
ME = "/api/v1/auth/me"
LOGIN_PAGE = "/desk/login"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as held:
        yield held


@pytest.fixture
def app(make_app, provider):
    return make_app(oidc_issuer=provider.url, **CLIENT)


async def come_back(http, provider, subject):
    """Go to the provider, agree there as the subject, come back."""
    away = await http.get(START)
    assert away.status_code == 303, away.text
    return await http.get(provider.agree(away.headers["location"], subject))


def jwk_of(provider):
    return KeySet.import_key_set(httpx.get(f"{provider.url}/jwks", trust_env=False).json())


def refused(reply, why):
    return reply.status_code == 303 and reply.headers["location"] == f"/desk/login?refused={why}"


async def test_who_has_an_account_comes_back_signed_in(app, http, provider):
    await make_account(app, "li", display_name="李明", oidc_subject="7001")
    reply = await come_back(http, provider, "7001")
    assert (reply.status_code, reply.headers["location"]) == (303, "/desk")
    told = (await http.get(ME)).json()
    assert (told["username"], told["display_name"], told["role"]) == ("li", "李明", "agent")
    assert (await http.post("/api/v1/auth/logout")).status_code == 403
    ours = {"X-CSRF-Token": http.cookies["bangban_csrf"]}
    assert (await http.post("/api/v1/auth/logout", headers=ours)).status_code == 204


async def test_the_journey_uses_pkce_state_and_nonce_and_the_secret_stays_here(app, http, provider):
    away = await http.get(START)
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["response_type"] == ["code"]
    assert all(len(asked[name][0]) >= 20 for name in ("code_challenge", "state", "nonce"))
    assert asked["redirect_uri"] == ["http://desk" + CALLBACK]
    told = away.headers["set-cookie"].lower()
    assert "httponly" in told and "samesite=lax" in told and f"path={CALLBACK.rpartition('/')[0]}" in told
    assert CLIENT["oidc_client_secret"] not in away.headers["location"]


async def test_a_name_is_believed_once_and_then_only_the_subject(app, http, provider):
    await make_account(app, "li")
    assert (await come_back(http, provider, "7001")).headers["location"] == "/desk"
    http.cookies.clear()
    assert refused(await come_back(http, provider, "7004"), "no-account")  # Another person who got the name "li".
    assert (await http.get(ME)).status_code == 401


async def test_who_has_no_account_or_a_disabled_one_stays_outside(app, http, provider):
    await make_account(app, "wang", oidc_subject="7002")
    await keeping.disable(app.state.services.database, ADMINISTRATOR, "wang")
    for subject in ("7002", "7003", "never seen"):
        assert refused(await come_back(http, provider, subject), "no-account")
    async with app.state.services.database.reading() as work:
        assert [entry.what for entry in await work.audit.page(None, None, None, 3)] == ["sign_in_refused"] * 3


async def test_who_says_no_at_the_provider_is_back_at_the_login_page(app, http, provider):
    away = await http.get(START)
    assert refused(await http.get(provider.deny(away.headers["location"])), "denied")


async def test_another_browser_cannot_finish_a_journey(app, make_app, http, provider):
    await make_account(app, "li", oidc_subject="7001")
    away = await http.get(START)
    back = provider.agree(away.headers["location"], "7001")
    http.cookies.clear()
    assert refused(await http.get(back), "expired")


async def test_the_answer_of_one_journey_fits_no_other(app, http, provider):
    await make_account(app, "li", oidc_subject="7001")
    first = provider.agree((await http.get(START)).headers["location"], "7001")
    await http.get(START)
    asked_before = len(provider.token_requests)
    assert refused(await http.get(first), "expired")
    assert len(provider.token_requests) == asked_before


async def test_a_code_that_was_stolen_opens_nothing_in_another_journey(app, http, provider):
    """PKCE and the nonce: the thief has a journey and a state of their own, but not the victim's verifier."""
    await make_account(app, "li", oidc_subject="7001")
    stolen = parse_qs(urlsplit(provider.agree((await http.get(START)).headers["location"], "7001")).query)["code"][0]
    http.cookies.clear()
    state = parse_qs(urlsplit((await http.get(START)).headers["location"]).query)["state"][0]
    assert refused(await http.get(CALLBACK, params={"code": stolen, "state": state}), "unavailable")


async def test_a_journey_ends_once(app, http, provider):
    await make_account(app, "li", oidc_subject="7001")
    away = await http.get(START)
    cookie = {"Cookie": f"bangban_oidc={http.cookies['bangban_oidc']}"}
    back = provider.agree(away.headers["location"], "7001")
    assert (await http.get(back)).headers["location"] == "/desk"
    assert refused(await http.get(back, headers=cookie), "expired")


async def test_a_journey_that_takes_too_long_has_ended(app, http, provider):
    await make_account(app, "li", oidc_subject="7001")
    back = provider.agree((await http.get(START)).headers["location"], "7001")
    async with app.state.services.database._writing.begin() as connection:
        began = "strftime('%Y-%m-%d %H:%M:%f', began_at, '-10 minutes')"
        await connection.execute(text(f"UPDATE {OidcFlowRow.__tablename__} SET began_at = {began}"))
    assert refused(await http.get(back), "expired")


async def test_the_provider_decides_the_role_where_a_claim_is_set(make_app, provider):
    roles = {"oidc_role_claim": "groups", "oidc_roles": "leads=supervisor,helpers=agent"}
    app = make_app(oidc_issuer=provider.url, **CLIENT, **roles)
    async with running(app) as http:
        await make_account(app, "wang", "agent", oidc_subject="7002")
        await make_account(app, "other", "admin", oidc_subject="7003")
        await make_account(app, "li", "admin", oidc_subject="7004")
        for subject, role in (("7002", "supervisor"), ("7003", "agent")):
            assert (await come_back(http, provider, subject)).headers["location"] == "/desk"
            assert (await http.get(ME)).json()["role"] == role
            http.cookies.clear()
        assert refused(await come_back(http, provider, "7004"), "no-role")
        async with app.state.services.database.reading() as work:
            assert {entry.target for entry in await work.audit.page(None, None, None, 50)
                    if entry.what == "role_taken_from_provider"} == {"wang", "other"}  # fmt: skip


async def sign_out(http):
    """As the desk's page does: end our login, then go where the provider's ends."""
    ours = {"X-CSRF-Token": http.cookies["bangban_csrf"]}
    assert (await http.post("/api/v1/auth/logout", headers=ours)).status_code == 204
    reply = await http.get(END)
    assert reply.status_code == 303, reply.text
    return reply.headers["location"]


async def test_who_signed_in_at_the_provider_is_signed_out_there_too_and_once(app, http, provider):
    await make_account(app, "li", oidc_subject="7001")
    await come_back(http, provider, "7001")
    away = await sign_out(http)
    assert away.startswith(f"{provider.url}/oauth2/end_session?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away).query).items()}
    claims = jwt.decode(asked["id_token_hint"], jwk_of(provider), algorithms=["RS256"]).claims
    assert (claims["sub"], claims["aud"], asked["client_id"]) == ("7001", ["bangban"], "bangban")
    assert asked["post_logout_redirect_uri"] == f"http://desk{LOGIN_PAGE}"
    assert urlsplit(provider.leave(away))[:3] == ("http", "desk", LOGIN_PAGE)
    assert (await http.get(END)).headers["location"] == LOGIN_PAGE


async def test_the_id_token_is_for_signing_out_only_and_no_page_can_read_it(app, http, provider):
    await make_account(app, "li", oidc_subject="7001")
    back = await come_back(http, provider, "7001")
    [told] = [told.lower() for told in back.headers.get_list("set-cookie") if told.startswith("bangban_oidc_id=e")]
    assert "httponly" in told and "samesite=strict" in told and f"path={END.rpartition('/')[0]};" in f"{told};"


async def test_where_the_provider_offers_no_signing_out_only_ours_ends(make_app, provider, monkeypatch):
    monkeypatch.setattr(provider, "ends_logins", False)
    app = make_app(oidc_issuer=provider.url, **CLIENT)
    async with running(app) as http:
        await make_account(app, "li", oidc_subject="7001")
        await come_back(http, provider, "7001")
        assert await sign_out(http) == LOGIN_PAGE
        assert (await http.get(ME)).status_code == 401


async def test_an_id_token_that_no_cookie_holds_is_left_out_and_the_provider_asks(app, http, provider):
    await make_account(app, "zhang", oidc_subject="7005")
    assert (await come_back(http, provider, "7005")).headers["location"] == "/desk"
    asked = parse_qs(urlsplit(await sign_out(http)).query)
    assert "id_token_hint" not in asked and asked["client_id"] == ["bangban"]


async def test_who_signed_in_with_a_password_is_signed_out_here_only(http):
    assert (await http.get(END)).headers["location"] == LOGIN_PAGE


async def test_a_provider_that_does_not_answer_keeps_nobody_signed_in_here(make_app):
    async with running(make_app(oidc_issuer="http://127.0.0.1:9", **CLIENT)) as http:
        http.cookies.set("bangban_oidc_id", "a token from before the restart")
        assert (await http.get(END)).headers["location"] == LOGIN_PAGE


async def test_behind_tls_the_provider_sends_the_browser_back_by_tls(make_app, provider):
    app = make_app(oidc_issuer=provider.url, **CLIENT, trusted_proxies="203.0.113.0/24")
    async with running(app) as http:
        by_tls = {"X-Forwarded-Proto": "https"}
        away = await http.get(START, headers=by_tls)
        parting = await http.get(END, headers={**by_tls, "Cookie": "bangban_oidc_id=held"})
    assert parse_qs(urlsplit(parting.headers["location"]).query)["post_logout_redirect_uri"] == [
        f"https://desk{LOGIN_PAGE}"
    ]
    assert parse_qs(urlsplit(away.headers["location"]).query)["redirect_uri"] == ["https://desk" + CALLBACK]
    assert "secure" in away.headers["set-cookie"].lower()


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9", "{provider}/another"])
async def test_a_provider_that_does_not_answer_or_is_another_leads_back_to_the_login_page(make_app, provider, issuer):
    app = make_app(oidc_issuer=issuer.format(provider=provider.url), **CLIENT)
    async with running(app) as http:
        assert refused(await http.get(START), "unavailable")


async def test_without_a_provider_there_is_only_the_password(make_app):
    async with running(make_app()) as http:
        assert (await http.get("/api/v1/auth/ways")).json() == {"password": True, "provider": False}
        for path in (START, CALLBACK):
            assert (await http.get(path)).json()["type"].endswith("no-provider")
        assert (await http.get(END)).headers["location"] == LOGIN_PAGE


async def test_with_a_provider_the_login_page_may_offer_it(http):
    assert (await http.get("/api/v1/auth/ways")).json() == {"password": True, "provider": True}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"oidc_issuer": "http://login.example"}, "must begin with https://"),
        ({"oidc_issuer": "https://login.example"}, "are needed together"),
        ({"oidc_role_claim": "groups"}, "are needed together"),
        ({"oidc_role_claim": "groups", "oidc_roles": "helpers=boss"}, "'agent', 'supervisor', 'maintainer' or 'admin'"),
    ],
)
def test_a_provider_that_is_told_by_half_is_refused_at_start(settings, told):
    with pytest.raises(ValidationError, match=told):
        Settings(**settings)


def test_roles_are_read_in_the_order_in_which_they_count():
    told = Settings(oidc_role_claim="groups", oidc_roles="leads=supervisor, ou=helpers=agent,")
    assert list(told.oidc_roles.items()) == [("leads", Role.SUPERVISOR), ("ou=helpers", Role.AGENT)]
