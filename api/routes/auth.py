"""Helpers sign in, see who they are, and sign out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from api.accounts import cookies, guard, sign_in
from api.accounts.identity import PERMISSIONS, Permission, Role, User
from api.problems import documented
from api.proxies import came_by_tls
from api.routes.door import Address, Door, JsonRoute
from api.text_door import Key

router = APIRouter(prefix="/api/v1/auth", tags=["helpers"], route_class=JsonRoute)

SignedIn = Annotated[User, Depends(guard.signed_in)]


class CredentialsIn(BaseModel):
    """What somebody signs in with."""

    username: Key
    password: Annotated[str, Field(min_length=1, max_length=1_000)]


class UserOut(BaseModel):
    """Who somebody is."""

    username: str
    display_name: str
    role: Role
    permissions: list[Permission] = Field(
        description="what the role includes, so that no page keeps a table of its own"
    )

    @classmethod
    def of(cls, user: User) -> UserOut:
        """The user as told."""
        return cls(
            username=user.username,
            display_name=user.display_name,
            role=user.role,
            permissions=sorted(PERMISSIONS[user.role]),
        )


class LoginOut(BaseModel):
    """A login: for programs the token, for browsers the cookie that comes with it."""

    token: str
    user: UserOut


@router.post("/login", responses=documented(400, 401, 413, 415, 422, 429))
async def log_in(told: CredentialsIn, request: Request, response: Response, door: Door, address: Address) -> LoginOut:
    """Sign in. Too many failures in a row lock the account for a while, for the right password too."""
    door.limits.count("sign_in", address=address)
    login = await sign_in.sign_in(door, told.username, told.password, address)
    cookies.hand_out(response, login.token, came_by_tls(request, door.settings.trusted_proxies))
    return LoginOut(token=login.token, user=UserOut.of(login.user))


@router.post("/logout", status_code=204, responses=documented(401, 403))
async def log_out(request: Request, door: Door, user: SignedIn) -> Response:
    """End this login, here and wherever its token is used."""
    token, by_cookie = guard.login_token(request)
    await sign_in.sign_out(door, user, token)
    response = Response(status_code=204)
    if by_cookie:
        cookies.take_back(response, came_by_tls(request, door.settings.trusted_proxies))
    return response


@router.get("/me", responses=documented(401))
async def who_am_i(user: SignedIn) -> UserOut:
    """Who is signed in."""
    return UserOut.of(user)
