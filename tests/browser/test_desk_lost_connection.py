"""Nothing that a helper writes is lost, and nothing is said twice."""

import time

from playwright.sync_api import expect
from test_desk_shift import wait_for_a_person
from visit import ANSWER_MS


def test_a_reply_written_without_a_connection_is_sent_once_when_it_is_back(visit, helper):
    li = helper("li")
    chat = wait_for_a_person(visit)
    li.accept()
    li.page.context.set_offline(True)
    expect(li.connection).to_contain_text("断线", timeout=ANSWER_MS)
    li.field.fill("请带上产权证明。")
    li.field.press("Enter")
    expect(li.page.locator(".delivery")).to_have_text("等待发送")
    expect(li.connection).to_contain_text("1 条待发")
    li.page.context.set_offline(False)
    expect(li.connection).to_contain_text("已连接", timeout=ANSWER_MS)
    expect(li.page.locator(".delivery")).to_have_count(0, timeout=ANSWER_MS)
    expect(chat.panel.locator(".from-agent")).to_have_count(1, timeout=ANSWER_MS)
    assert [message["text"] for message in chat.history() if message["sender"] == "agent"] == ["请带上产权证明。"]


def test_a_page_that_is_loaded_again_has_the_conversation_and_what_was_begun(visit, helper):
    li = helper("li")
    wait_for_a_person(visit)
    li.accept()
    li.field.fill("写到一半")
    li.page.reload()
    expect(li.mine).to_have_count(1, timeout=ANSWER_MS)
    expect(li.field).to_have_value("写到一半", timeout=ANSWER_MS)


def test_what_visitors_said_meanwhile_is_there_after_a_lost_connection(visit, helper):
    li = helper("li")
    chat = wait_for_a_person(visit)
    li.accept()
    li.page.context.set_offline(True)
    expect(li.connection).to_contain_text("断线", timeout=ANSWER_MS)
    chat.ask("还在吗？")
    expect(chat.panel.locator(".delivery")).to_have_count(0, timeout=ANSWER_MS)
    li.page.context.set_offline(False)
    expect(li.said("visitor").last).to_have_text("还在吗？", timeout=ANSWER_MS)


def test_the_waiting_clock_does_not_follow_a_changed_wall_clock(visit, helper):
    li = helper("li")
    wait_for_a_person(visit)
    expect(li.queue).to_have_count(1, timeout=ANSWER_MS)
    before = li.queue.locator(".face").inner_text()
    li.page.evaluate("() => { const now = Date.now; Date.now = () => now() + 3_600_000 }")
    time.sleep(2.5)
    after = li.queue.locator(".face").inner_text()
    seconds = [int(face.split(":")[0]) * 60 + int(face.split(":")[1]) for face in (before, after)]
    assert 1 <= seconds[1] - seconds[0] <= 10
    li.accept()
