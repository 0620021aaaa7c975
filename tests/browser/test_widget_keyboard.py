"""Everything can be done with the keyboard alone, Chinese input methods included."""

import pytest
from playwright.sync_api import expect
from visit import ANSWER_MS

FOCUSED = "() => document.querySelector('bangban-widget').shadowRoot.activeElement?.className ?? ''"


def tab_to_the_launcher(page):
    for _ in range(60):
        page.keyboard.press("Tab")
        if "launcher" in page.evaluate(FOCUSED):
            return
    raise AssertionError("the button is not reached with Tab")


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_chat_opens_from_the_keyboard_and_escape_gives_the_focus_back(visit, key):
    chat = visit("zh")
    tab_to_the_launcher(chat.page)
    chat.page.keyboard.press(key)
    expect(chat.panel).to_be_visible()
    expect(chat.field).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    expect(chat.launcher).to_be_focused()


def test_under_a_finger_the_greeting_is_not_covered_by_a_keyboard(visit):
    chat = visit("zh", width=360, height=740, has_touch=True, is_mobile=True)
    chat.launcher.tap()
    expect(chat.entries.first).to_be_visible(timeout=ANSWER_MS)
    expect(chat.field).not_to_be_focused()
    assert chat.page.evaluate("document.activeElement.localName") == "bangban-widget"


def test_a_question_an_option_and_the_feedback_need_no_mouse(visit):
    chat = visit("zh")
    tab_to_the_launcher(chat.page)
    chat.page.keyboard.press("Enter")
    expect(chat.entries.first).to_be_visible(timeout=ANSWER_MS)
    chat.page.keyboard.type("砍树要交哪些材料？")
    chat.page.keyboard.press("Enter")
    chat.answered()
    yes = chat.panel.locator(".feedback button[value=yes]")
    for _ in range(12):
        chat.page.keyboard.press("Shift+Tab")
        if yes.evaluate("node => node === node.getRootNode().activeElement"):
            break
    chat.page.keyboard.press("Space")
    expect(chat.panel.locator("bangban-feedback-row")).to_contain_text("已记下")


def test_the_focus_stays_inside_the_open_dialog(chat):
    for _ in range(40):
        chat.page.keyboard.press("Tab")
        assert chat.page.evaluate("document.activeElement.localName") == "bangban-widget"
    for _ in range(40):
        chat.page.keyboard.press("Shift+Tab")
        assert chat.page.evaluate("document.activeElement.localName") == "bangban-widget"


def test_escape_closes_the_menu_before_the_chat(chat):
    menu = chat.panel.locator("button[value=menu]")
    menu.press("Enter")
    expect(chat.panel.locator("#menu")).to_be_visible()
    chat.page.keyboard.press("Escape")
    expect(chat.panel.locator("#menu")).to_be_hidden()
    expect(menu).to_be_focused()
    expect(chat.panel).to_be_visible()


def test_enter_that_ends_a_composition_does_not_send(chat):
    """A pinyin input method takes Enter to accept the letters; the browser marks that key with 229."""
    chat.field.focus()
    keys = chat.page.context.new_cdp_session(chat.page)
    keys.send("Input.imeSetComposition", {"text": "kanshu", "selectionStart": 6, "selectionEnd": 6})
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    keys.send("Input.insertText", {"text": "砍树"})
    keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    expect(chat.field).to_have_value("砍树")
    expect(chat.said).to_have_count(0)
    chat.page.keyboard.press("Enter")
    expect(chat.said).to_have_text(["砍树"])


def test_shift_enter_breaks_the_line(chat):
    chat.field.fill("第一行")
    chat.field.press("Shift+Enter")
    chat.page.keyboard.type("第二行")
    expect(chat.field).to_have_value("第一行\n第二行")
    expect(chat.said).to_have_count(0)


def test_the_counter_comes_near_the_end_and_too_long_a_text_is_not_sent(chat):
    chat.field.fill("树" * 899)
    expect(chat.panel.locator(".counter")).to_be_hidden()
    chat.field.fill("树" * 990)
    expect(chat.panel.locator(".counter")).to_contain_text("10")
    chat.ask("🌳" * 1001)
    expect(chat.panel.locator("bangban-message-composer [role=alert]")).to_contain_text("1,000")
    expect(chat.said).to_have_count(0)
    chat.field.fill("🌳" * 1000)
    expect(chat.panel.locator(".counter")).to_contain_text("还可输入 0 字")
