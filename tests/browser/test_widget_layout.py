"""Readable on a narrow phone, in large text, in the dark, and for assistive technology."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from visit import ANSWER_MS

SERIOUS = {"serious", "critical"}
WIDER_THAN_SEEN = """() => {
  const root = document.querySelector('bangban-widget').shadowRoot
  const nodes = [document.documentElement, root.querySelector('.panel'), root.querySelector('.scroller')]
  return nodes.filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.className || node.localName)
}"""
SMALL_TARGETS = """() => {
  const root = document.querySelector('bangban-widget').shadowRoot
  return [...root.querySelectorAll('button, textarea')]
    .filter((node) => node.getClientRects().length)
    .map((node) => [node.getBoundingClientRect(), node.className + ' ' + node.textContent])
    .filter(([box]) => Math.min(box.width, box.height) < 43.9) // fractions of a pixel are lost in rounding
    .map(([box, name]) => `${name} ${box.width} x ${box.height}`)
}"""


def ask_one(chat, language):
    chat.ask({"zh": "砍树要交哪些材料？", "en": "Which papers does a felling application need?"}[language])
    chat.answered()
    return chat


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [320, 360])
def test_nothing_needs_sideways_scrolling_on_a_phone(visit, width, language):
    chat = visit(language, width=width, height=640)
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= width
    ask_one(chat.open(), language)
    assert chat.page.evaluate(WIDER_THAN_SEEN) == []
    assert chat.page.evaluate(SMALL_TARGETS) == []
    box = chat.panel.bounding_box()
    assert (box["x"], box["width"], box["height"]) == pytest.approx((0, width, 640), abs=0.5)


def test_large_text_fits_a_phone_and_is_remembered(visit):
    chat = ask_one(visit("zh", width=360, height=640).open(), "zh")
    chat.choose_in_menu("largeText")
    chat.page.keyboard.press("Escape")
    assert chat.panel.evaluate("node => getComputedStyle(node).fontSize") == "20px"
    assert chat.page.evaluate(WIDER_THAN_SEEN) == []
    chat.page.reload()
    chat.open()
    assert chat.panel.evaluate("node => getComputedStyle(node).fontSize") == "20px"


def test_a_page_zoomed_to_twice_its_size_keeps_everything_in_reach(visit):
    """Zooming a 1,280 × 860 window by 200 % leaves 640 × 430 CSS pixels."""
    chat = ask_one(visit("en", width=640, height=430).open(), "en")
    assert chat.page.evaluate(WIDER_THAN_SEEN) == []
    expect(chat.field).to_be_in_viewport()
    expect(chat.panel.locator("button[value=close]")).to_be_in_viewport()


def test_nothing_moves_for_those_who_asked_for_less_motion(visit):
    chat = visit("zh", reduced_motion="reduce").open()
    moving = "() => document.querySelector('bangban-widget').shadowRoot.getAnimations().length"
    assert chat.page.evaluate(moving) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_nothing_serious(visit, language, scheme):
    chat = visit(language, color_scheme=scheme, reduced_motion="reduce")
    found = [Axe().run(chat.page)]
    ask_one(chat.open(), language)
    found.append(Axe().run(chat.page))
    chat.panel.locator("button[value=menu]").click()
    found.append(Axe().run(chat.page))
    chat.panel.locator("button[value=end]").click()
    expect(chat.panel.locator(".closing-title")).to_be_visible(timeout=ANSWER_MS)
    found.append(Axe().run(chat.page))
    violations = [
        (violation["id"], [node["target"] for node in violation["nodes"]])
        for result in found
        for violation in result.response["violations"]
        if violation["impact"] in SERIOUS
    ]
    assert violations == []


def test_a_screen_reader_is_told_what_the_parts_are(chat):
    assert chat.panel.get_attribute("role") == "dialog"
    assert chat.panel.get_attribute("aria-label")
    log = chat.panel.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log).to_have_attribute("aria-label", "对话内容")
    expect(chat.panel.get_by_role("textbox", name="您的问题")).to_be_visible()
