"""The login cookie, and the proof that a call which carries it comes from one of our own pages.

A browser sends the login cookie by itself, also when another site makes it call. So calls that change something must
also carry the CSRF token in the header X-CSRF-Token: a signed double-submit. The token is derived from the secret in
the login cookie (HMAC-SHA-256), so it needs no storage, ends with the login, and cannot be planted by a neighbouring
site that may set cookies for our domain (which breaks the plain double-submit). Our pages read it from the cookie
`bangban_csrf`. An Origin or Sec-Fetch-Site check was the other choice: it needs no token, but older browsers and some
proxies leave these headers out. The login cookie is also SameSite=Strict. A bearer token needs none of this: no browser
attaches one by itself. Signing in needs none either: its body must be JSON, which another site cannot send unasked.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from fastapi import Response
from starlette.requests import HTTPConnection

from api.accounts.login_sessions import ABSOLUTE

LOGIN, LOGIN_BY_TLS = "bangban_login", "__Host-bangban_login"
"""The prefix makes browsers refuse the cookie unless it came by TLS, from this very host; it cannot be had without."""
CSRF = "bangban_csrf"
CSRF_HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


def login_of(connection: HTTPConnection, by_tls: bool) -> str | None:
    """The token in the login cookie."""
    return connection.cookies.get(LOGIN_BY_TLS if by_tls else LOGIN)


def hand_out(response: Response, token: str, by_tls: bool) -> None:
    """Give the browser the login and the CSRF token that belongs to it."""
    most_s = int(ABSOLUTE.total_seconds())
    response.set_cookie(
        LOGIN_BY_TLS if by_tls else LOGIN, token,
        max_age=most_s, path="/", secure=by_tls, httponly=True, samesite="strict",
    )  # fmt: skip
    response.set_cookie(CSRF, csrf_of(token), max_age=most_s, path="/", secure=by_tls, samesite="strict")


def take_back(response: Response, by_tls: bool) -> None:
    """Make the browser forget both."""
    response.delete_cookie(LOGIN_BY_TLS if by_tls else LOGIN, path="/", secure=by_tls, httponly=True, samesite="strict")
    response.delete_cookie(CSRF, path="/", secure=by_tls, samesite="strict")


def csrf_of(token: str) -> str:
    """The CSRF token that belongs to a login."""
    return hmac.new(token.encode("utf-8", "replace"), b"bangban csrf", hashlib.sha256).hexdigest()


def is_from_our_page(connection: HTTPConnection, token: str) -> bool:
    """Whether the call carries the CSRF token of the login."""
    told = connection.headers.get(CSRF_HEADER, "")
    return hmac.compare_digest(told.encode("utf-8", "replace"), csrf_of(token).encode())


def is_same_origin(connection: HTTPConnection) -> bool:
    """Whether the page that opened a WebSocket is ours; a script there cannot set headers, but the browser sets Origin.

    A proxy must pass on the Host that the browser asked for. Whether it was by TLS only the browser knows for sure: a
    host without a port has the default one of the Origin's own scheme, so a proxy that does TLS needs no trust here.
    """
    try:
        origin = urlsplit(connection.headers.get("origin", ""))
        host = urlsplit(f"{origin.scheme}://{connection.headers.get('host', '')}")
        default = _DEFAULT_PORTS.get(origin.scheme)
        return default is not None and (origin.hostname, origin.port or default) == (
            host.hostname,
            host.port or default,
        )
    except ValueError:  # A port that is none.
        return False
