"""Signing in and out through the bureau's OpenID Connect provider: a browser goes there, and comes back."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Cookie, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from starlette.datastructures import URL

from api.accounts import cookies, provider_sign_in
from api.accounts.login_sessions import ABSOLUTE
from api.accounts.provider import Provider
from api.accounts.provider_sign_in import NotLetIn
from api.problems import NoProvider, documented
from api.proxies import came_by_tls
from api.routes.door import Address, Door
from api.services import Services
from api.text_door import LongKey

router = APIRouter(prefix="/api/v1/auth", tags=["helpers"])

DESK, LOGIN_PAGE = "/desk", "/desk/login"
COOKIE, COOKIE_PATH = "bangban_oidc", "/api/v1/auth/oidc"
ID_COOKIE = "bangban_oidc_id"
"""The ID token stays with the browser that it was made for: nothing but signing out at the provider needs it."""
MOST_ID_TOKEN = 3_800
"""Characters; browsers drop a cookie of more than 4,096 bytes. Without the token the provider asks the person."""
NO_ID_TOKEN = "-"


class WaysOut(BaseModel):
    """How one can sign in here."""

    password: bool = True
    provider: bool


@router.get("/ways", responses=documented())
async def ways(door: Door) -> WaysOut:
    """How one can sign in: with a password always, at the provider where one is set."""
    return WaysOut(provider=door.provider is not None)


@router.get(
    "/oidc/start",
    status_code=303,
    response_class=RedirectResponse,
    responses={303: {"description": "To the provider"}, **documented(404, 429)},
)
async def start(request: Request, door: Door, address: Address) -> RedirectResponse:
    """Go to the provider. A failure leads back to the login page, with the reason as `refused`."""
    provider = _provider(door)
    door.limits.count("sign_in", address=address)
    try:
        url, secret = await provider_sign_in.depart(door, provider, _callback_url(request, door))
    except NotLetIn as refused:
        return _back_to_login(refused)
    away = RedirectResponse(url, status_code=303)
    # Lax, since the provider's page sends the browser back; nothing but the journey hangs on this cookie.
    away.set_cookie(
        COOKIE, secret,
        max_age=int(provider_sign_in.LASTS.total_seconds()), path=COOKIE_PATH,
        secure=_by_tls(request, door), httponly=True, samesite="lax",
    )  # fmt: skip
    return away


@router.get(
    "/oidc/callback",
    status_code=303,
    response_class=RedirectResponse,
    responses={303: {"description": "To the desk, or back to the login page"}, **documented(404, 422, 429)},
)
async def callback(
    request: Request,
    door: Door,
    address: Address,
    state: Annotated[LongKey | None, Query()] = None,
    code: Annotated[str | None, Query(max_length=4_000)] = None,
    secret: Annotated[str | None, Cookie(alias=COOKIE)] = None,
) -> RedirectResponse:
    """Come back from the provider: to the desk, signed in, or to the login page, with the reason as `refused`."""
    provider = _provider(door)
    door.limits.count("sign_in", address=address)
    try:
        login, id_token = await provider_sign_in.arrive(
            door, provider, _callback_url(request, door), secret=secret, state=state or "", code=code, address=address
        )
    except NotLetIn as refused:
        response = _back_to_login(refused)
    else:
        response = RedirectResponse(DESK, status_code=303)
        cookies.hand_out(response, login.token, _by_tls(request, door))
        response.set_cookie(
            ID_COOKIE, id_token if len(id_token) <= MOST_ID_TOKEN else NO_ID_TOKEN,
            max_age=int(ABSOLUTE.total_seconds()), path=COOKIE_PATH,
            secure=_by_tls(request, door), httponly=True, samesite="strict",
        )  # fmt: skip
    response.delete_cookie(COOKIE, path=COOKIE_PATH, secure=_by_tls(request, door), httponly=True, samesite="lax")
    return response


@router.get(
    "/oidc/end",
    status_code=303,
    response_class=RedirectResponse,
    responses={303: {"description": "To the provider, or to the login page"}, **documented(422, 429)},
)
async def end(
    request: Request, door: Door, address: Address, id_token: Annotated[str | None, Cookie(alias=ID_COOKIE)] = None
) -> RedirectResponse:
    """After signing out: end the login at the provider too, where it was made there and the provider offers that.

    The provider sends the browser back to the login page, where this leads directly if there is nothing to end.
    """
    door.limits.count("sign_in", address=address)
    url = None
    if door.provider is not None and id_token:
        hint = id_token if id_token != NO_ID_TOKEN else None
        url = await provider_sign_in.part(door.provider, _login_url(request, door), hint)
    away = RedirectResponse(url or LOGIN_PAGE, status_code=303)
    away.delete_cookie(ID_COOKIE, path=COOKIE_PATH, secure=_by_tls(request, door), httponly=True, samesite="strict")
    return away


def _provider(door: Services) -> Provider:
    if door.provider is None:
        raise NoProvider
    return door.provider


def _back_to_login(refused: NotLetIn) -> RedirectResponse:
    return RedirectResponse(f"{LOGIN_PAGE}?{urlencode({'refused': refused.why.value})}", status_code=303)


def _callback_url(request: Request, door: Services) -> str:
    """Where the provider sends the browser back to: the host that the browser asked for, which the proxy passes on."""
    return _as_asked_for(request, door, request.url_for("callback"))


def _login_url(request: Request, door: Services) -> str:
    """Our login page by the host that the browser asked for."""
    return _as_asked_for(request, door, request.url.replace(path=LOGIN_PAGE, query=""))


def _as_asked_for(request: Request, door: Services, url: URL) -> str:
    """The address of ours, by TLS where the browser came by TLS: before a proxy only the proxy knows."""
    return str(url.replace(scheme="https" if _by_tls(request, door) else "http"))


def _by_tls(request: Request, door: Services) -> bool:
    return came_by_tls(request, door.settings.trusted_proxies)
