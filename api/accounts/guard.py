"""What stands before every call of a helper: who is it, and may they?

The login comes as `Authorization: Bearer …` or as the cookie; where both come, only the bearer token counts, since
somebody set it on purpose.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, WebSocket
from fastapi.security import APIKeyCookie, HTTPBearer

from api.accounts import cookies, login_sessions
from api.accounts.identity import Permission, User, may
from api.problems import NotAllowed, NotFromOurPage, NotSignedIn
from api.proxies import address_of, came_by_tls
from api.services import of_app
from api.tokens import bearer_of

_documented_token = HTTPBearer(auto_error=False, scheme_name="HelperToken", description="the token of a helper's login")
_documented_cookie = APIKeyCookie(name=cookies.LOGIN, auto_error=False, scheme_name="HelperCookie")


async def signed_in(
    request: Request,
    _token: Annotated[object, Depends(_documented_token)] = None,
    _cookie: Annotated[object, Depends(_documented_cookie)] = None,
) -> User:
    """Whoever makes the call. Raises NotSignedIn, NotFromOurPage."""
    token, by_cookie = login_token(request)
    user = await _user(request, token)
    if by_cookie and request.method not in cookies.SAFE_METHODS and not cookies.is_from_our_page(request, token):
        raise NotFromOurPage
    return user


def require(permission: Permission) -> Callable[[User], Awaitable[User]]:
    """A dependency that gives whoever makes the call, if their role includes the permission.

    It raises NotSignedIn, NotFromOurPage, NotAllowed.
    """

    async def check(user: Annotated[User, Depends(signed_in)]) -> User:
        refuse_without(user, permission)
        return user

    return check


def refuse_without(user: User, permission: Permission) -> None:
    """Raise NotAllowed unless the user's role includes the permission."""
    if not may(user.role, permission):
        raise NotAllowed(user.role.value, permission.value)


async def user_of_socket(websocket: WebSocket, token: object = None, *, is_use: bool = True) -> User:
    """Whoever opened the WebSocket: by `token` (of its first frame), else as a call. Raises NotSignedIn.

    A cookie counts only from a page of our own origin. Ask again while the socket is open, at each sign of life say: a
    login that has ended since raises then. One that goes on counts as used, unless only the server asks (`is_use`).
    """
    if token is not None:
        return await _user(websocket, token if isinstance(token, str) else "", is_use)
    told, by_cookie = login_token(websocket)
    if by_cookie and not cookies.is_same_origin(websocket):
        raise NotSignedIn
    return await _user(websocket, told, is_use)


def login_token(connection: Request | WebSocket) -> tuple[str, bool]:
    """The token that the call carries, and whether it came as the cookie. Raises NotSignedIn where there is none."""
    bearer = bearer_of(connection.headers)
    if bearer is not None:
        return bearer, False
    cookie = cookies.login_of(connection, _by_tls(connection))
    if not cookie:
        raise NotSignedIn
    return cookie, True


async def _user(connection: Request | WebSocket, token: str, is_use: bool = True) -> User:
    held = of_app(connection)
    address = address_of(connection, held.settings.trusted_proxies)
    user = await login_sessions.user_by_token(held, token, address, is_use)
    if user is None:
        raise NotSignedIn
    return user


def _by_tls(connection: Request | WebSocket) -> bool:
    return came_by_tls(connection, of_app(connection).settings.trusted_proxies)
