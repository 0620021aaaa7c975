"""Nothing that a visitor says is lost, and nothing is said twice."""

import json

from playwright.sync_api import expect
from visit import ANSWER_MS, Visit

QUESTION = "店铺招牌要办什么手续？"


def is_message(url: str) -> bool:
    return url.endswith("/messages")


def test_words_said_without_a_connection_are_sent_once_when_it_is_back(chat):
    # Its socket must be up before: one that is still opening is not cut off by the browser's switch.
    chat.ask("你好")
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)
    chat.page.context.set_offline(True)
    expect(chat.status).to_contain_text("网络断了")
    chat.ask(QUESTION).ask("要多久？")
    expect(chat.panel.locator(".delivery")).to_have_text(["等待发送", "等待发送"])
    chat.page.context.set_offline(False)
    expect(chat.status).to_contain_text("已重新连上", timeout=ANSWER_MS)
    expect(chat.panel.locator(".delivery")).to_have_count(0, timeout=ANSWER_MS)
    expect(chat.panel.locator(".entry:not(.from-visitor)")).to_have_count(4, timeout=ANSWER_MS)
    assert chat.told_by_visitor() == ["你好", QUESTION, "要多久？"]


def test_words_waiting_to_be_sent_outlive_a_reload(chat):
    chat.page.route(is_message, lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    chat.ask(QUESTION)
    expect(chat.panel.locator(".delivery")).to_have_text("等待发送")
    chat.page.unroute(is_message)
    chat.page.reload()
    expect(chat.said).to_have_text([QUESTION], timeout=ANSWER_MS)
    expect(chat.panel.locator(".delivery")).to_have_count(0, timeout=ANSWER_MS)
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)
    assert chat.told_by_visitor() == [QUESTION]


def test_a_reply_that_got_lost_is_asked_for_again_without_doubling_the_message(chat):
    lost = []

    def lose_the_first_reply(route):
        if route.request.method == "POST" and not lost:
            lost.append(route.request.post_data_json["client_id"])
            route.fetch()
            route.abort()
        else:
            route.continue_()

    chat.page.route(is_message, lose_the_first_reply)
    with chat.page.expect_response(lambda reply: is_message(reply.url) and reply.request.method == "POST") as second:
        chat.ask(QUESTION)
    assert second.value.request.post_data_json["client_id"] == lost[0]
    expect(chat.panel.locator(".delivery")).to_have_count(0, timeout=ANSWER_MS)
    expect(chat.said).to_have_text([QUESTION])
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)
    assert chat.told_by_visitor() == [QUESTION]


def test_a_busy_server_is_asked_again_after_the_time_it_names(chat):
    answers = iter([429, 503])

    def busy_twice(route):
        status = next(answers, None) if route.request.method == "POST" else None
        if status is None:
            return route.continue_()
        problem = json.dumps({"type": "about:blank", "title": "Busy", "status": status, "detail": "Busy."})
        headers = {"Retry-After": "1", "Access-Control-Allow-Origin": "*"}
        route.fulfill(status=status, headers=headers, content_type="application/problem+json", body=problem)

    chat.page.route(is_message, busy_twice)
    chat.ask(QUESTION)
    expect(chat.status).to_be_visible()
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)
    assert chat.told_by_visitor() == [QUESTION]


def test_a_message_that_the_server_refuses_comes_back_into_the_field_with_its_reason(chat):
    problem = {"type": "about:blank", "title": "Unprocessable", "status": 422, "detail": "这句话太长，分成几句再发。"}
    chat.page.route(
        is_message,
        lambda route: route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(problem)),
    )
    chat.ask(QUESTION)
    expect(chat.panel.locator("bangban-message-composer [role=alert]")).to_have_text(problem["detail"])
    expect(chat.field).to_have_value(QUESTION)
    expect(chat.said).to_have_count(0)


def test_a_reload_keeps_the_conversation(chat):
    chat.ask(QUESTION)
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)
    before = chat.entries.all_inner_texts()
    chat.page.reload()
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)
    assert chat.entries.all_inner_texts() == before


def test_a_second_tab_shows_the_same_conversation_and_follows_it(chat):
    second = Visit(chat.page.context.new_page(), chat.site).arrive().open()
    chat.ask(QUESTION)
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)
    expect(second.said).to_have_text([QUESTION], timeout=ANSWER_MS)
    expect(second.entries).to_have_count(3, timeout=ANSWER_MS)
    second.ask("要多久？")
    expect(chat.said).to_have_text([QUESTION, "要多久？"], timeout=ANSWER_MS)
    expect(chat.entries).to_have_count(5, timeout=ANSWER_MS)
    assert chat.entries.locator(".said, .words, .lead").all_inner_texts() == (
        second.entries.locator(".said, .words, .lead").all_inner_texts()
    )


def test_erasing_in_one_tab_clears_the_other(chat):
    second = Visit(chat.page.context.new_page(), chat.site).arrive().open()
    chat.choose_in_menu("erase")
    chat.panel.locator("button[value=erase-confirmed]").click()
    expect(second.panel.locator("bangban-closing-form")).to_contain_text("对话已删除")
    second.page.wait_for_timeout(2500)  # the socket's loss must not bring the conversation back
    expect(second.panel.locator("bangban-closing-form")).to_contain_text("对话已删除")


def test_without_a_live_connection_the_answer_still_comes(visit):
    chat = visit("zh")
    chat.page.route_web_socket(lambda url: url.endswith("/events"), lambda socket: socket.close(code=1011))
    chat.open().ask(QUESTION)
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)
    expect(chat.said).to_have_text([QUESTION])
