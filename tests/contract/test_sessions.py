import json

import pytest
from desk import running, start
from sqlalchemy import text


async def test_a_session_starts_with_a_greeting_and_six_hot_topics(http):
    reply = await http.post("/api/v1/sessions", json={"language": "en", "channel": "web"})
    told = reply.json()
    assert reply.status_code == 201
    assert set(told) == {"session_id", "token", "language", "messages"} and told["language"] == "en"
    [greeting] = told["messages"]
    assert set(greeting) == {"id", "sequence", "at", "sender", "kind", "language", "text", "answer", "options"}
    assert (greeting["sender"], greeting["kind"], greeting["language"], greeting["answer"]) == (
        "bot",
        "text",
        "en",
        None,
    )
    assert len(greeting["options"]) == 6
    assert greeting["at"].endswith("Z")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("en-GB,en;q=0.9,zh;q=0.5", "en"),
        ("zh-CN,zh;q=0.9,en", "zh"),
        ("fr", "zh"),
        ("en;q=0.3, zh;q=0.8", "zh"),
        ("", "zh"),
    ],
)
async def test_auto_greets_in_the_language_that_the_browser_asks_for(http, accepted, language):
    reply = await http.post("/api/v1/sessions", json={"language": "auto"}, headers={"Accept-Language": accepted})
    assert reply.json()["language"] == language


async def test_a_session_opened_on_an_item_offers_its_facets(http):
    visitor = await start(http, language="en", context={"item_id": "urban-tree-felling"})
    options = visitor.greeting["options"]
    assert {option["item_id"] for option in options} == {"urban-tree-felling"}
    assert len({option["facet"] for option in options}) == len(options) >= 2
    assert "fell urban trees" in visitor.greeting["text"]


async def test_a_follow_up_without_a_name_is_about_the_item_that_the_page_named(http, bot):
    visitor = await start(http, context={"item_id": "urban-tree-felling"})
    [message] = (await visitor.say("要多久能批下来"))["messages"]
    first = message["answer"] or message["options"][0]
    assert first["item_id"] == "urban-tree-felling"


async def test_an_unknown_item_cannot_open_a_session(http):
    reply = await http.post("/api/v1/sessions", json={"context": {"item_id": "no-such-item"}})
    assert reply.status_code == 404 and reply.json()["type"].endswith("unknown-item")


async def test_a_session_can_start_without_a_body(http):
    assert (await http.post("/api/v1/sessions")).status_code == 201


CALLS = [
    ("POST", "/messages", {"text": "你好"}),
    ("POST", "/messages", {"text": ""}),
    ("GET", "/messages", None),
    ("POST", "/feedback", {"resolved": True}),
    ("POST", "/handoff", {}),
    ("DELETE", "", None),
]


@pytest.mark.parametrize(("method", "below", "body"), CALLS)
async def test_without_a_token_every_call_answers_401(http, visitor, method, below, body):
    for path in (visitor.path, f"/api/v1/sessions/{'0' * 32}", "/api/v1/sessions/nonsense"):
        reply = await http.request(method, path + below, json=body)
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"].startswith("Bearer")
        assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "below", "body"), CALLS)
async def test_another_sessions_token_answers_403_as_for_a_session_that_does_not_exist(
    http, visitor, method, below, body
):
    other = await start(http)
    refused = [
        await http.request(method, path + below, json=body, headers=other.key)
        for path in (visitor.path, f"/api/v1/sessions/{'0' * 32}", "/api/v1/sessions/nonsense")
    ]
    assert [reply.status_code for reply in refused] == [403, 403, 403]
    assert len({reply.text for reply in refused}) == 1
    assert len(await visitor.history()) == 1


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer ", "token"])
async def test_what_is_no_bearer_token_counts_as_none(http, visitor, header):
    assert (await http.get(f"{visitor.path}/messages", headers={"Authorization": header})).status_code == 401


async def test_the_history_is_the_same_for_a_second_tab(visitor):
    replied = [message for text in ("砍树要办什么", "要多久") for message in (await visitor.say(text))["messages"]]
    history = await visitor.history()
    assert [message["sender"] for message in history] == ["bot", "visitor", "bot", "visitor", "bot"]
    assert [history[2], history[4]] == replied
    assert await visitor.history(after=history[2]["id"]) == history[3:]
    assert await visitor.history(after=history[-1]["id"]) == []


async def test_an_unknown_after_is_refused_and_so_is_another_sessions(http, visitor):
    other = await start(http)
    for after in ("nonsense", other.greeting["id"]):
        reply = await http.get(f"{visitor.path}/messages", params={"after": after}, headers=visitor.key)
        assert reply.status_code == 422 and reply.json()["type"].endswith("unknown-message")


async def test_the_token_is_nowhere_in_the_database(http, visitor, tmp_path):
    await visitor.say("你好")
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("bangban.db*"))
    assert visitor.session_id.encode() in stored
    assert visitor.token.encode() not in stored


async def test_erasing_forgets_every_word_and_keeps_the_statistics(app, http, visitor, bot):
    await visitor.say("我家香樟树要砍，秘密一号")
    await visitor.post("feedback", {"resolved": False, "comment": "秘密二号"})
    await visitor.post("handoff", {"reason": "秘密三号"})
    await visitor.erase()
    assert (await http.get(f"{visitor.path}/messages", headers=visitor.key)).status_code == 403
    assert bot.forgotten == [visitor.session_id]
    async with app.state.services.database.reading() as work:
        tables = {}
        for table in ("sessions", "messages", "tickets", "feedback", "turn_events"):
            rows = await work._session.execute(text(f"SELECT * FROM {table}"))
            tables[table] = [dict(row._mapping) for row in rows]
    assert "秘密" not in json.dumps(tables, ensure_ascii=False, default=str)
    assert (tables["sessions"], tables["messages"]) == ([], [])
    assert len(tables["turn_events"]) == 1 and len(tables["feedback"]) == 1
    assert tables["tickets"][0]["state"] == "resolved"


async def test_erasing_twice_answers_403(http, visitor):
    await visitor.erase()
    assert (await http.delete(visitor.path, headers=visitor.key)).status_code == 403


async def test_a_restart_keeps_the_conversation(make_app, visitor):
    await visitor.say("你好")
    async with running(make_app()) as again:
        reply = await again.get(f"{visitor.path}/messages", headers=visitor.key)
        assert [message["text"] for message in reply.json()["messages"]][1] == "你好"
