"""Signing in and out through the provider: only who has an account here may enter."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import structlog

from api.accounts import audit, login_sessions
from api.accounts.identity import Role
from api.accounts.keeping import normal_username
from api.accounts.login_sessions import SignedIn
from api.accounts.provider import Provider, ProviderFailed
from api.clock import now, steady_now
from api.services import Services
from api.settings import Settings
from api.storage.account_models import AccountRow, OidcFlowRow
from api.storage.database import Work
from api.tokens import hash_of, new_token

log = structlog.get_logger(__name__)

LASTS = dt.timedelta(minutes=10)
"""How long somebody may take at the provider."""


class Refusal(StrEnum):
    """Why nobody was signed in, as the login page's address tells it."""

    DENIED = "denied"
    EXPIRED = "expired"
    NO_ACCOUNT = "no-account"
    NO_ROLE = "no-role"
    UNAVAILABLE = "unavailable"


class NotLetIn(Exception):
    """The provider's answer does not open the desk."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.value)
        self.why = why


async def depart(services: Services, provider: Provider, callback_url: str) -> tuple[str, str]:
    """The provider's address, and the secret that this browser must bring back as a cookie. Raises NotLetIn."""
    try:
        journey = await provider.journey(callback_url)
    except ProviderFailed as error:
        log.error("provider_failed", exc_info=error)
        raise NotLetIn(Refusal.UNAVAILABLE) from error
    secret, moment = new_token(), steady_now()
    async with services.database.writing() as work:
        await work.accounts.forget_flows_before(moment - LASTS)
        await work.accounts.add_flow(
            OidcFlowRow(
                cookie_hash=hash_of(secret),
                state=journey.state,
                nonce=journey.nonce,
                verifier=journey.verifier,
                began_at=moment,
            )
        )
        await work.commit()
    return journey.url, secret


async def arrive(
    services: Services,
    provider: Provider,
    callback_url: str,
    *,
    secret: str | None,
    state: str,
    code: str | None,
    address: str,
) -> tuple[SignedIn, str]:
    """A new login for whoever came back, and the ID token. The journey ends here in any case. Raises NotLetIn."""
    flow = await _end_journey(services, secret)
    if flow is None or not hmac.compare_digest(flow.state.encode(), state.encode("utf-8", "replace")):
        raise NotLetIn(Refusal.EXPIRED)
    if not code:
        raise NotLetIn(Refusal.DENIED)
    try:
        arrival = await provider.arrival(callback_url, code, flow.nonce, flow.verifier)
    except ProviderFailed as error:
        log.error("provider_failed", exc_info=error)
        raise NotLetIn(Refusal.UNAVAILABLE) from error
    async with services.database.writing() as work:
        try:
            account = await _account_of(work, arrival.claims)
            await _take_role(work, services.settings, account, arrival.claims)
        except NotLetIn as refused:
            await audit.record(work, None, "sign_in_refused", address=address)
            await work.commit()
            log.warning("sign_in_refused", by="provider", why=refused.why.value, address=address)
            raise
        login = await login_sessions.begin(work, account, address)
        await audit.record(work, login.user, "signed_in_at_provider")
        await work.commit()
    log.info("signed_in", by="provider", username=login.user.username, role=login.user.role.value)
    return login, arrival.id_token


async def part(provider: Provider, return_url: str, id_token: str | None) -> str | None:
    """The provider's address that ends the login there; None where it has none, or does not answer."""
    try:
        return await provider.parting(return_url, id_token)
    except ProviderFailed as error:
        log.warning("provider_failed", exc_info=error)
        return None


def mapped_role(settings: Settings, claims: Mapping[str, Any]) -> Role | None:
    """The role that the provider's claim stands for: of several, the one that the setting names first."""
    told = claims.get(settings.oidc_role_claim or "")
    values = told if isinstance(told, list) else [told]
    return next((role for value, role in settings.oidc_roles.items() if value in values), None)


async def _end_journey(services: Services, secret: str | None) -> OidcFlowRow | None:
    if not secret:
        return None
    async with services.database.writing() as work:
        flow = await work.accounts.take_flow(hash_of(secret))
        await work.commit()
    return flow if flow is not None and steady_now() - flow.began_at < LASTS else None


async def _account_of(work: Work, claims: Mapping[str, Any]) -> AccountRow:
    """By the subject; at first by the username, and then by the subject only, since names are given to others again."""
    subject = claims["sub"]
    known = await work.accounts.by_subject(subject)
    account = await work.accounts.hold(known.username if known else normal_username(_name(claims)))
    if account is None or not account.enabled or account.oidc_subject not in (None, subject):
        raise NotLetIn(Refusal.NO_ACCOUNT)
    if account.oidc_subject is None:
        account.oidc_subject, account.changed_at = subject, now()
        await audit.record(work, login_sessions.user_of(account, None), "subject_bound", account.username)
    return account


def _name(claims: Mapping[str, Any]) -> str:
    told = claims.get("preferred_username")
    return told if isinstance(told, str) else ""


async def _take_role(work: Work, settings: Settings, account: AccountRow, claims: Mapping[str, Any]) -> None:
    if settings.oidc_role_claim is None:
        return
    role = mapped_role(settings, claims)
    if role is None:
        raise NotLetIn(Refusal.NO_ROLE)
    if role.value != account.role:
        account.role, account.changed_at = role.value, now()
        await audit.record(work, login_sessions.user_of(account, None), "role_taken_from_provider", account.username)
