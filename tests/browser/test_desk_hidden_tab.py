"""A desk behind another tab or window: the browser then runs its timers once a minute and draws nothing."""

import re

import pytest
from playwright.sync_api import expect
from test_desk_shift import wait_for_a_person
from visit import ANSWER_MS

TREES = "urban-tree-felling"
HIDE = """() => {
  for (let timer = setTimeout(() => {}); timer > 0; timer--) clearTimeout(timer)
  window.requestAnimationFrame = () => 0
  Object.defineProperty(document, "hidden", { get: () => true })
  Object.defineProperty(document, "visibilityState", { get: () => "hidden" })
  document.hasFocus = () => false
}"""
LATER = "seconds => { const now = performance.now.bind(performance); performance.now = () => now() + seconds * 1000 }"
TELL_NOTIFICATIONS = """() => {
  window.Notification = class {
    static permission = "granted"
    static requestPermission = async () => "granted"
    constructor(title, { body }) { console.info([title, body].join("")) }
  }
}"""


@pytest.fixture
def zhao(helper):
    """A supervisor, who may let answers wait for a yes."""
    zhao = helper("zhao", role="supervisor")
    yield zhao
    zhao._call("PUT", "mode", {"approval_items": []})
    for held in zhao._call("GET", "approvals")["approvals"]:
        zhao._call("POST", f"approvals/{held['id']}/reject")


def test_a_hidden_tab_answers_what_the_desk_tells_with_a_sign_of_life(visit, helper):
    li = helper("li")
    with li.page.expect_websocket() as socket:
        li.page.reload()
    expect(li.page.locator("[name=presence][value=online]")).to_be_checked()
    li.page.evaluate(HIDE)
    li.page.evaluate(LATER, 11)
    with socket.value.expect_event("framesent", lambda frame: "beat" in frame, timeout=ANSWER_MS):
        wait_for_a_person(visit)


def test_a_hidden_tab_calls_by_its_title_and_by_notifications_without_a_visitors_words(visit, zhao):
    called = []
    zhao.page.on("console", lambda told: told.type == "info" and called.append(told.text))
    zhao.page.evaluate(TELL_NOTIFICATIONS)
    zhao.press("m")
    zhao.dialog.locator("[name=notifications]").check()
    zhao.press("Escape")
    zhao.page.evaluate(HIDE)
    with zhao.page.expect_console_message(lambda told: "派给您" in told.text):
        chat = wait_for_a_person(visit)
    expect(zhao.page).to_have_title(re.compile(r"^\(1\) "), timeout=ANSWER_MS)
    [ticket] = zhao._call("GET", "tickets?state=queued")["tickets"]
    zhao._call("PUT", "mode", {"approval_items": [TREES]})
    zhao.page.evaluate(LATER, 45)
    chat.ask("要多久？")
    expect(zhao.page).to_have_title(re.compile(r"^\(2\) "), timeout=ANSWER_MS)
    with zhao.page.expect_response(f"**/desk/tickets/{ticket['id']}"):
        zhao.press("a")
    with zhao.page.expect_console_message(lambda told: "新消息" in told.text):
        chat.ask("还在吗？")
    number = ticket["number"].split("-")[-1]
    assert called == [
        f"新工单 {number} 在等。",
        f"工单 {number} 派给您。",
        f"工单 {number} 已经等了 40 秒。",
        "有一个答案待您核定。",
        f"工单 {number} 有新消息。",
    ]
