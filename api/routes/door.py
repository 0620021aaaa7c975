"""What stands before every route of a session: the key first, then the body, and a place in the session's queue."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from api import proxies
from api.problems import NotJson, NoToken
from api.queues import Place
from api.services import Services, services
from api.sessions import authorise
from api.tokens import bearer_of

documented_key = HTTPBearer(auto_error=False, description="the session's token")
"""Only for the OpenAPI document; `SessionRoute` checks the key."""

Door = Annotated[Services, Depends(services)]


class JsonRoute(APIRoute):
    """A route whose body, if there is one, is JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the check."""
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            _refuse_other_bodies(request)
            return await handle(request)

        return checked


class SessionRoute(APIRoute):
    """A route of one session.

    The key is checked before the body is read, so that nobody learns anything without it. Calls that change the
    session get their place in its queue before the first wait, so that they are handled in the order received.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the check."""
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            token = _bearer(request)
            held, session_id = services(request), request.path_params["session_id"]
            place = held.queues.join(session_id) if request.method != "GET" else None
            try:
                await authorise(held, session_id, token)
                _refuse_other_bodies(request)
                request.state.place = place
                return await handle(request)
            finally:
                if place is not None:
                    place.leave()

        return checked


def _bearer(request: Request) -> str:
    token = bearer_of(request.headers)
    if token is None:
        raise NoToken
    return token


def _refuse_other_bodies(request: Request) -> None:
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in ("POST", "PUT") and has_body and not (kind == "application/json" or kind.endswith("+json")):
        raise NotJson


def _place(request: Request) -> Place:
    place: Place = request.state.place
    return place


def address_of(request: Request) -> str:
    """The address that the request is counted for."""
    return proxies.address_of(request, services(request).settings.trusted_proxies)


Queued = Annotated[Place, Depends(_place)]
Address = Annotated[str, Depends(address_of)]
