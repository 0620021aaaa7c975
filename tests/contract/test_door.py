import json

import httpx
import pytest
from desk import running, start

PROBLEM = "application/problem+json"


def is_problem(reply: httpx.Response, status: int) -> dict:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == PROBLEM
    told = reply.json()
    assert {"type", "title", "status", "detail"} <= set(told) and told["status"] == status and told["detail"]
    return told


@pytest.mark.parametrize("text", ["", "   ", "\n\t ", "\u200b\u200b", "\u3000", "\ufeff", "a" * 1001])
async def test_text_that_is_empty_or_too_long_after_trimming_is_refused(visitor, text):
    told = is_problem(await visitor.post("messages", {"text": text}), 422)
    assert told["errors"][0]["field"] == "body.text"


@pytest.mark.parametrize("text", ["a", "  砍树  ", "字" * 1000, " " * 50 + "字" * 1000 + "\n", "一行\n二行\t三"])
async def test_text_of_1_to_1000_characters_after_trimming_is_taken(visitor, text):
    await visitor.say(text)
    assert (await visitor.history())[1]["text"] == text.strip()


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "\x07", "a\x7fb", "a\x85b"])
async def test_control_characters_are_refused_in_plain_words(visitor, text):
    told = is_problem(await visitor.post("messages", {"text": text}), 422)
    assert "control character" in told["errors"][0]["detail"]


SURROGATE = '"\\ud800"'


@pytest.mark.parametrize(
    ("below", "body"),
    [
        ("messages", f'{{"text": {SURROGATE}}}'),
        ("messages", '{"text": "砍树\\udfff吗"}'),
        ("messages", f'{{"text": "a", "client_id": {SURROGATE}}}'),
        ("messages", f'{{"payload": {SURROGATE}}}'),
        ("feedback", f'{{"resolved": true, "comment": {SURROGATE}}}'),
        ("feedback", f'{{"resolved": true, "message_id": {SURROGATE}}}'),
        ("handoff", f'{{"reason": {SURROGATE}}}'),
    ],
)
async def test_half_a_surrogate_pair_is_refused_and_breaks_nothing(http, visitor, below, body):
    headers = {**visitor.key, "Content-Type": "application/json"}
    reply = await http.post(f"{visitor.path}/{below}", content=body.encode(), headers=headers)
    assert "surrogate" in is_problem(reply, 422)["errors"][0]["detail"]


async def test_unknown_fields_with_surrogates_are_ignored(http, visitor):
    headers = {**visitor.key, "Content-Type": "application/json"}
    body = f'{{"text": "你好", {SURROGATE}: {SURROGATE}}}'.encode()
    assert (await http.post(f"{visitor.path}/messages", content=body, headers=headers)).status_code == 200


@pytest.mark.parametrize("field", ["language", "channel", "context"])
async def test_surrogates_in_a_session_wish_are_refused(http, field):
    body = f'{{"{field}": {SURROGATE}}}'.encode()
    is_problem(await http.post("/api/v1/sessions", content=body, headers={"Content-Type": "application/json"}), 422)


@pytest.mark.parametrize(
    "query", ["q=%ED%A0%80", "q=a%00b", "q=", "q=%20", "", "q=a&limit=0", "q=a&limit=x", "q=a&language=fr"]
)
async def test_odd_queries_are_refused_or_searched_but_never_fail(http, query):
    assert (await http.get(f"/api/v1/search?{query}")).status_code in (200, 422)


@pytest.mark.parametrize("body", [{}, {"text": "a", "payload": "b"}, {"text": None}, {"text": 5}, [], "a", None, 5])
async def test_a_message_holds_exactly_one_of_text_and_payload(visitor, body):
    assert is_problem(await visitor.post("messages", body), 422)["errors"]


async def test_html_is_text_and_comes_back_as_it_was_typed(visitor):
    typed = "<script>alert(1)</script> & **砍树** [x](javascript:1)"
    [reply] = (await visitor.say(typed))["messages"]
    assert (await visitor.history())[1]["text"] == typed
    assert "script" not in reply["text"]


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"{", 422), (b"\xff\xfe", 422), (b'{"text": NaN}', 422), (b"[" * 30_000, 400), (b'{"text": "\xff"}', 400)],
)
async def test_a_body_that_is_no_json_is_refused(http, visitor, content, status):
    headers = {**visitor.key, "Content-Type": "application/json"}
    is_problem(await http.post(f"{visitor.path}/messages", content=content, headers=headers), status)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_another_content_type_is_refused(http, visitor, kind):
    headers = {**visitor.key, **({"Content-Type": kind} if kind else {})}
    body = json.dumps({"text": "你好"}).encode()
    is_problem(await http.post(f"{visitor.path}/messages", content=body, headers=headers), 415)
    is_problem(await http.post("/api/v1/sessions", content=b"{}", headers={"Content-Type": kind or "x/y"}), 415)


async def test_a_body_that_is_too_large_is_refused_announced_or_not(http, visitor):
    headers = {**visitor.key, "Content-Type": "application/json"}
    body = json.dumps({"text": "a", "more": "x" * 70_000}).encode()

    async def in_pieces():
        for begin in range(0, len(body), 8192):
            yield body[begin : begin + 8192]

    for content in (body, in_pieces()):
        is_problem(await http.post(f"{visitor.path}/messages", content=content, headers=headers), 413)
    assert len(await visitor.history()) == 1


async def test_unknown_paths_and_methods_are_problems_too(http):
    is_problem(await http.get("/api/v1/nothing"), 404)
    is_problem(await http.get("/api/v1/items/nothing"), 404)
    is_problem(await http.get("/static/nothing.js"), 404)
    refused = await http.put("/api/v1/sessions")
    is_problem(refused, 405)
    assert "POST" in refused.headers["allow"]


async def test_a_failure_nobody_thought_of_tells_nothing_but_that(app, http, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(app.state.services.limits, "count", fail)
    reply = await http.get("/api/v1/search", params={"q": "砍树"})
    assert "secret" not in reply.text and "Traceback" not in reply.text
    is_problem(reply, 500)
    assert reply.headers["x-request-id"]


async def test_a_sane_request_id_comes_back_and_another_is_replaced(http):
    assert (await http.get("/healthz", headers={"X-Request-ID": "abc-12345"})).headers["x-request-id"] == "abc-12345"
    for odd in ("x", "a b c d e f g h", "<script>alert(1)"):
        assert (await http.get("/healthz", headers={"X-Request-ID": odd})).headers["x-request-id"] != odd


async def test_the_21st_message_of_a_minute_is_asked_to_wait(make_app):
    async with running(make_app(rate_limits="on")) as http:
        visitor = await start(http)
        for _ in range(20):
            await visitor.say("谢谢")
        refused = await visitor.post("messages", {"text": "谢谢"})
        is_problem(refused, 429)
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        other = await start(http)
        await other.say("谢谢")


async def test_addresses_are_counted_apart_only_behind_a_trusted_proxy(make_app):
    async def starts(http) -> list[int]:
        return [
            (await http.post("/api/v1/sessions", headers={"X-Forwarded-For": f"198.51.100.{n}"})).status_code
            for n in range(22)
        ]

    async with running(make_app(rate_limits="on")) as http:
        assert (await starts(http))[19:] == [201, 429, 429]
    async with running(make_app(rate_limits="on", trusted_proxies="203.0.113.0/24")) as http:
        assert set(await starts(http)) == {201}


async def test_any_page_may_call_the_visitors_part_without_credentials(http):
    asked = {"Origin": "https://gov.example", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "authorization,content-type"}  # fmt: skip
    allowed = await http.options("/api/v1/sessions", headers=asked)
    assert allowed.status_code == 200 and allowed.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in allowed.headers
    reply = await http.get("/api/v1/items/nothing", headers={"Origin": "https://gov.example"})
    assert reply.headers["access-control-allow-origin"] == "*"
    closed = await http.get("/metrics", headers={"Origin": "https://gov.example"})
    assert "access-control-allow-origin" not in closed.headers


async def test_headers_keep_browsers_from_guessing_and_framing(http):
    reply = await http.get("/api/v1/items")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors" in reply.headers["content-security-policy"]
    page = await http.get("/")
    assert page.status_code == 200 and "script-src" not in page.headers["content-security-policy"]
    assert (await http.get("/widget.js")).headers["content-type"].startswith("text/javascript")
