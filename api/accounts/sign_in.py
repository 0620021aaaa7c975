"""Signing in and out with a password."""

from __future__ import annotations

import structlog

from api.accounts import audit, login_sessions, throttle
from api.accounts.identity import User
from api.accounts.keeping import normal_username
from api.accounts.login_sessions import SignedIn
from api.clock import steady_now
from api.problems import SignInLocked, WrongCredentials
from api.services import Services
from api.tokens import hash_of

log = structlog.get_logger(__name__)


async def sign_in(services: Services, username: str, password: str, address: str) -> SignedIn:
    """A new login. Raises WrongCredentials, SignInLocked.

    Unknown names, disabled accounts and wrong passwords get the same answer after the same work.
    """
    name = normal_username(username)
    async with services.passwords.turn():
        async with services.database.writing() as work:
            wait_s = await throttle.count(work, name, address, steady_now())
            account = await work.accounts.get(name)
            await work.commit()
        if wait_s is not None:
            log.warning("sign_in_locked", address=address, known=account is not None)
            raise SignInLocked(wait_s)
        stored = account.password_hash if account is not None and account.enabled else None
        is_right, renewed = await services.passwords.check(password, stored)
        async with services.database.writing() as work:
            now_is = await work.accounts.hold(name)
            # It may have been disabled, or got another password, while the check ran.
            if not is_right or now_is is None or not now_is.enabled or now_is.password_hash != stored:
                await audit.record(
                    work, None, "sign_in_refused", now_is.username if now_is is not None else None, address=address
                )
                await work.commit()
                log.warning("sign_in_refused", address=address, known=now_is is not None)
                raise WrongCredentials
            now_is.password_hash = renewed or stored
            await throttle.take_back(work, name, address, steady_now())
            signed_in = await login_sessions.begin(work, now_is, address)
            await audit.record(work, signed_in.user, "signed_in")
            await work.commit()
    log.info("signed_in", username=name, role=signed_in.user.role.value)
    return signed_in


async def sign_out(services: Services, user: User, token: str) -> None:
    """End this login; the account's others go on."""
    async with services.database.writing() as work:
        await work.accounts.end_login(hash_of(token))
        await audit.record(work, user, "signed_out")
        await work.commit()
    log.info("signed_out", username=user.username)
