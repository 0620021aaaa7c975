"""The supervision page: live figures, and a follow-up from the visitor's bad rating to its closing, by keyboard."""

import csv
import io
import re

import pytest
from playwright.sync_api import expect
from test_desk_access import violations
from test_desk_shift import wait_for_a_person
from test_hotline_page import hotline, start
from visit import ANSWER_MS

WIDER = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"


def figure(page, name):
    return page.locator(f"[data-now={name}] .figure-big, supervision-figures .tiles [data-measure={name}] dd")


def open_page(shift):
    """The supervision page in a window of its own, by the desk's key."""
    with shift.page.context.expect_page() as opened:
        shift.press("Escape").press("o")
    page = opened.value
    page.on("pageerror", lambda error: shift.faults.append(str(error)))
    expect(page.locator("follow-up-list")).to_be_visible()
    return page


def rate_badly(chat):
    form = chat.panel.locator("bangban-rating-form")
    expect(form).to_be_visible(timeout=ANSWER_MS)
    form.locator("[name=resolved][value=no]").check()
    form.locator("[name=rating][value='1']").check()
    form.locator("[name=comment]").fill("还是不知道去哪里办")
    with chat.page.expect_response(lambda reply: reply.url.endswith("/feedback")) as noted:
        form.locator("button[type=submit]").click()
    assert noted.value.status == 204


def test_a_supervisor_sees_who_waits_and_closes_what_a_visitor_was_not_content_with(visit, helper):
    # A dialog that fades in has, for the moment, the contrast of a fading dialog.
    zhou, li = helper("zhou", role="supervisor", reduced_motion="reduce"), helper("li")
    zhou.page.locator(".presence.away").click()
    page = open_page(zhou)
    expect(figure(page, "waiting")).to_have_text("0")
    expect(page.locator("waiting-clock")).to_be_hidden()
    chat = wait_for_a_person(visit)
    expect(figure(page, "waiting")).to_have_text("1", timeout=ANSWER_MS)
    expect(page.locator("waiting-clock")).to_be_visible()
    li.accept()
    li.reply("您好，去区绿化部门的窗口办。")
    expect(figure(page, "active")).to_have_text("1", timeout=ANSWER_MS)
    expect(figure(page, "waiting")).to_have_text("0")
    li.press("Escape").press("e")
    expect(li.dialog).to_be_visible()
    li.press("1").press("Control+Enter")
    expect(li.mine).to_have_count(0, timeout=ANSWER_MS)
    rate_badly(chat)
    ours = page.locator(".follow-up").filter(has_text="还是不知道去哪里办")
    expect(ours).to_be_visible(timeout=ANSWER_MS)
    expect(ours).to_contain_text("非常不满意")
    expect(figure(page, "content")).to_contain_text("0", timeout=ANSWER_MS)
    assert violations(page) == [] and not page.evaluate(WIDER)

    ours.get_by_role("button").focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("[name=reason]")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Control+Enter")
    expect(dialog.locator("[role=alert]")).to_contain_text("都要填")
    dialog.locator("[name=reason]").select_option("answer_unclear")
    dialog.locator("[name=action]").fill("补上了窗口地址。")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0, timeout=ANSWER_MS)
    expect(ours).to_have_count(0, timeout=ANSWER_MS)
    expect(page.get_by_role("heading", name="回访")).to_be_focused()
    page.get_by_label("已办").check()
    expect(ours).to_contain_text("补上了窗口地址。", timeout=ANSWER_MS)
    expect(page.locator("follow-up-list table")).to_contain_text("答案不好懂", timeout=ANSWER_MS)

    page.get_by_role("button", name="近 7 天").click()
    expect(page.locator("supervision-figures")).to_contain_text("至", timeout=ANSWER_MS)
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="下载 CSV").click()
    told = downloaded.value.path().read_text("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(told)))["scope"] == "total"
    assert zhou.faults == li.faults == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_supervisor_sees_the_hotlines_rate_as_the_hotline_page_tells_it_for_the_days_chosen(helper, language):
    of_how, missed, day_label = {
        "zh": (r"\d+／\d+", "目标 90%，未达到", "从"),
        "en": (r"\d+ of \d+", "target 90%, not met", "From"),
    }[language]
    zhou = helper("zhou", role="supervisor", language=language, reduced_motion="reduce")
    at_hotline = hotline(zhou, "Zhang")
    for reason, outcomes in (("问进度", ["connected", "ended"]), ("问材料", ["given_up"])):
        start(at_hotline, reason)
        for outcome in outcomes:
            at_hotline.locator("hotline-call").first.locator(f"[value={outcome}]").click()
    expect(at_hotline.locator("hotline-call").first.locator("[value=given_up]")).to_have_count(0, timeout=ANSWER_MS)
    counted = re.search(of_how, at_hotline.locator(".hotline-rate").inner_text())[0]
    page = zhou.page.context.new_page()
    page.on("pageerror", lambda error: zhou.faults.append(str(error)))
    page.goto(f"{zhou.site}/desk/supervision")
    rate = figure(page, "hotline_connection")
    expect(rate).to_contain_text(counted, timeout=ANSWER_MS)
    expect(rate).to_contain_text(missed)
    mine = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="zhou", exact=True))
    expect(mine.locator("[data-measure=hotline_connection]")).to_contain_text(re.compile(of_how))
    shown = "(figures) => [0.8996, 0.9, 2 / 3].map((share) => figures.shareReached(share))"
    assert page.locator("supervision-figures").evaluate(shown) == ["89.9%", "90%", "66.6%"]
    assert violations(page) == [] and not page.evaluate(WIDER)
    page.get_by_label(day_label, exact=True).fill("2026-01-01")
    page.locator("[name=to]").fill("2026-01-31")
    page.locator("[name=to]").blur()
    expect(rate).to_have_text(re.compile("^– .*90%$"), timeout=ANSWER_MS)
    with page.expect_download() as downloaded:
        page.locator("a[download]").click()
    total = next(csv.DictReader(io.StringIO(downloaded.value.path().read_text("utf-8-sig"))))
    assert (total["hotline_asked"], total["hotline_rate"], total["hotline_target"]) == ("0", "", "0.9")
    assert zhou.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_whole_in_english_on_a_phone_and_on_a_screen(helper, scheme):
    zhou = helper("zhou", role="supervisor", language="en", color_scheme=scheme)
    page = open_page(zhou)
    expect(figure(page, "waiting")).to_have_text("0", timeout=ANSWER_MS)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert violations(page) == [] and not page.evaluate(WIDER), width
    assert not zhou.page.evaluate(
        "() => document.querySelector('.bar').scrollWidth > document.querySelector('.bar').clientWidth + 1"
    )
    assert zhou.faults == []


def test_an_agent_sees_follow_ups_and_no_figures(helper):
    li = helper("li")
    page = open_page(li)
    expect(page.get_by_role("heading", name="回访")).to_be_visible()
    expect(page.locator("supervision-figures")).to_have_count(0)
    expect(page.locator("[role=alert]")).to_be_hidden()
    assert li.faults == []
