"""What happens to every request, whatever its route: an id, a size limit, headers, one line in the log."""

from __future__ import annotations

import re
from time import perf_counter
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics
from api.problems import TooLarge, failure_response

log = structlog.get_logger(__name__)

BODY_LIMIT_BYTES = 64 * 1024
VISITOR_PATHS = ("/api/v1/sessions", "/api/v1/search", "/api/v1/items", "/api/v1/notice")
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)


class RequestLog:
    """Gives the request an id, catches what nobody caught, and writes one line; the query string is not in it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        told = Headers(scope=scope).get("x-request-id", "")
        request_id = told if _SANE_ID.fullmatch(told) else uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status, start = 0, perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "no-referrer")
                is_page = headers.get("content-type", "").startswith("text/html")
                headers.setdefault("Content-Security-Policy", _PAGE_POLICY if is_page else _API_POLICY)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            log.error("request_failed", path=scope["path"], exc_info=error)
            if status or scope["type"] == "websocket":
                raise
            await failure_response()(scope, receive, send_with_id)
        finally:
            if scope["type"] == "http":
                self._metrics.requests.labels(scope["method"] if scope["method"] in METHODS else "other", status).inc()
                took_ms = round((perf_counter() - start) * 1000, 1)
                log.info("request", method=scope["method"], path=scope["path"], status=status, took_ms=took_ms)
            structlog.contextvars.unbind_contextvars("request_id")


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class BodyLimit:
    """Refuses bodies that are larger than any message can be, announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        announced = Headers(scope=scope).get("content-length", "")
        received = int(announced) if announced.isdecimal() and int(announced[:12]) > BODY_LIMIT_BYTES else 0

        async def receive_some() -> Message:
            nonlocal received
            if received > BODY_LIMIT_BYTES:
                raise TooLarge(BODY_LIMIT_BYTES)
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > BODY_LIMIT_BYTES:
                    raise TooLarge(BODY_LIMIT_BYTES)
            return message

        await self._app(scope, receive_some, send)


class VisitorCors:
    """Lets any page embed the visitors' part of the API: it takes no cookies, only the token that a page holds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=["Retry-After", "X-Request-ID"],
            max_age=86_400,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        is_open = scope["type"] == "http" and scope["path"].startswith(VISITOR_PATHS)
        await (self._open if is_open else self._app)(scope, receive, send)
