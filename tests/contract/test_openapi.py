"""Schemathesis walks through the OpenAPI document with odd and valid requests against the real app."""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
import schemathesis
import uvicorn
from desk import ScriptedBot, settings_in, token_in
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from api.storage.database import Database

PATHS = {
    "/api/v1/sessions": {"post"},
    "/api/v1/sessions/{session_id}": {"delete"},
    "/api/v1/sessions/{session_id}/messages": {"get", "post"},
    "/api/v1/sessions/{session_id}/feedback": {"post"},
    "/api/v1/sessions/{session_id}/handoff": {"delete", "get", "post"},
    "/api/v1/search": {"get"},
    "/api/v1/items": {"get"},
    "/api/v1/items/{item_id}": {"get"},
    "/healthz": {"get"},
    "/readyz": {"get"},
    "/metrics": {"get"},
    "/api/v1/auth/login": {"post"},
    "/api/v1/auth/logout": {"post"},
    "/api/v1/auth/me": {"get"},
    "/api/v1/auth/ways": {"get"},
    "/api/v1/auth/oidc/start": {"get"},
    "/api/v1/auth/oidc/end": {"get"},
    "/api/v1/auth/oidc/callback": {"get"},
    "/api/v1/audit": {"get"},
    "/api/v1/notice": {"get"},
    "/api/v1/sessions/{session_id}/callback": {"post"},
    "/api/v1/desk/presence": {"get", "put"},
    "/api/v1/desk/tickets": {"get"},
    "/api/v1/desk/tickets/{ticket_id}": {"get"},
    "/api/v1/desk/tickets/{ticket_id}/accept": {"post"},
    "/api/v1/desk/tickets/{ticket_id}/messages": {"post"},
    "/api/v1/desk/tickets/{ticket_id}/transfer": {"post"},
    "/api/v1/desk/tickets/{ticket_id}/return": {"post"},
    "/api/v1/desk/tickets/{ticket_id}/resolve": {"post"},
    "/api/v1/desk/tickets/{ticket_id}/notes": {"post"},
    "/api/v1/desk/tickets/{ticket_id}/typing": {"post"},
    "/api/v1/desk/tickets/{ticket_id}/read": {"post"},
    "/api/v1/desk/suggestions": {"get"},
    "/api/v1/desk/canned": {"get"},
    "/api/v1/desk/canned/{canned_id}": {"delete", "put"},
    "/api/v1/desk/search": {"get"},
    "/api/v1/desk/mode": {"get", "put"},
    "/api/v1/desk/notice": {"get", "put"},
    "/api/v1/desk/house": {"get"},
    "/api/v1/desk/approvals": {"get"},
    "/api/v1/desk/approvals/{held_id}/approve": {"post"},
    "/api/v1/desk/approvals/{held_id}/edit": {"post"},
    "/api/v1/desk/approvals/{held_id}/reject": {"post"},
    "/api/v1/desk/colleagues": {"get"},
    "/api/v1/desk/tickets/{ticket_id}/promotions": {"post"},
    "/api/v1/desk/promotions": {"get"},
    "/api/v1/desk/promotions/{promotion_id}/close": {"post"},
    "/api/v1/supervision": {"get"},
    "/api/v1/supervision.csv": {"get"},
    "/api/v1/follow-ups": {"get"},
    "/api/v1/follow-ups/reasons": {"get"},
    "/api/v1/follow-ups/{follow_up_id}/close": {"post"},
    "/api/v1/follow-ups/{follow_up_id}/callback": {"post"},
    "/api/v1/hotline/roster": {"get", "put"},
    "/api/v1/hotline/calls": {"get", "post"},
    "/api/v1/hotline/calls/{call_id}": {"get"},
    "/api/v1/hotline/calls/{call_id}/log": {"post"},
    "/api/v1/hotline/calls/{call_id}/end": {"post"},
    "/api/v1/hotline/rate": {"get"},
}
HELPERS = (
    "/api/v1/auth/",
    "/api/v1/audit",
    "/api/v1/desk/",
    "/api/v1/supervision",
    "/api/v1/follow-ups",
    "/api/v1/hotline/",
)
"""Where a helper's token is the key, not a session's."""


@dataclass(frozen=True)
class Served:
    """The app behind a real server: its address, a visitor's session, an administrator's token."""

    url: str
    session: dict[str, str]
    token: str


@pytest.fixture
def served(app) -> Iterator[Served]:
    """A real server in a thread: the app works beside the requests, and all of it belongs to one event loop."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    try:
        session = httpx.post(f"{url}/api/v1/sessions", json={}, trust_env=False).json()
        yield Served(url, session, asyncio.run(_administrator(app.state.services.settings.database)))
    finally:
        server.should_exit = True
        thread.join()


async def _administrator(database_url: str) -> str:
    database = Database(database_url)
    try:
        return await token_in(database, "chen", "admin")
    finally:
        await database.close()


@pytest.fixture(scope="module")
def document(tmp_path_factory, retriever):
    app = create_app(settings_in(tmp_path_factory.mktemp("document")), retriever, ScriptedBot())
    return schemathesis.openapi.from_dict(app.openapi())


@pytest.mark.parametrize(("path", "method"), [(path, method) for path in PATHS for method in sorted(PATHS[path])])
def test_every_reply_is_as_the_document_says(path, method, document, served):
    token = served.token if path.startswith(HELPERS) else served.session["token"]
    key = {"Authorization": f"Bearer {token}"}

    @given(case=document[path][method].as_strategy())
    @settings(max_examples=10, database=None, suppress_health_check=list(HealthCheck))
    def walk(case):
        if "session_id" in case.path_parameters and method != "delete":
            case.path_parameters["session_id"] = served.session["session_id"]
        # JSON Schema cannot say that a text has a visible character or that an id or payload is one of this session.
        case.call_and_validate(served.url, headers=key, excluded_checks=[positive_data_acceptance])

    walk()


async def test_the_document_has_every_path_of_the_contract_and_every_refusal_is_a_problem(http):
    document = (await http.get("/api/openapi.json")).json()
    assert {path: set(methods) for path, methods in document["paths"].items()} == PATHS
    for methods in document["paths"].values():
        for operation in methods.values():
            refusals = {code: told for code, told in operation["responses"].items() if int(code) >= 400}
            assert refusals
            assert all(set(told["content"]) == {"application/problem+json"} for told in refusals.values())
