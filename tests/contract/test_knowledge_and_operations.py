import pytest


async def test_a_search_answers_with_entries_best_first(http):
    reply = await http.get("/api/v1/search", params={"q": "砍树审批要多久", "limit": 3})
    told = reply.json()
    assert set(told) == {"query", "language", "decision", "results"}
    assert (told["query"], told["language"], told["decision"]) == ("砍树审批要多久", "zh", "answer")
    first = told["results"][0]
    assert set(first) == {"entry_id", "item_id", "facet", "title", "snippet", "score"}
    assert first["entry_id"] == "urban-tree-felling.time_limit" and len(told["results"]) <= 3
    scores = [result["score"] for result in told["results"]]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)


@pytest.mark.parametrize(("language", "expected"), [("auto", "zh"), ("zh", "zh"), ("en", "en")])
async def test_a_search_speaks_the_language_asked_for(http, language, expected, retriever):
    told = (await http.get("/api/v1/search", params={"q": "砍树要多久", "language": language})).json()
    item = retriever.base.items[told["results"][0]["item_id"]]
    assert told["language"] == expected and told["results"][0]["title"].startswith(item.name[expected])


async def test_a_search_hides_personal_data(http):
    assert "138" not in (await http.get("/api/v1/search", params={"q": "砍树 13812345678"})).json()["query"]


async def test_the_catalogue_lists_every_item(http, retriever):
    told = (await http.get("/api/v1/items")).json()
    assert told["revision"] == retriever.revision
    assert {item["item_id"] for item in told["items"]} == set(retriever.base.items)
    first = told["items"][0]
    assert set(first) == {"item_id", "name", "kind", "family", "family_name"}
    assert set(first["name"]) == set(first["family_name"]) == {"zh", "en"}
    families = [item["family"] for item in told["items"]]
    assert families == sorted(families, key=families.index)  # each family's items stand together


async def test_an_item_shows_every_answer_exactly_as_a_visitor_gets_it(http, retriever, visitor):
    told = (await http.get("/api/v1/items/urban-tree-felling")).json()
    assert told["item_id"] == "urban-tree-felling" and {"name", "kind", "family"} <= set(told)
    assert len(told["entries"]) == len(retriever.base.entries_of("urban-tree-felling"))
    entry = next(entry for entry in told["entries"] if entry["facet"] == "time_limit")
    assert set(entry) == {"entry_id", "facet", "question", "answer", "sources", "as_of", "to_confirm"}
    [message] = (await visitor.say("砍树审批要多久"))["messages"]
    assert entry["answer"]["zh"] == message["text"]
    assert [source["title"]["zh"] for source in entry["sources"]] == [s["title"] for s in message["answer"]["sources"]]


async def test_up_and_ready(http, bot):
    assert (await http.get("/healthz")).status_code == 200
    assert (await http.get("/readyz")).json() == {
        "status": "ready", "parts": {"index": "ok", "bot": "ok", "database": "ok"},
    }  # fmt: skip


async def test_readiness_names_the_part_that_is_not(app, http, bot):
    bot.is_down = True
    reply = await http.get("/readyz")
    assert reply.status_code == 503 and "bot" in reply.json()["detail"]
    assert reply.json()["parts"] == {"index": "ok", "bot": "failing", "database": "ok"}
    assert (await http.get("/healthz")).status_code == 200


async def test_metrics_count_turns_sessions_and_tickets(http, visitor):
    await visitor.say("谢谢")
    await visitor.post("handoff", {})
    told = (await http.get("/metrics")).text
    assert 'bangban_turns_total{act="welcome",language="zh"} 1.0' in told
    assert 'bangban_sessions_total{channel="web",language="zh"} 1.0' in told
    assert 'bangban_tickets_total{language="zh"} 1.0' in told
    assert 'bangban_turn_stage_seconds_count{stage="search"} 1.0' in told
