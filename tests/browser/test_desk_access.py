"""The desk by keyboard alone, for assistive technology, in both languages, on every width."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from test_desk_shift import wait_for_a_person
from visit import ANSWER_MS

SERIOUS = {"serious", "critical"}
DIALOG_KEYS = ["Shift+Slash", "m", "s"]


def violations(page):
    return [
        (found["id"], [node["target"] for node in found["nodes"]])
        for found in Axe().run(page).response["violations"]
        if found["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_nothing_serious_on_the_login_page(site, new_context, language, scheme):
    page = new_context(language, color_scheme=scheme).new_page()
    page.goto(f"{site}/desk/login")
    page.get_by_role("button", name={"zh": "登录", "en": "Sign in"}[language]).click()
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_nothing_serious_at_the_desk(visit, helper, language, scheme):
    li = helper("li", language=language, color_scheme=scheme, reduced_motion="reduce")
    wait_for_a_person(visit)
    expect(li.queue).to_have_count(1, timeout=ANSWER_MS)
    assert violations(li.page) == []
    li.accept()
    assert violations(li.page) == []
    for key in [*DIALOG_KEYS, "t", "e"]:
        li.press("Escape").press(key)
        expect(li.dialog, key).to_be_visible()
        assert violations(li.page) == [], key
        li.press("Escape")
        expect(li.dialog).to_have_count(0)


def test_accepting_and_replying_need_no_mouse(visit, helper):
    li = helper("li")
    chat = wait_for_a_person(visit)
    expect(li.queue).to_have_count(1, timeout=ANSWER_MS)
    li.page.keyboard.press("a")
    expect(li.field).to_be_focused(timeout=ANSWER_MS)
    li.page.keyboard.type("/")
    expect(li.dialog).to_be_visible()
    li.page.keyboard.press("Enter")
    expect(li.field).to_be_focused()
    expect(li.field).not_to_have_value("")
    li.page.keyboard.press("Enter")
    expect(chat.panel.locator(".from-agent")).to_have_count(1, timeout=ANSWER_MS)
    li.page.keyboard.press("Alt+e")
    expect(li.dialog).to_be_visible()
    li.page.keyboard.press("1")
    li.page.keyboard.press("Control+Enter")
    expect(li.mine).to_have_count(0, timeout=ANSWER_MS)


def test_keys_without_alt_can_be_switched_off(helper):
    li = helper("li")
    li.press("m")
    li.dialog.locator("[name=singleKeys]").uncheck()
    li.press("Escape").press("s")
    expect(li.dialog).to_have_count(0)
    li.press("Alt+s")
    expect(li.dialog).to_be_visible()
    li.press("Escape").press("Alt+m")
    li.dialog.locator("[name=singleKeys]").check()


def test_letters_typed_into_a_field_are_letters(visit, helper):
    li = helper("li")
    wait_for_a_person(visit)
    li.accept()
    li.page.keyboard.type("are there trees? 1")
    expect(li.field).to_have_value("are there trees? 1")
    expect(li.dialog).to_have_count(0)


def test_every_act_has_a_key_of_its_own_and_words_in_both_languages(site, new_context):
    page = new_context("zh").new_page()
    page.goto(f"{site}/desk/login")
    acts, texts = page.evaluate(
        "async () => [(await import('/desk/acts.js')).ACTS, (await import('/desk/texts.js')).TEXTS]"
    )
    keys = [(act["code"], act.get("shift", False)) for act in acts.values()]
    assert len(set(keys)) == len(keys)
    assert set(acts) <= set(texts)
    assert all(words.get("zh") and words.get("en") for words in texts.values())


def test_the_chosen_language_is_kept(helper):
    li = helper("li")
    li.press("l")
    expect(li.page.locator(".bar-name")).to_contain_text("Bangban desk")
    li.page.reload()
    expect(li.page.locator(".bar-name")).to_contain_text("Bangban desk")
    li.press("l")


def test_nothing_calls_by_sound_or_notification_unless_chosen(helper):
    li = helper("li")
    li.press("m")
    for name in ("sound", "notifications"):
        expect(li.dialog.locator(f"[name={name}]")).not_to_be_checked()


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_needs_sideways_scrolling(visit, helper, language, width):
    li = helper("li", language=language, width=width, height=800)
    wait_for_a_person(visit)
    expect(li.queue).to_have_count(1, timeout=ANSWER_MS)
    wider = """() => [document.documentElement, ...document.querySelectorAll('.bar, .column, .talk-head, .composer')]
      .filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.className || node.localName)"""
    assert li.page.evaluate(wider) == []
    li.accept()
    assert li.page.evaluate(wider) == []
