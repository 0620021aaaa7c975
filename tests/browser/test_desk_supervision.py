"""The supervision page: live figures, and a follow-up from the visitor's bad rating to its closing, by keyboard."""

import pytest
from playwright.sync_api import expect
from test_desk_access import violations
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
    expect(page.locator("follow-up-list .part-title").first).to_be_visible()
    expect(page.locator("supervision-figures")).to_have_count(0)
    expect(page.locator("[role=alert]")).to_be_hidden()
    assert li.faults == []
