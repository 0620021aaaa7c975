"""The helpers' WebSocket, over Starlette's own test client: each event once, in order, also after a break."""

import warnings

import pytest
from desk import token_for
from starlette.websockets import WebSocketDisconnect

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

EVENTS = "/api/v1/desk/events"


@pytest.fixture
def client(app):
    with TestClient(app) as client:
        yield client


@pytest.fixture
def token(client):
    return client.portal.call(token_for, client.app, "li")


@pytest.fixture
def session(client):
    return client.post("/api/v1/sessions", json={"language": "zh"}).json()


def key(token):
    return {"Authorization": f"Bearer {token}"}


def post(client, path, token, body=None):
    reply = client.post(f"/api/v1/{path}", json=body, headers=key(token))
    assert reply.status_code < 300, reply.text
    return reply.json() if reply.content else None


def say(client, session, text):
    return post(client, f"sessions/{session['session_id']}/messages", session["token"], {"text": text})


def come(client, token):
    client.put("/api/v1/desk/presence", json={"state": "online"}, headers=key(token))


def until(socket, kind):
    """The frames up to the first event of a kind."""
    frames = []
    while not frames or frames[-1].get("kind") != kind:
        frames.append(socket.receive_json())
    return frames


def hello(socket, token, **more):
    socket.send_json({"token": token, **more})
    told = socket.receive_json()
    assert told["type"] == "hello"
    return told


def close_code(client, first):
    with client.websocket_connect(EVENTS) as socket:
        socket.send_text(first)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    return closed.value.code


@pytest.mark.parametrize(
    ("first", "code"),
    [("nonsense", 4422), ("[]", 4422), ('{"after": -1}', 4422), ('{"after": true}', 4422), ("{}", 4401),
     ('{"token": "no such token"}', 4401)],
)  # fmt: skip
def test_a_first_frame_that_opens_nothing_is_refused(client, first, code):
    assert close_code(client, first) == code


def test_a_waiting_visitor_is_told_of_and_what_they_say_reaches_their_helper_alone(client, token, session):
    come(client, token)
    other = client.portal.call(token_for, client.app, "wang")
    with client.websocket_connect(EVENTS) as mine, client.websocket_connect(EVENTS) as theirs:
        assert hello(mine, token)["house"]["is_open"] is True
        hello(theirs, other)
        say(client, session, "转人工")
        opened = until(mine, "opened")[-1]
        assert opened["ticket"]["state"] == "queued" and "message" not in opened
        ticket_id = opened["ticket_id"]
        post(client, f"desk/tickets/{ticket_id}/accept", token)
        say(client, session, "在吗")
        told = until(mine, "message")[-1]
        assert (told["message"]["text"], told["ticket"]["unread"]) == ("在吗", 2)
        post(client, f"desk/tickets/{ticket_id}/resolve", token, {"outcome": "resolved"})
        seen = until(theirs, "resolved")
        assert [frame["kind"] for frame in seen if frame.get("kind") in ("accepted", "message", "resolved")] == [
            "accepted",
            "resolved",
        ]


def test_a_page_that_comes_back_gets_the_rest_once_and_in_order(client, token, session):
    come(client, token)
    with client.websocket_connect(EVENTS) as socket:
        epoch = hello(socket, token)["epoch"]
        say(client, session, "转人工")
        opened = until(socket, "opened")[-1]
    ticket_id = opened["ticket_id"]
    post(client, f"desk/tickets/{ticket_id}/accept", token)
    for text in ("一", "二", "三"):
        say(client, session, text)
    with client.websocket_connect(EVENTS) as socket:
        hello(socket, token, epoch=epoch, after=opened["sequence"])
        post(client, f"desk/tickets/{ticket_id}/resolve", token, {"outcome": "resolved"})
        frames = until(socket, "resolved")
        sequences = [frame["sequence"] for frame in frames]
        assert sequences == sorted(set(sequences)) and sequences[0] > opened["sequence"]
        assert [frame["message"]["text"] for frame in frames if frame["kind"] == "message"] == ["一", "二", "三"]


def test_a_page_that_remembers_another_database_begins_anew(client, token, session):
    come(client, token)
    say(client, session, "转人工")
    with client.websocket_connect(EVENTS) as socket:
        newest = hello(socket, token, epoch="another", after=0)["sequence"]
        socket.send_json({"type": "beat"})
        client.put("/api/v1/desk/presence", json={"state": "away"}, headers=key(token))
        assert until(socket, "presence_changed")[0]["sequence"] > newest


def test_typing_is_shown_both_ways(client, token, session):
    come(client, token)
    path = f"/api/v1/sessions/{session['session_id']}/events"
    with client.websocket_connect(EVENTS) as desk, client.websocket_connect(path) as visitor:
        hello(desk, token)
        visitor.send_json({"token": session["token"], "after": session["messages"][0]["id"]})
        assert visitor.receive_json()["type"] == "state"
        say(client, session, "转人工")
        ticket_id = until(desk, "opened")[-1]["ticket_id"]
        post(client, f"desk/tickets/{ticket_id}/accept", token)
        visitor.send_json({"type": "typing"})
        while (told := desk.receive_json())["type"] != "typing":
            pass
        assert told == {"type": "typing", "ticket_id": ticket_id}
        post(client, f"desk/tickets/{ticket_id}/typing", token)
        seen = []
        while not seen or seen[-1] != {"type": "typing", "sender": "agent"}:
            seen.append(visitor.receive_json())
        assert [frame["state"] for frame in seen if frame.get("type") == "state"] == ["queued", "human"]


def test_helpers_see_whether_the_visitor_is_there(client, token, session):
    come(client, token)
    with client.websocket_connect(EVENTS) as desk:
        hello(desk, token)
        say(client, session, "转人工")
        assert until(desk, "opened")[-1]["ticket"]["visitor_online"] is False
        with client.websocket_connect(f"/api/v1/sessions/{session['session_id']}/events") as visitor:
            visitor.send_json({"token": session["token"]})
            visitor.receive_json()
            while (told := desk.receive_json())["type"] != "visitor":
                pass
            assert told["online"] is True
