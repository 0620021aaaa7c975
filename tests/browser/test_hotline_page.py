"""The hotline page in a real browser, without an exchange: roster, a call logged by hand, and the rate."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from visit import ANSWER_MS

WIDER = """() => [document.documentElement, ...document.querySelectorAll('main, header, section, form, hotline-call')]
  .filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.className || node.localName)"""


def hotline(shift, *people: str) -> Page:
    """The hotline page of a supervisor, with these people on the roster."""
    page = shift.page
    page.goto(f"{shift.site}/desk/hotline")
    expect(page.locator("hotline-roster [value=add]")).to_be_visible(timeout=ANSWER_MS)
    for remove in page.locator("hotline-roster [value=remove]").all()[::-1]:
        remove.click()
    for number, person in enumerate(people, 8101):
        page.locator("hotline-roster [value=add]").click()
        row = page.locator(".hotline-duty").last
        told = {"window": "1", "person": person, "address": str(number), "hours": "0:00-24:00"}
        for name, value in told.items():
            row.locator(f"[name={name}]").fill(value)
        row.locator("[name=every_day]").check()
    page.locator("hotline-roster button.main").click()
    expect(page.locator(".hotline-told")).not_to_be_empty()  # it says that it is saved
    expect(page.locator(".hotline-error")).to_be_hidden()
    return page


def start(page: Page, reason: str) -> None:
    page.locator("[name=reason]").fill(reason)
    page.locator("[name=callback_number]").fill("13800138000")
    page.locator(".hotline-start button.main").click()
    expect(page.locator("hotline-call").first).to_contain_text(reason, timeout=ANSWER_MS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_operator_rings_by_hand_in_order_and_sees_the_rate(helper, language):
    words = {"zh": ("占线", "未达到"), "en": ("Busy", "not met")}[language]
    page = hotline(helper("sun", role="supervisor", language=language), "Zhang", "Wang")
    start(page, "小区树木遮光")
    call = page.locator("hotline-call").first
    expect(call.locator(".hotline-next")).to_contain_text("8101")
    call.locator("[value=busy]").click()
    expect(call.locator(".hotline-next")).to_contain_text("8102")
    expect(call.locator(".hotline-leg")).to_contain_text(words[0])
    call.locator("[value=no_answer]").click()
    expect(call).to_contain_text("+8613800138000")
    expect(page.locator(".hotline-rate")).to_contain_text(words[1])
    call.locator("[value=called_back]").click()
    expect(call).not_to_contain_text("+8613800138000")


def test_the_answer_to_a_search_is_where_a_window_for_it_is_called(helper):
    page = hotline(helper("sun", role="supervisor"), "Zhang")
    page.locator("hotline-search [name=q]").fill("临时占用绿地要多少天")
    page.locator("hotline-search button.main").click()
    expect(page.locator(".hotline-answer").first).to_be_visible(timeout=ANSWER_MS)
    page.locator(".hotline-answer button").first.click()
    expect(page.locator("[name=item_id]")).not_to_have_value("")
    expect(page.locator("[name=reason]")).to_be_focused()


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("zh", 360, "dark"), ("en", 360, "light"), ("en", 1280, "dark")]
)
def test_the_hotline_page_is_accessible_and_needs_no_sideways_scrolling(helper, language, width, scheme):
    page = hotline(helper("sun", role="supervisor", language=language, width=width, color_scheme=scheme), "Zhang")
    start(page, "问")
    assert page.evaluate(WIDER) == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.locator("hotline-call [value=given_up]").first.click()


def test_every_word_of_the_hotline_page_stands_in_both_languages(site, new_context):
    page = new_context("zh").new_page()
    page.goto(f"{site}/desk/login")
    texts = page.evaluate("async () => (await import('/desk/hotline-texts.js')).TEXTS")
    assert all(words.get("zh") and words.get("en") for words in texts.values())
