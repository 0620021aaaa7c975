"""The WebSocket, over Starlette's own test client: it speaks ASGI to the same app."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from api.routes import events

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


@pytest.fixture
def client(app) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture
def session(client) -> dict[str, Any]:
    return client.post("/api/v1/sessions", json={"language": "zh"}).json()


def path(session: dict[str, Any]) -> str:
    return f"/api/v1/sessions/{session['session_id']}"


def say(client: TestClient, session: dict[str, Any], text: str) -> list[dict[str, Any]]:
    key = {"Authorization": f"Bearer {session['token']}"}
    reply = client.post(f"{path(session)}/messages", json={"text": text}, headers=key)
    assert reply.status_code == 200
    return reply.json()["messages"]


def state_of(frame: dict[str, Any]) -> str:
    assert frame["type"] == "state" and frame["epoch"] and frame["sequence"] >= 0
    return frame["state"]


def closed_with(client: TestClient, session_path: str, first: str | None) -> int:
    with client.websocket_connect(f"{session_path}/events") as socket:
        if first is not None:
            socket.send_text(first)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    return closed.value.code


@pytest.mark.parametrize("first", ["", "nonsense", "[]", "{}", '{"token": ""}', '{"token": 5}', "x" * 5000])
def test_a_first_frame_without_a_token_closes_4401(client, session, first):
    assert closed_with(client, path(session), first) == 4401


def test_no_first_frame_closes_4401(client, session, monkeypatch):
    monkeypatch.setattr(events, "FIRST_FRAME_S", 0.05)
    assert closed_with(client, path(session), None) == 4401


def test_another_sessions_token_closes_4403_as_for_no_session(client, session):
    other = client.post("/api/v1/sessions", json={}).json()
    first = f'{{"token": "{other["token"]}"}}'
    assert closed_with(client, path(session), first) == 4403
    assert closed_with(client, "/api/v1/sessions/nothing", first) == 4403
    assert closed_with(client, path(session), '{"token": "\\ud800"}') == 4403


def test_messages_and_typing_are_pushed_as_they_happen(client, session):
    greeting = session["messages"][0]
    with client.websocket_connect(f"{path(session)}/events") as socket:
        socket.send_json({"token": session["token"], "after": greeting["id"]})
        assert state_of(socket.receive_json()) == "bot"
        [reply] = say(client, session, "砍树要多久")
        assert socket.receive_json() == {"type": "typing"}
        asked = socket.receive_json()
        assert (asked["sender"], asked["text"]) == ("visitor", "砍树要多久")
        assert socket.receive_json() == reply


def test_a_client_that_returns_misses_nothing_and_gets_nothing_twice(client, session):
    said = [say(client, session, text)[0] for text in ("你好", "谢谢", "再见")]
    with client.websocket_connect(f"{path(session)}/events") as socket:
        socket.send_json({"token": session["token"], "after": said[0]["id"]})
        assert socket.receive_json()["type"] == "state"
        assert [socket.receive_json()["text"] for _ in range(4)] == ["谢谢", said[1]["text"], "再见", said[2]["text"]]
        [late] = say(client, session, "你是谁")
        assert socket.receive_json() == {"type": "typing"}
        assert socket.receive_json()["text"] == "你是谁"
        assert socket.receive_json() == late


def test_without_after_the_whole_conversation_comes(client, session):
    with client.websocket_connect(f"{path(session)}/events") as socket:
        socket.send_json({"token": session["token"]})
        assert socket.receive_json()["type"] == "state"
        assert socket.receive_json() == session["messages"][0]


def test_an_unknown_after_closes_4422(client, session):
    first = f'{{"token": "{session["token"]}", "after": "nonsense"}}'
    with client.websocket_connect(f"{path(session)}/events") as socket:
        socket.send_text(first)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4422


def test_erasing_says_closed_and_ends_the_socket(client, session):
    key = {"Authorization": f"Bearer {session['token']}"}
    with client.websocket_connect(f"{path(session)}/events") as socket:
        socket.send_json({"token": session["token"], "after": session["messages"][0]["id"]})
        assert state_of(socket.receive_json()) == "bot"
        assert client.delete(path(session), headers=key).status_code == 204
        assert state_of(socket.receive_json()) == "closed"
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()


def test_an_idle_socket_gets_heartbeats(client, session, monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    with client.websocket_connect(f"{path(session)}/events") as socket:
        socket.send_json({"token": session["token"], "after": session["messages"][0]["id"]})
        assert socket.receive_json()["type"] == "state"
        assert socket.receive_json() == {"type": "heartbeat"}
        socket.send_text("what a client says later is ignored")
        assert socket.receive_json() == {"type": "heartbeat"}


def test_a_socket_that_leaves_is_forgotten(app, client, session):
    with client.websocket_connect(f"{path(session)}/events") as socket:
        socket.send_json({"token": session["token"]})
        socket.receive_json()
    say(client, session, "你好")
    assert app.state.services.events._followers == {}
