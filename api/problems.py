"""Everything that can be refused or fail at the HTTP door, as RFC 9457 problem details: one table, one shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """Base of what a route refuses; `detail` says what is wrong and what to do now."""

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra
        self.headers: dict[str, str] = {}


class NoToken(Problem):
    """The call carries no key."""

    def __init__(self) -> None:
        super().__init__("Send the session's token as `Authorization: Bearer …`.")
        self.headers = {"WWW-Authenticate": 'Bearer realm="bangban"'}


class NotYourSession(Problem):
    """The key does not open this session, or there is no such session; which of the two is not told."""

    def __init__(self) -> None:
        super().__init__("This token does not open this session. Start a new session.")


class UnknownItem(Problem):
    """The catalogue has no such item."""

    def __init__(self, item_id: str) -> None:
        super().__init__(f"The catalogue has no item {item_id!r}. GET /api/v1/items lists all of them.")


class UnknownOption(Problem):
    """The payload was never offered in this session."""

    def __init__(self) -> None:
        super().__init__("This payload was not offered in this session. Send the payload of an option, or text.")


class UnknownMessage(Problem):
    """The session has no such message."""

    def __init__(self) -> None:
        super().__init__("This session has no message with this id. Leave it out to get the whole conversation.")


class NotJson(Problem):
    """The body is announced as something else."""

    def __init__(self) -> None:
        super().__init__("Send the body as JSON in UTF-8, with `Content-Type: application/json`.")


class TooLarge(Problem, HTTPException):  # type: ignore[misc]  # Both call their headers so.
    """The body is larger than any message can be."""

    def __init__(self, limit_bytes: int) -> None:
        Problem.__init__(self, f"A body may have at most {limit_bytes} bytes. Send a shorter message.")
        self.status_code = 413


class TooManyRequests(Problem):
    """Slower, please."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many requests in a short time. Try again in {wait_s} seconds.")
        self.headers = {"Retry-After": str(wait_s)}


class AssistantUnavailable(Problem):
    """The dialogue engine does not answer; nothing was stored, so sending the same again is right."""

    RETRY_S = 3

    def __init__(self) -> None:
        super().__init__(
            "The assistant is starting or not available. Send the message again in a moment, with the same client_id; "
            "urgent matters: call 12345."
        )
        self.headers = {"Retry-After": str(self.RETRY_S)}


class UnknownTicket(Problem):
    """There is no such ticket."""

    def __init__(self) -> None:
        super().__init__("There is no ticket with this id. GET /api/v1/desk/tickets lists them.")


class TicketTaken(Problem):
    """Somebody else was first, or the ticket is over; `holder` is who has it."""

    def __init__(self, number: str, holder: str | None) -> None:
        taken = f"Ticket {number} is with {holder} already." if holder else f"Ticket {number} is over."
        super().__init__(f"{taken} Choose another from the queue.", holder=holder)
        self.holder = holder


class NotYourTicket(Problem):
    """Another helper handles the ticket."""

    def __init__(self, number: str, holder: str | None) -> None:
        with_whom = f"is with {holder}" if holder else "is with nobody"
        super().__init__(f"Ticket {number} {with_whom}. Only its helper can do this.", holder=holder)
        self.holder = holder


class TicketNotActive(Problem):
    """The ticket is waiting or over, so nothing can be said or ended in it."""

    def __init__(self, number: str, state: str) -> None:
        what_now = "Accept it first." if state == "queued" else "The visitor can ask for a person again."
        super().__init__(f"Ticket {number} is {state}. {what_now}")


class UnknownColleague(Problem):
    """Neither a helper nor a group has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Nobody here is called {name!r}. GET /api/v1/desk/colleagues lists helpers and groups.")


class UnknownEntry(Problem):
    """The base has no such entry."""

    def __init__(self, entry_id: str) -> None:
        super().__init__(f"The base has no entry {entry_id!r} now. Search for it: GET /api/v1/desk/suggestions?q=…")


class UnknownVariable(Problem):
    """A canned reply shows something that cannot be filled in; `shown` and `known` are as they are written."""

    def __init__(self, shown: str, known: Iterable[str]) -> None:
        super().__init__(f"{shown} cannot be filled in. Use {', '.join(known)}, and no other braces.", variable=shown)


class UnknownCanned(Problem):
    """There is no such canned reply."""

    def __init__(self) -> None:
        super().__init__("There is no canned reply with this id. GET /api/v1/desk/canned lists them.")


class UnknownApproval(Problem):
    """There is no such held answer, or its visitor erased the session."""

    def __init__(self) -> None:
        super().__init__("This answer is no longer held. GET /api/v1/desk/approvals lists those that wait.")


class AlreadyDecided(Problem):
    """Somebody else decided first."""

    def __init__(self) -> None:
        super().__init__("This was decided already. Load the list again.")


class UnknownPromotion(Problem):
    """There is no such draft entry."""

    def __init__(self) -> None:
        super().__init__("There is no draft with this id. GET /api/v1/desk/promotions lists them.")


class UnknownFollowUp(Problem):
    """There is no such follow-up."""

    def __init__(self) -> None:
        super().__init__("There is no follow-up with this id. GET /api/v1/follow-ups lists them.")


class NoSuchDays(Problem):
    """The days end before they begin, or are more than are counted at once."""

    def __init__(self, most: int) -> None:
        super().__init__(f"`from` must not lie after `to`, and at most {most} days are counted at once.")


class UnknownCall(Problem):
    """There is no such call."""

    def __init__(self) -> None:
        super().__init__("There is no call with this id. GET /api/v1/hotline/calls lists them.")


class CallNotByHand(Problem):
    """The exchange rings this call; nothing is logged by hand meanwhile."""

    def __init__(self) -> None:
        super().__init__(
            "The exchange rings this call and logs it itself. POST /api/v1/hotline/calls/{call_id}/end ends it."
        )


class CallIsOver(Problem):
    """The call does not take this any more, or not yet."""

    def __init__(self, state: str) -> None:
        super().__init__(f"This call is {state}, so this cannot be logged. Load the call again to see what can be.")


class NotInLine(Problem):
    """Nobody is left to be rung, or this one was not to be."""

    def __init__(self) -> None:
        super().__init__("Nobody of that id is left in this call's line. Load the call again to see who is.")


class StaleRoster(Problem):
    """The roster changed after it was opened; nothing was saved."""

    def __init__(self) -> None:
        super().__init__("The roster changed while you edited it. Load it again, then make your change.")


class AddressNeeded(Problem):
    """A new entry of the roster has no number."""

    def __init__(self, window: str, person: str) -> None:
        super().__init__(f"{person} ({window}) is new in the roster: give the number or SIP address to ring.")


class NotSignedIn(Problem):
    """The call carries neither a valid login cookie nor a valid token; the login may have ended."""

    def __init__(self) -> None:
        super().__init__("Sign in: POST /api/v1/auth/login. If you were signed in, this login has ended.")
        self.headers = {"WWW-Authenticate": 'Bearer realm="bangban desk"'}


class WrongCredentials(Problem):
    """The username is unknown, the account is disabled, or the password is wrong; which of them is not told."""

    def __init__(self) -> None:
        super().__init__("Username or password is wrong. Try again, or ask an administrator for a new password.")
        self.headers = {"WWW-Authenticate": 'Bearer realm="bangban desk"'}


class SignInLocked(Problem):
    """Too many failed sign-ins with this username or from this address; the right password is refused too."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(
            f"Too many failed sign-ins. Try again in {-(-wait_s // 60)} minutes; an administrator can help sooner."
        )
        self.headers = {"Retry-After": str(wait_s)}


class NotAllowed(Problem):
    """The role does not include this; `permission` is what it takes."""

    def __init__(self, role: str, permission: str) -> None:
        super().__init__(
            f"The role {role} may not do this. Ask an administrator if you need to.", permission=permission
        )


class NotFromOurPage(Problem):
    """A cookie came without the proof that one of our own pages made the call."""

    def __init__(self) -> None:
        super().__init__(
            "Send the value of the cookie bangban_csrf as the header X-CSRF-Token, or a bearer token instead of the "
            "cookie. On our own pages: load the page again."
        )


class NoProvider(Problem):
    """Signing in at a provider was asked for, and none is set."""

    def __init__(self) -> None:
        super().__init__("No OpenID Connect provider is set here (BANGBAN_OIDC_ISSUER). Sign in with a password.")


class NotReady(Problem):
    """A part that the service needs does not work; `parts` says which."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        broken = ", ".join(part for part, state in parts.items() if state != "ok")
        super().__init__(f"Not ready: {broken}.", parts=dict(parts))


PROBLEMS: dict[type[Exception], tuple[int, str, str]] = {
    NoToken: (401, "no-token", "A token is needed"),
    NotSignedIn: (401, "not-signed-in", "You are not signed in"),
    WrongCredentials: (401, "wrong-credentials", "Username or password is wrong"),
    NotAllowed: (403, "not-allowed", "Not allowed"),
    NotFromOurPage: (403, "not-from-our-page", "Not from our page"),
    NotYourSession: (403, "not-your-session", "Not your session"),
    NoProvider: (404, "no-provider", "No provider is set"),
    UnknownTicket: (404, "unknown-ticket", "Unknown ticket"),
    UnknownColleague: (404, "unknown-colleague", "Unknown colleague"),
    UnknownCanned: (404, "unknown-canned-reply", "Unknown canned reply"),
    UnknownApproval: (404, "unknown-approval", "Unknown approval"),
    UnknownPromotion: (404, "unknown-promotion", "Unknown draft"),
    UnknownFollowUp: (404, "unknown-follow-up", "Unknown follow-up"),
    UnknownCall: (404, "unknown-call", "Unknown call"),
    CallNotByHand: (409, "call-not-by-hand", "The exchange rings this call"),
    CallIsOver: (409, "call-is-over", "This cannot be logged now"),
    NotInLine: (409, "not-in-line", "Not in line"),
    StaleRoster: (409, "stale-roster", "The roster has changed"),
    AddressNeeded: (422, "address-needed", "An address is needed"),
    TicketTaken: (409, "ticket-taken", "The ticket is taken"),
    NotYourTicket: (409, "not-your-ticket", "Not your ticket"),
    TicketNotActive: (409, "ticket-not-active", "The ticket is not active"),
    AlreadyDecided: (409, "already-decided", "Already decided"),
    NoSuchDays: (422, "no-such-days", "These days cannot be counted"),
    UnknownEntry: (422, "unknown-entry", "Unknown entry"),
    UnknownVariable: (422, "unknown-variable", "Unknown variable"),
    UnknownItem: (404, "unknown-item", "Unknown item"),
    TooLarge: (413, "body-too-large", "The body is too large"),
    NotJson: (415, "not-json", "The body is not JSON"),
    UnknownOption: (422, "unknown-option", "Unknown option"),
    UnknownMessage: (422, "unknown-message", "Unknown message"),
    SignInLocked: (429, "sign-in-locked", "Sign-in is locked for a while"),
    TooManyRequests: (429, "too-many-requests", "Too many requests"),
    AssistantUnavailable: (503, "assistant-unavailable", "The assistant is not available"),
    NotReady: (503, "not-ready", "Not ready"),
    SQLAlchemyError: (503, "storage-unavailable", "The database is not available"),
}
"""Exception → status, the last part of the problem type, title; the only place where they stand."""

HTTP_PROBLEMS = {
    400: ("malformed-body", "The body cannot be read", "Send one JSON object in UTF-8."),
    404: ("unknown-path", "There is nothing here", "The paths are described at /api/openapi.json."),
    405: ("method-not-allowed", "This method is not allowed here", "The Allow header lists the methods."),
}
INVALID = (422, "invalid-request", "The request needs a correction")


class FieldProblem(BaseModel):
    """One field that needs a correction."""

    field: str = Field(description="where: body.text, query.limit …")
    detail: str


class ProblemOut(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = Field(default=None, description="which fields need a correction")


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route for the OpenAPI document; 422 and 500 belong to every route."""
    titles = {status: title for status, _, title in (*PROBLEMS.values(), INVALID)}
    titles |= {status: title for status, (_, title, _) in HTTP_PROBLEMS.items()}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    told: dict[int | str, dict[str, Any]] = {
        status: {"description": titles.get(status, "Problem"), "content": content} for status in statuses
    }
    return {**told, 500: {"description": "Something failed here", "content": content}}


def install(app: FastAPI) -> None:
    """Answer every failure of the app with a problem."""
    for kind in PROBLEMS:
        app.add_exception_handler(kind, _handle)
    app.add_exception_handler(HTTPException, _handle_http)
    app.add_exception_handler(RequestValidationError, _handle_invalid)


def problem_response(status: int, kind: str, title: str, detail: str, **extra: Any) -> JSONResponse:
    """A problem as a response. Lone surrogates in it are replaced, so that it can always be sent."""
    body = {"type": f"urn:bangban:problem:{kind}", "title": title, "status": status, "detail": detail, **extra}
    return JSONResponse(_sendable(body), status_code=status, media_type=MEDIA_TYPE)


def failure_response() -> JSONResponse:
    """What is told when something failed that nobody thought of; the log has the rest."""
    return problem_response(
        500, "internal", "Something failed here", "It has been logged. Try again; if it stays, call 12345."
    )


async def _handle(request: Request, error: Exception) -> JSONResponse:
    kind = next(kind for kind in type(error).__mro__ if kind in PROBLEMS)
    status, name, title = PROBLEMS[kind]
    if not isinstance(error, Problem):
        log.error("storage_failed", exc_info=error)
        return problem_response(status, name, title, "Nothing was stored. Try again in a moment.")
    response = problem_response(status, name, title, error.detail, **error.extra)
    response.headers.update(error.headers)
    return response


async def _handle_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    name, title, detail = HTTP_PROBLEMS.get(error.status_code, ("http", error.detail, error.detail))
    response = problem_response(error.status_code, name, title, detail)
    response.headers.update(error.headers or {})
    return response


async def _handle_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    status, name, title = INVALID
    errors = [{"field": _field(fault), "detail": _sentence(fault)} for fault in error.errors()]
    detail = " · ".join(f"{told['field']}: {told['detail']}" for told in errors[:3])
    return problem_response(status, name, title, detail, errors=errors)


def _field(fault: Mapping[str, Any]) -> str:
    place = fault["loc"][:1] if fault["type"] == "json_invalid" else fault["loc"]
    return ".".join(map(str, place))


def _sentence(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "string_unicode":
        return "this needs whole characters; half of a surrogate pair is in it"
    if fault["type"] == "json_invalid":
        return f"this is not valid JSON: {fault['ctx']['error']} at character {fault['loc'][-1]}"
    return str(fault["msg"]).removeprefix("Value error, ")


def _sendable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_sendable(key): _sendable(held) for key, held in value.items()}
    return [_sendable(held) for held in value] if isinstance(value, list | tuple) else value
