"""Secret tokens: how they are made, what is stored of them, how a call carries one."""

from __future__ import annotations

import hashlib
import secrets

from starlette.datastructures import Headers

TOKEN_BYTES = 32


def new_token() -> str:
    """A key that nobody can guess, fit for headers, cookies and URLs."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(token: str) -> str:
    """What is stored instead of the token: its SHA-256 in hexadecimal. A random token needs no slower hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def bearer_of(headers: Headers) -> str | None:
    """The token of `Authorization: Bearer …`; None where there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
