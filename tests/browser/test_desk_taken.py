"""Who comes too late is told so: by sight, aloud, and in their own language."""

import pytest
from playwright.sync_api import expect
from test_desk_access import violations
from test_desk_shift import wait_for_a_person
from visit import ANSWER_MS


def stop_hearing(shift):
    """Let the page say on what it will, and hear nothing more of the desk: a line that is slow in one direction."""
    hears = [True]

    def join(line):
        server = line.connect_to_server()
        server.on_message(lambda frame: hears[0] and line.send(frame))

    shift.page.route_web_socket("**/desk/events", join)
    shift.page.reload()
    expect(shift.page.locator("[name=presence][value=online]")).to_be_checked(timeout=ANSWER_MS)
    return hears


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_helper_whom_a_colleague_forestalled_is_told_by_whom_and_the_row_is_gone(visit, helper, language):
    li, wang = helper("li"), helper("wang", language=language, reduced_motion="reduce")
    hears = stop_hearing(wang)
    wait_for_a_person(visit)
    expect(wang.queue).to_have_count(1, timeout=ANSWER_MS)
    hears[0] = False
    li.accept()
    expect(wang.queue).to_have_count(1)
    wang.press("a")
    words = {"zh": "li 先接了这一位", "en": "li took this ticket first"}[language]
    toast = wang.page.locator(".toast")
    expect(toast).to_contain_text(words, timeout=ANSWER_MS)
    expect(toast).to_have_attribute("data-warn", "true")
    expect(wang.page.locator("[role=status].off-screen")).to_contain_text(words)
    assert violations(wang.page) == []
    expect(wang.queue).to_have_count(0)
    expect(wang.mine).to_have_count(0)
    expect(li.mine).to_have_count(1)
    expect(toast).to_be_hidden(timeout=ANSWER_MS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_helper_who_accepts_whoever_has_just_left_is_told_that_nobody_waits(visit, helper, language):
    li = helper("li", language=language)
    hears = stop_hearing(li)
    chat = wait_for_a_person(visit)
    expect(li.queue).to_have_count(1, timeout=ANSWER_MS)
    hears[0] = False
    with chat.page.expect_response(lambda reply: reply.request.method == "DELETE") as gone:
        chat.panel.get_by_role("button", name="不等了").last.click()
    assert gone.value.status == 204
    li.press("a")
    words = {"zh": "已经不在队列里", "en": "no longer waiting"}[language]
    expect(li.page.locator(".toast")).to_contain_text(words, timeout=ANSWER_MS)
    expect(li.page.locator("[role=status].off-screen")).to_contain_text(words)
    expect(li.queue).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_helper_who_decides_on_an_answer_after_a_colleague_is_told_so(visit, helper, language):
    zhao = helper("zhao", role="supervisor", language=language)
    hears = stop_hearing(zhao)
    zhao._call("PUT", "mode", {"approval_items": ["urban-tree-felling"]})
    try:
        chat = visit("zh").open()
        chat.ask("砍树要多少钱")
        expect(zhao.page.locator("[data-approval]")).to_have_count(1, timeout=ANSWER_MS)
        hears[0] = False
        [held] = zhao._call("GET", "approvals")["approvals"]
        zhao._call("POST", f"approvals/{held['id']}/approve")
        zhao.press("q").press("y")
        words = {"zh": "同事已经先处理了", "en": "A colleague has already dealt with"}[language]
        expect(zhao.page.locator(".toast")).to_contain_text(words, timeout=ANSWER_MS)
        expect(zhao.page.locator("[data-approval]")).to_have_count(0)
    finally:
        zhao._call("PUT", "mode", {"approval_items": []})
