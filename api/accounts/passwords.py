"""Passwords: what one must be like, how it is kept (argon2id), and how one is checked without telling who exists."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from contextlib import AbstractAsyncContextManager
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

LEAST_CHARACTERS, MOST_CHARACTERS = 12, 256
# argon2-cffi's defaults are the second recommended option of RFC 9106.
HASHER = PasswordHash((Argon2Hasher(),))
AT_ONCE = 2
"""Verifications at the same time: each takes some 150 ms on two cores, and 64 MiB."""


class UnfitPassword(ValueError):
    """The password is too short or too long."""

    def __init__(self, has: int) -> None:
        super().__init__(
            f"A password needs {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters; this one has {has}. "
            "Several words in a row are easy to remember and hard to guess."
        )


def hashed(password: str) -> str:
    """What to store. Raises UnfitPassword. Takes some 150 ms."""
    told = _normal(password)
    if not LEAST_CHARACTERS <= len(told) <= MOST_CHARACTERS:
        raise UnfitPassword(len(told))
    return HASHER.hash(told)


class Passwords:
    """Checks passwords, a few at once."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait for a place; whoever counts attempts in it has at most AT_ONCE of them undecided."""
        return self._turns

    async def check(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Whether it is the stored one, and its new hash where the stored one was made with older parameters.

        None stands for nobody's password: it takes the same work and is never right.
        """
        told = _normal(password)
        if len(told) > MOST_CHARACTERS:
            stored = None
        is_right, renewed = await asyncio.to_thread(self._verify, told[:MOST_CHARACTERS], stored)
        return is_right and stored is not None, renewed

    def _verify(self, told: str, stored: str | None) -> tuple[bool, str | None]:
        nobodys = _nobodys_hash()  # Before it is known whether it is needed: the first call makes it.
        return HASHER.verify_and_update(told, stored if stored is not None else nobodys)


@cache
def _nobodys_hash() -> str:
    return HASHER.hash(secrets.token_urlsafe())


def _normal(password: str) -> str:
    """The same password however the keyboard writes it: full-width letters, composed accents (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)
