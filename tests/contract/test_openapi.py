"""Schemathesis walks through the OpenAPI document with odd and valid requests against the real app."""

import warnings
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PATHS = {
    "/api/v1/sessions": {"post"},
    "/api/v1/sessions/{session_id}": {"delete"},
    "/api/v1/sessions/{session_id}/messages": {"post", "get"},
    "/api/v1/sessions/{session_id}/feedback": {"post"},
    "/api/v1/sessions/{session_id}/handoff": {"post"},
    "/api/v1/search": {"get"},
    "/api/v1/items": {"get"},
    "/api/v1/items/{item_id}": {"get"},
    "/healthz": {"get"},
    "/readyz": {"get"},
    "/metrics": {"get"},
}


@pytest.fixture
def running_app(app) -> Iterator[object]:
    with TestClient(app) as client:
        app.state.test_session = client.post("/api/v1/sessions", json={}).json()
        yield app


@pytest.fixture
def document(running_app):
    return schemathesis.openapi.from_asgi("/api/openapi.json", running_app)


@pytest.mark.parametrize(("path", "method"), [(path, method) for path in PATHS for method in sorted(PATHS[path])])
def test_every_reply_is_as_the_document_says(path, method, document, running_app):
    session = running_app.state.test_session
    key = {"Authorization": f"Bearer {session['token']}"}

    @given(case=document[path][method].as_strategy())
    @settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def walk(case):
        if "session_id" in case.path_parameters and method != "delete":
            case.path_parameters["session_id"] = session["session_id"]
        # JSON Schema cannot say that a text has a visible character or that an id or payload is one of this session.
        case.call_and_validate(headers=key, excluded_checks=[positive_data_acceptance])

    walk()


async def test_the_document_has_every_path_of_the_contract_and_every_refusal_is_a_problem(http):
    document = (await http.get("/api/openapi.json")).json()
    assert {path: set(methods) for path, methods in document["paths"].items()} == PATHS
    for methods in document["paths"].values():
        for operation in methods.values():
            refusals = {code: told for code, told in operation["responses"].items() if int(code) >= 400}
            assert refusals
            assert all(set(told["content"]) == {"application/problem+json"} for told in refusals.values())
