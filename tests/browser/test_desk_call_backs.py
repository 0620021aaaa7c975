"""A call-back from the visitor's number to its outcome: at the desk, on the supervision page, in both languages."""

import sqlite3

import pytest
from playwright.sync_api import expect
from test_desk_access import violations
from test_desk_shift import offered_a_call
from test_desk_supervision import open_page
from visit import ANSWER_MS


def leave_a_number(visit, number="13800138000"):
    """A visitor who met nobody on duty; the number of the ticket."""
    chat, form = offered_a_call(visit)
    form.locator("[name=contact]").fill(number)
    with chat.page.expect_response("**/callback") as kept:
        form.locator("button[type=submit]").click()
    return kept.value.json()["ticket_number"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_helper_calls_back_and_resolving_asks_how_it_went(visit, helper, language):
    due, on_top, again, at = {
        "zh": ("最晚", "留言和回电", "没联系上，再试", "回复到 13800138000"),
        "en": ("Due", "Left for later", "Not reached, try again", "Reply to 13800138000"),
    }[language]
    number = leave_a_number(visit)
    li = helper("li", language=language, reduced_motion="reduce")
    later = li.page.locator(".list-later")
    expect(later).to_contain_text(on_top)
    row = later.locator(".row").filter(has_text=due).first
    expect(row).to_be_visible(timeout=ANSWER_MS)
    row.focus()
    li.press("Enter")
    expect(li.page.locator(".ticket-number")).to_have_text(number, timeout=ANSWER_MS)
    li.press("Escape").press("c")
    expect(li.dialog).to_have_count(0)  # whoever has not accepted sees no number, and cannot have called
    li.press("a")
    expect(li.page.locator(".contact")).to_contain_text(at, timeout=ANSWER_MS)
    assert violations(li.page) == []
    li.press("Escape").press("c")
    expect(li.dialog.locator("[name=outcome]").first).to_be_focused()
    assert violations(li.page) == []
    li.press("Control+Enter")
    expect(li.dialog.get_by_role("alert")).to_be_visible()
    li.dialog.get_by_label(again).check()
    li.press("Control+Enter")
    expect(li.dialog).to_have_count(0, timeout=ANSWER_MS)
    li.press("e")
    expect(li.dialog).to_be_visible()
    li.press("2").press("Control+Enter")
    expect(li.dialog.locator("[name=again_on]")).to_be_visible(timeout=ANSWER_MS)
    expect(li.dialog).to_contain_text("13800138000")
    li.press("1").press("Control+Enter")
    expect(li.dialog).to_have_count(0, timeout=ANSWER_MS)
    expect(li.page.locator("[data-act=callBack]")).to_be_hidden(timeout=ANSWER_MS)
    [told] = [one for one in follow_ups(li, "closed") if one["ticket_number"] == number]
    assert (told["reason"], told["failed_tries"]) == ("reached", 1)


def test_a_call_that_is_still_owed_is_on_the_supervision_page_until_it_is_closed_there(visit, helper):
    number = leave_a_number(visit, "13900139000")
    li = helper("li", reduced_motion="reduce")
    li.page.locator(".list-later .row").first.click()
    expect(li.page.locator(".ticket-number")).to_have_text(number, timeout=ANSWER_MS)
    li.press("Escape").press("a")
    expect(li.page.locator(".contact")).to_contain_text("13900139000", timeout=ANSWER_MS)
    li.press("Escape").press("e")
    expect(li.dialog).to_be_visible()
    li.press("3").press("Control+Enter")  # a call back was agreed
    expect(li.dialog).to_have_count(0, timeout=ANSWER_MS)
    page = open_page(li)
    page.get_by_label("只看回电").check()
    ours = page.locator(".follow-up").filter(has_text=number)
    expect(ours).to_contain_text("要回电话", timeout=ANSWER_MS)
    assert "13900139000" not in page.content()
    assert violations(page) == []
    with page.context.expect_page() as opened:
        ours.get_by_role("link", name="打开工单").click()
    expect(opened.value.locator(".contact")).to_contain_text("13900139000", timeout=ANSWER_MS)
    opened.value.close()
    ours.get_by_role("button").focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("[name=outcome]").first).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("4")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0, timeout=ANSWER_MS)
    expect(ours).to_have_count(0, timeout=ANSWER_MS)
    page.get_by_label("已办").check()
    expect(ours).to_contain_text("访客不需要了", timeout=ANSWER_MS)
    assert li.faults == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_overdue_call_back_is_marked_in_words_and_stands_first(visit, helper, data_dir, language):
    leave_a_number(visit)
    late = leave_a_number(visit)
    database = sqlite3.connect(data_dir / "bangban.db")
    with database:  # The day that it was due has passed: a service's clock cannot be set for this alone.
        day, serial = late.removeprefix("BB-").split("-")
        ticket = "SELECT id FROM tickets WHERE day = ? AND serial = ?"
        overdue = f"UPDATE follow_ups SET due = '2026-01-05' WHERE ticket_id = ({ticket})"
        assert database.execute(overdue, (day, int(serial))).rowcount == 1
    database.close()
    li = helper("li", language=language, reduced_motion="reduce")
    overdue = {"zh": "▲ 回电逾期", "en": "▲ Overdue since"}[language]
    first = li.page.locator(".list-later .row").first
    expect(first).to_contain_text(overdue, timeout=ANSWER_MS)
    expect(li.page.locator(".list-later .row").filter(has_text=overdue)).to_have_count(1)
    page = open_page(li)
    first = page.locator(".follow-up").first
    expect(first).to_contain_text(late, timeout=ANSWER_MS)
    expect(first).to_contain_text({"zh": "▲ 逾期", "en": "▲ Overdue since"}[language])
    assert violations(page) == []
    first.get_by_role("button").press("Enter")
    expect(page.locator("dialog [name=outcome]").first).to_be_focused()
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".follow-up").filter(has_text=late)).to_have_count(0, timeout=ANSWER_MS)


def follow_ups(shift, state):
    """What the page would list, with its cookies."""
    reply = shift.page.request.get(f"{shift.site}/api/v1/follow-ups?about=callback&state={state}&limit=200")
    return reply.json()["follow_ups"]
