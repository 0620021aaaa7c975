"""Ratings, follow-ups and the supervisors' figures through the API, over a real database."""

import asyncio
import csv
import datetime as dt
import io

import pytest
from at_desk import API, sign_in
from sqlalchemy import text

from api.desk.hours import working_day_after
from api.oversight.supervision import HEADINGS


@pytest.fixture
async def zhou(http):
    return await sign_in(http, "zhou", "supervisor")


async def close(helper, follow_up, reason="answer_missing", action="Wrote the entry."):
    path = f"{API}/follow-ups/{follow_up['id']}/close"
    return await helper.http.post(path, json={"reason": reason, "action": action}, headers=helper.key)


async def ask_a_person(visitor, li):
    await visitor.say("砍树审批要多久")
    await visitor.say("转人工")
    return await li.take_next()


async def rate(visitor, message_id=None, resolved=False, **more):
    about = {"message_id": message_id} if message_id else {}
    reply = await visitor.post("feedback", {"resolved": resolved, **about, **more})
    assert reply.status_code == 204, reply.text


async def answer_to(visitor, question="砍树审批要多久"):
    return next(said for said in (await visitor.say(question))["messages"] if said["answer"])


async def served(visitor, li, outcome="resolved"):
    """A conversation from the question to the end; the message that asks for a rating."""
    ticket = await ask_a_person(visitor, li)
    await li.say(ticket, "我来看一下。")
    assert (await li.post(f"tickets/{ticket['id']}/resolve", {"outcome": outcome})).status_code == 200
    ended = next(said for said in await visitor.history() if said.get("event") == "ended")
    return ticket, ended["id"]


async def test_a_bad_rating_of_an_answer_opens_a_follow_up_about_its_entry(visitor, li):
    answer = await answer_to(visitor)
    await rate(visitor, answer["id"], resolved=True, rating=2, comment="打我电话 13812345678")
    (found,) = (await li.read("follow-ups"))["follow_ups"]
    assert (found["about"], found["state"], found["rating"], found["resolved"]) == ("bot", "open", 2, True)
    assert found["entry_id"] == answer["answer"]["entry_id"] and found["item_id"] == answer["answer"]["item_id"]
    assert found["item"]["zh"] and found["item"]["en"]
    assert "13812345678" not in found["comment"] and "打我电话" in found["comment"]
    opened_on = (dt.datetime.fromisoformat(found["opened_at"]) + dt.timedelta(hours=8)).date()
    assert found["due"] == working_day_after(opened_on, 3).isoformat() and not found["overdue"]


async def test_a_rating_after_a_conversation_with_a_helper_is_about_the_person_and_the_ticket(visitor, li):
    ticket, ended = await served(visitor, li)
    await rate(visitor, ended, rating=1, comment="态度不好")
    (found,) = (await li.read("follow-ups"))["follow_ups"]
    assert (found["about"], found["ticket_id"], found["helper"]) == ("person", ticket["id"], "li")
    assert found["ticket_number"] == ticket["number"] and found["item_id"] == ticket["item_id"]


async def test_a_good_word_opens_nothing(visitor, li):
    await rate(visitor, (await answer_to(visitor))["id"], resolved=True, rating=3)
    assert (await li.read("follow-ups")) == {"follow_ups": [], "total": 0}


async def test_the_same_word_twice_opens_one_follow_up_also_after_it_was_closed(visitor, li):
    answer = await answer_to(visitor)
    await asyncio.gather(*(rate(visitor, answer["id"], rating=1) for _ in range(4)))
    (found,) = (await li.read("follow-ups"))["follow_ups"]
    assert (await close(li, found)).status_code == 200
    await rate(visitor, answer["id"], rating=1)
    assert (await li.read("follow-ups", state="open"))["total"] == 0
    await rate(visitor, answer["id"], rating=1, comment="还是不行")
    assert (await li.read("follow-ups", state="open"))["total"] == 1


async def test_a_visitor_who_is_content_after_all_closes_the_follow_up(visitor, li, http):
    answer = await answer_to(visitor)
    await rate(visitor, answer["id"])
    await rate(visitor, answer["id"], resolved=True, rating=4)
    (found,) = (await li.read("follow-ups"))["follow_ups"]
    assert (found["state"], found["reason"], found["closed_by"]) == ("closed", "taken_back", None)
    admin = await sign_in(http, "chen", "admin")
    assert (await admin.read("audit", target=found["id"]))["entries"][0]["what"] == "follow_up_taken_back"


async def test_closing_needs_a_reason_of_the_list_and_an_action_and_is_audited_once(visitor, li, http):
    await rate(visitor, (await answer_to(visitor))["id"])
    (found,) = (await li.read("follow-ups"))["follow_ups"]
    assert (await close(li, found, reason="taken_back")).status_code == 422
    assert (await close(li, found, reason="whatever")).status_code == 422
    assert (await close(li, found, action="  ")).status_code == 422
    wang = await sign_in(http, "wang")
    replies = await asyncio.gather(close(li, found), close(wang, found, "answer_wrong"))
    assert sorted(reply.status_code for reply in replies) == [200, 409]
    winner = next(reply.json() for reply in replies if reply.status_code == 200)
    assert winner["state"] == "closed" and winner["closed_by"] in ("li", "wang") and winner["closed_at"]
    admin = await sign_in(http, "chen", "admin")
    entries = (await admin.read("audit", target=found["id"]))["entries"]
    assert [(entry["what"], entry["user"]) for entry in entries] == [("follow_up_closed", winner["closed_by"])]


async def test_an_unknown_follow_up_cannot_be_closed(li):
    reply = await close(li, {"id": "0" * 32})
    assert (reply.status_code, reply.json()["type"]) == (404, "urn:bangban:problem:unknown-follow-up")


async def test_what_is_past_its_due_day_is_overdue_and_comes_first(visitor, li, app):
    late, fresh = await answer_to(visitor), await answer_to(visitor, "行道树迁移要什么材料")
    await rate(visitor, late["id"])
    await rate(visitor, fresh["id"])
    async with app.state.services.database.writing() as work:
        await work._session.execute(
            text("UPDATE follow_ups SET due = '2026-01-05' WHERE message_id = :id"), {"id": late["id"]}
        )
        await work.commit()
    everything = (await li.read("follow-ups"))["follow_ups"]
    assert [(one["message_id"], one["overdue"]) for one in everything] == [(late["id"], True), (fresh["id"], False)]
    overdue = await li.read("follow-ups", overdue="true")
    assert [one["message_id"] for one in overdue["follow_ups"]] == [late["id"]] and overdue["total"] == 1
    await close(li, everything[0])
    assert (await li.read("follow-ups", overdue="true"))["total"] == 0


async def test_reasons_are_counted_by_item(visitor, li):
    trees = [await answer_to(visitor) for _ in range(2)]
    other = await answer_to(visitor, "设置户外招牌要什么材料")
    assert other["answer"]["item_id"] != trees[0]["answer"]["item_id"]
    for answer in (*trees, other):
        await rate(visitor, answer["id"])
    item_id = trees[0]["answer"]["item_id"]
    of_item = await li.read("follow-ups", item_id=item_id)
    assert of_item["total"] == 2
    await close(li, of_item["follow_ups"][0], "answer_unclear")
    counted = (await li.read("follow-ups/reasons"))["items"]
    assert [(one["item_id"], one["open"], one["closed"], one["reasons"]) for one in counted] == [
        (item_id, 1, 1, {"answer_unclear": 1}),
        (other["answer"]["item_id"], 1, 0, {}),
    ]
    assert (await li.read("follow-ups/reasons", to="2020-01-01"))["items"] == []


async def test_erasing_the_session_erases_the_comment_and_keeps_what_was_done(visitor, li):
    await rate(visitor, (await answer_to(visitor))["id"], comment="我在某某路 5 号")
    await visitor.erase()
    (found,) = (await li.read("follow-ups"))["follow_ups"]
    assert found["comment"] is None and found["session_id"] is None and found["item_id"]


async def test_the_figures_are_what_the_events_say_and_agree_with_the_tickets(visitor, li, zhou):
    ticket, ended = await served(visitor, li)
    await rate(visitor, ended, resolved=True, rating=5)
    told = await zhou.read("supervision")
    total = told["total"]
    assert total["opened"] == 1 and total["now"] == {
        "waiting": 0, "to_be_called": 0, "active": 0, "longest_wait_s": None
    }  # fmt: skip
    for measure in ("first_reply_within_60s", "resolved", "content", "resolved_by_visitors_word"):
        assert (total["shares"][measure]["count"], total["shares"][measure]["of"]) == (1, 1), measure
    (helper,) = told["helpers"]
    assert helper["helper"] == "li" and helper["shares"]["resolved"]["share"] == 1.0
    (family,) = told["families"]
    assert family["family"] == ticket["family"] and family["name"]["zh"] and family["name"]["en"]
    share = total["shares"]["resolved"]
    assert 0 < share["low"] < share["share"] == share["high"] == 1.0


async def test_who_waits_now_is_seen_whatever_days_are_asked_for(visitor, li, zhou):
    await visitor.say("转人工")
    told = await zhou.read("supervision", **{"from": "2026-01-01", "to": "2026-01-31"})
    assert (told["from"], told["to"]) == ("2026-01-01", "2026-01-31")
    assert told["total"]["now"]["waiting"] == 1 and told["total"]["now"]["longest_wait_s"] >= 0
    assert told["total"]["opened"] == 0 and told["total"]["shares"]["resolved"]["share"] is None
    await li.take_next()
    told = await zhou.read("supervision")
    assert (told["total"]["now"]["waiting"], told["total"]["now"]["active"], told["helpers"][0]["active"]) == (0, 1, 1)


async def test_a_ticket_that_a_visitor_erased_leaves_the_figures_whole(visitor, li, zhou):
    await visitor.say("转人工")
    await visitor.erase()
    told = await zhou.read("supervision")
    share = told["total"]["shares"]["left_without_reply"]
    assert (told["total"]["opened"], share["count"], share["of"]) == (1, 1, 1)
    assert told["total"]["now"]["waiting"] == 0


async def test_the_csv_has_the_same_figures_and_no_name_in_it_is_a_formula(visitor, http, zhou):
    li = await (await sign_in(http, "li", display_name="=1+1")).come()
    await served(visitor, li)
    told = await zhou.read("supervision")
    reply = await http.get(f"{API}/supervision.csv", headers=zhou.key)
    assert reply.status_code == 200 and reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"bangban-desk-{told['from']}-{told['to']}.csv" in reply.headers["content-disposition"]
    assert reply.content.startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert tuple(rows[0]) == HEADINGS and [row["scope"] for row in rows] == ["total", "helper", "family"]
    for row, figures in zip(rows, (told["total"], told["helpers"][0], told["families"][0]), strict=True):
        for measure, share in figures["shares"].items():
            assert {part: row[f"{measure}_{part}"] for part in share} == {
                part: "" if value is None else str(value) for part, value in share.items()
            }
    assert rows[1]["name_zh"] == "'=1+1"
    assert [row["hotline_target"] for row in rows] == ["0.9", "", ""]  # the target is that of all calls


async def test_metrics_tell_the_same_figures(visitor, li, zhou, http):
    def figures(page):
        return dict(line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("bangban_desk_"))

    before = figures((await http.get("/metrics")).text)
    assert before["bangban_desk_waiting"] == "0.0" and before["bangban_desk_resolved_ratio"] == "NaN"
    _, ended = await served(visitor, li)
    await rate(visitor, ended, rating=1)
    told, page = await zhou.read("supervision"), figures((await http.get("/metrics")).text)
    for measure, share in told["total"]["shares"].items():
        for part, name in (("share", "ratio"), ("count", "count"), ("of", "of")):
            assert float(page[f"bangban_desk_{measure}_{name}"]) == pytest.approx(
                float("nan") if share[part] is None else share[part], nan_ok=True, abs=1e-4
            )
    assert (page["bangban_desk_follow_ups_open"], page["bangban_desk_follow_ups_overdue"]) == ("1.0", "0.0")
    assert page["bangban_desk_longest_wait_seconds"] == "0.0" and page["bangban_desk_opened_today"] == "1.0"


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("agent", "supervision", 403),
        ("agent", "supervision.csv", 403),
        ("agent", "follow-ups", 200),
        ("maintainer", "follow-ups", 403),
        ("maintainer", "supervision", 403),
        ("supervisor", "supervision", 200),
        ("supervisor", "follow-ups/reasons", 200),
    ],
)
async def test_figures_are_for_supervisors_and_follow_ups_for_whoever_follows_up(http, role, path, status):
    somebody = await sign_in(http, "somebody", role)
    assert (await http.get(f"{API}/{path}", headers=somebody.key)).status_code == status
    assert (await http.get(f"{API}/{path}")).status_code == 401


async def test_days_that_make_no_sense_are_refused_with_what_to_do(http, zhou):
    reply = await http.get(f"{API}/supervision", params={"from": "2026-11-24", "to": "2026-11-01"}, headers=zhou.key)
    assert (reply.status_code, reply.json()["type"]) == (422, "urn:bangban:problem:no-such-days")
