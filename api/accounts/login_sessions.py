"""Login sessions: they live in the database, end after a while, and end at once when somebody says so."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from api.accounts.identity import Role, User
from api.clock import steady_now
from api.services import Services
from api.storage.account_models import AccountRow, LoginRow
from api.storage.database import Work
from api.tokens import hash_of, new_token

ABSOLUTE = dt.timedelta(hours=12)
"""After a shift everyone signs in again."""
IDLE = dt.timedelta(hours=1)
"""Without a call; an open desk calls all the time."""
WRITTEN_EVERY = dt.timedelta(minutes=1)
"""How exactly the last use is known: a call rarely writes."""


@dataclass(frozen=True)
class SignedIn:
    """A fresh login: the token that only the caller gets, and whose it is."""

    token: str
    user: User


async def begin(work: Work, account: AccountRow, address: str | None) -> SignedIn:
    """A new login session of the account; those that have ended are cleared away."""
    moment, token = steady_now(), new_token()
    await work.accounts.end_logins_before(moment - ABSOLUTE, moment - IDLE)
    await work.accounts.add_login(
        LoginRow(token_hash=hash_of(token), username=account.username, created_at=moment, used_at=moment)
    )
    return SignedIn(token, user_of(account, address))


async def user_by_token(services: Services, token: str, address: str | None, is_use: bool = True) -> User | None:
    """Whose login this is; None where it has ended, was never, or the account is disabled. Written down if a use."""
    token_hash, moment = hash_of(token), steady_now()
    async with services.database.reading() as work:
        found = await work.accounts.login(token_hash)
    if found is None:
        return None
    login, account = found
    created_at, used_at = min(login.created_at, moment), min(login.used_at, moment)
    if not account.enabled or moment - created_at >= ABSOLUTE or moment - used_at >= IDLE:
        return None
    # A moment ahead is from before the wall clock was set back: written down as now, it can age.
    is_due = moment - used_at >= WRITTEN_EVERY or created_at != login.created_at or used_at != login.used_at
    if is_use and is_due:
        async with services.database.writing() as work:
            await work.accounts.touch_login(token_hash, created_at, moment)
            await work.commit()
    return user_of(account, address)


def user_of(account: AccountRow, address: str | None) -> User:
    """The account as somebody who is signed in from this address."""
    return User(
        username=account.username,
        display_name=account.display_name,
        role=Role(account.role),
        skills=frozenset(account.skills),
        languages=frozenset(account.languages),
        address=address,
    )
