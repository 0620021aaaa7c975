"""A supervisor keeps the canned replies at the desk, by keyboard alone, and helpers have what was written at once."""

import time
import uuid

import pytest
from playwright.sync_api import expect
from test_desk_access import violations
from test_desk_shift import wait_for_a_person
from visit import ANSWER_MS

WIDER = """() => [document.documentElement, ...document.querySelectorAll('.bar, dialog, .dialog-content')]
  .filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.className || node.localName)"""


def open_reply(zhao, found):
    """The form of the canned reply that is found by these words; the first of the list is a new one."""
    zhao.press("Escape").press("d")
    expect(zhao.dialog.get_by_role("combobox")).to_be_focused()
    if found:
        zhao.page.keyboard.type(found)
        expect(zhao.dialog.get_by_role("option")).to_have_count(2, timeout=ANSWER_MS)
        zhao.press("ArrowDown")
    zhao.press("Enter")
    expect(zhao.dialog.locator("[name=title_zh]")).to_be_focused()
    return zhao.dialog


def fill(dialog, **told):
    for name, words in told.items():
        dialog.locator(f"[name={name}]").fill(words)


def find_canned(li, words, count):
    """The open list of canned replies, searched until it holds so many: news of a change may still be on its way."""
    li.press("Escape").press("/")
    ends = time.monotonic() + ANSWER_MS / 1000
    search = li.dialog.get_by_role("combobox")
    while True:
        search.fill("")
        search.fill(words)
        try:
            return expect(li.dialog.get_by_role("option")).to_have_count(count, timeout=1000)
        except AssertionError:
            if time.monotonic() > ends:
                raise


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_canned_reply_is_added_changed_retired_and_brought_back_and_counts_at_once(visit, helper, language):
    zhao = helper("zhao", role="supervisor", language=language, reduced_motion="reduce")
    li = helper("li")
    chat = wait_for_a_person(visit)
    li.accept()
    mark = uuid.uuid4().hex[:8]

    dialog = open_reply(zhao, None)
    assert violations(zhao.page) == []
    fill(
        dialog,
        title_zh=f"名称{mark}",
        title_en=f"Name {mark}",
        text_zh=f"{mark}，{{phone}}",
        text_en=f"{mark} {{number}}",
    )
    zhao.press("Control+Enter")
    refusal = {"zh": "{phone} 换不出内容", "en": "{phone} cannot be filled in"}[language]
    expect(dialog.get_by_role("alert")).to_contain_text(refusal, timeout=ANSWER_MS)
    expect(dialog.get_by_role("alert")).to_contain_text("{number}")
    fill(dialog, text_en="")
    zhao.press("Control+Enter")
    expect(dialog.get_by_role("alert")).to_contain_text({"zh": "都要写", "en": "both languages"}[language])
    fill(dialog, text_zh=f"{mark}，工单号 {{number}}", text_en=f"{mark}, ticket {{number}}")
    zhao.press("Control+Enter")
    expect(dialog).to_have_count(0, timeout=ANSWER_MS)
    expect(zhao.page.locator(".toast")).to_contain_text({"zh": "已保存", "en": "Saved"}[language])

    number = li.page.locator(".ticket-number").inner_text()
    find_canned(li, mark, 1)
    li.press("Enter")
    expect(li.field).to_have_value(f"{mark}，工单号 {number}")
    li.press("Enter")
    expect(chat.panel.locator(".from-agent")).to_contain_text(number, timeout=ANSWER_MS)

    dialog = open_reply(zhao, mark)
    expect(dialog.locator("[name=text_en]")).to_have_value(f"{mark}, ticket {{number}}")
    fill(dialog, text_zh=f"{mark}，改过")
    zhao.press("Control+Enter")
    expect(dialog).to_have_count(0, timeout=ANSWER_MS)
    dialog = open_reply(zhao, mark)
    expect(dialog.locator("[name=text_zh]")).to_have_value(f"{mark}，改过")
    dialog.get_by_role("button", name={"zh": "停用", "en": "Retire"}[language]).focus()
    zhao.press("Enter")
    expect(dialog).to_have_count(0, timeout=ANSWER_MS)
    find_canned(li, mark, 0)
    li.press("Escape")

    dialog = open_reply(zhao, mark)
    expect(dialog.get_by_role("button", name={"zh": "恢复使用", "en": "Bring back"}[language])).to_be_visible()
    zhao.press("Control+Enter")
    expect(dialog).to_have_count(0, timeout=ANSWER_MS)
    kept = [reply for reply in zhao._call("GET", "canned")["canned"] if reply["title"]["en"] == f"Name {mark}"]
    assert [reply["text"]["zh"] for reply in kept] == [f"{mark}，改过"]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_supervisors_desk_and_the_form_need_no_sideways_scrolling(helper, language, width):
    zhao = helper("zhao", role="supervisor", language=language, width=width, height=800, reduced_motion="reduce")
    assert zhao.page.evaluate(WIDER) == []
    open_reply(zhao, None)
    assert zhao.page.evaluate(WIDER) == []


def test_an_agent_has_no_canned_replies_to_keep(helper):
    li = helper("li")
    li.press("d")
    expect(li.dialog).to_have_count(0)
    expect(li.page.locator("[data-act=keepCanned]")).to_be_hidden()
