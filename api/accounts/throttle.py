"""How many sign-ins may fail before one has to wait: per account and per address, counted in the database.

Each window begins with the first failure and lasts WAIT; the failure that reaches the limit begins the wait. An
attempt is counted before the password is checked and taken back when it was right, so attempts at the same moment
cannot slip past the limit. Names that do not exist are counted like any other: a lock tells nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math

from api.storage.database import Work

WAIT = dt.timedelta(minutes=15)
ACCOUNT_FAILURES = 5
ADDRESS_FAILURES = 30
"""An office shares an address, so that is generous; it still leaves a guesser some 3,000 attempts a day."""


async def count(work: Work, username: str, address: str, moment: dt.datetime) -> int | None:
    """Count an attempt; None if it may go on, else the seconds to wait, and nothing is counted.

    `moment` is of the steady clock. Commit in both cases: a window that began in the future is set right.
    """
    held = [
        (await work.accounts.hold_attempts(key, moment), most)
        for key, most in ((_account(username), ACCOUNT_FAILURES), (_address(address), ADDRESS_FAILURES))
    ]
    for row, _ in held:
        row.began_at = min(row.began_at, moment)
        if moment - row.began_at >= WAIT:
            row.failures, row.began_at = 0, moment
    waits = [WAIT - (moment - row.began_at) for row, most in held if row.failures >= most]
    if waits:
        return max(1, math.ceil(max(waits).total_seconds()))
    for row, most in held:
        row.failures += 1
        if row.failures == most:
            row.began_at = moment
    return None


async def take_back(work: Work, username: str, address: str, moment: dt.datetime) -> None:
    """The attempt was right: the account starts afresh, and the address has one failure less."""
    await work.accounts.forget_attempts(_account(username))
    row = await work.accounts.hold_attempts(_address(address), moment)
    row.failures = max(0, row.failures - 1)
    await work.accounts.forget_attempts_before(moment - WAIT)


async def forgive(work: Work, username: str) -> None:
    """Let the account try again at once: an administrator gave it a new password."""
    await work.accounts.forget_attempts(_account(username))


def _account(username: str) -> str:
    return hashlib.sha256(f"account:{username}".encode("utf-8", "replace")).hexdigest()


def _address(address: str) -> str:
    return hashlib.sha256(f"address:{address}".encode("utf-8", "replace")).hexdigest()
