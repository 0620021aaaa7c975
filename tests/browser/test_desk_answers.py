"""What helpers say yes to, propose and look up, by keyboard alone: approvals, a reply for the base, past tickets."""

import uuid

import pytest
from playwright.sync_api import expect
from test_desk_access import violations
from test_desk_shift import QUESTION, wait_for_a_person
from visit import ANSWER_MS

TREES = "urban-tree-felling"


@pytest.fixture
def approving(helper):
    """A supervisor who lets answers about trees wait for a yes, and ends that afterwards."""
    zhao = helper("zhao", role="supervisor", reduced_motion="reduce")
    zhao.press("g")
    zhao.dialog.locator(f"[name=items][value={TREES}]").focus()
    zhao.press("Space").press("Control+Enter")
    expect(zhao.dialog).to_have_count(0, timeout=ANSWER_MS)
    yield zhao
    zhao._call("PUT", "mode", {"approval_items": []})


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_answer_to_a_chosen_item_waits_for_a_helpers_yes(visit, helper, approving, language):
    li = helper("li", language=language, reduced_motion="reduce")
    chat = visit("zh").open()
    chat.ask(QUESTION["zh"])
    expect(li.page.locator("[data-approval]")).to_have_count(1, timeout=ANSWER_MS)
    li.press("q")
    held = li.page.locator("held-answer")
    expect(held.locator(".as-written")).to_have_text(QUESTION["zh"])
    told = held.locator(".held-words").inner_text()
    assert violations(li.page) == []
    assert told.splitlines()[0] not in chat.panel.inner_text()
    li.press("y")
    expect(chat.panel.locator(".from-bot").last).to_contain_text(told.splitlines()[0], timeout=ANSWER_MS)
    expect(li.page.locator("[data-approval]")).to_have_count(0, timeout=ANSWER_MS)


def test_an_answer_is_sent_in_a_helpers_words_or_not_at_all(visit, helper, approving):
    li = helper("li", reduced_motion="reduce")
    chat = visit("zh").open()
    chat.ask(QUESTION["zh"])
    expect(li.page.locator("[data-approval]")).to_have_count(1, timeout=ANSWER_MS)
    li.press("q").press("w")
    expect(li.dialog.locator("[name=text]")).to_be_focused()
    assert violations(li.page) == []
    li.press("Control+a")
    li.page.keyboard.type("请带房产证到窗口。")
    li.press("Control+Enter")
    expect(chat.panel.locator(".from-agent").last).to_contain_text("请带房产证到窗口。", timeout=ANSWER_MS)
    expect(li.page.locator("[data-approval]")).to_have_count(0, timeout=ANSWER_MS)
    chat.ask("砍树要多少钱")
    expect(li.page.locator("[data-approval]")).to_have_count(1, timeout=ANSWER_MS)
    li.press("q").press("x")
    expect(li.dialog).to_be_visible()
    assert violations(li.page) == []
    li.press("Control+Enter")
    expect(chat.panel.locator(".from-bot").last).to_contain_text("人工", timeout=ANSWER_MS)


def reply_and_open_a_draft(yu, reply):
    """Take the next visitor, answer, and open the draft in the dialog that resolves the ticket."""
    yu.accept().reply(reply)
    yu.press("Escape").press("e")
    expect(yu.dialog.locator("[name=outcome]").first).to_be_focused()
    yu.press("1")
    yu.dialog.locator(".promote summary").focus()
    yu.press("Enter")


def test_a_reply_that_settled_it_becomes_a_draft_with_its_source(visit, helper):
    yu = helper("yu", role="admin", reduced_motion="reduce")
    wait_for_a_person(visit)
    reply = f"枯死的树也要先申请，编号{uuid.uuid4().hex[:6]}。"
    reply_and_open_a_draft(yu, reply)
    expect(yu.dialog.locator("[name=answer_zh]")).to_have_value(reply)
    expect(yu.dialog.locator("[name=item_id]")).to_have_value(TREES)
    assert violations(yu.page) == []
    yu.press("Control+Enter")
    expect(yu.dialog.get_by_role("alert")).to_be_visible()  # A draft without a source is none.
    yu.dialog.locator("[name=source]").focus()
    yu.page.keyboard.type("上海市绿化条例第三十条")
    yu.press("Control+Enter")
    expect(yu.mine).to_have_count(0, timeout=ANSWER_MS)
    [draft] = [each for each in yu._call("GET", "promotions?state=open")["promotions"] if each["answer"]["zh"] == reply]
    assert (draft["item_id"], draft["facet"], draft["source"]) == (TREES, "materials", "上海市绿化条例第三十条")
    assert draft["question"]["zh"] == QUESTION["zh"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_past_ticket_is_found_by_its_words_and_opened(visit, helper, language):
    li = helper("li", language=language, reduced_motion="reduce")
    wait_for_a_person(visit)
    mark = uuid.uuid4().hex[:8]
    li.accept().reply(f"请记下 {mark}")
    li.press("Escape").press("e")
    expect(li.dialog).to_be_visible()
    li.press("1").press("Control+Enter")
    expect(li.mine).to_have_count(0, timeout=ANSWER_MS)
    expect(li.dialog).to_have_count(0)
    li.press("s")
    expect(li.dialog.get_by_role("combobox")).to_be_focused()
    li.page.keyboard.type(mark)
    expect(li.dialog.get_by_role("option")).to_have_count(1, timeout=ANSWER_MS)
    expect(li.dialog.get_by_role("option")).to_contain_text(mark)
    assert violations(li.page) == []
    li.press("Enter")
    expect(li.dialog).to_have_count(0, timeout=ANSWER_MS)
    expect(li.said("agent").last).to_contain_text(mark)
    expect(li.field).to_be_hidden()
    assert violations(li.page) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_draft_that_repeats_or_contradicts_an_entry_says_which_and_is_kept_all_the_same(visit, helper, language):
    yu = helper("yu", role="admin", language=language, reduced_motion="reduce")
    chat = visit("zh").open()
    chat.ask("砍树审批要多久")
    chat.answered()
    chat.choose_in_menu("talkToPerson")
    reply = "要999个工作日。"
    reply_and_open_a_draft(yu, reply)
    expect(yu.dialog.locator("[name=facet]")).to_have_value("time_limit")
    yu.dialog.locator("[name=source]").fill("窗口")
    yu.press("Control+Enter")
    title, like, against, figure = {
        "zh": ("和现有条目有重合", "很像已有的", "可能和它矛盾", "草稿写999工作日"),
        "en": ("meets existing entries", "Very like", "May contradict", "The draft says 999"),
    }[language]
    expect(yu.dialog.get_by_role("heading")).to_contain_text(title, timeout=ANSWER_MS)
    expect(yu.dialog).to_have_count(1)  # the question before it is gone
    warnings = yu.dialog.get_by_role("listitem")
    entry = f"{TREES}.time_limit"
    expect(warnings.filter(has_text=like).filter(has_text=entry)).to_have_count(1)
    expect(warnings.filter(has_text=against).filter(has_text=entry)).to_contain_text(figure)
    expect(yu.dialog.locator(":focus")).to_have_count(1)
    assert violations(yu.page) == []
    yu.press("Escape")
    expect(yu.dialog).to_have_count(0)
    expect(yu.mine).to_have_count(0)
    drafts = yu._call("GET", "promotions?state=open")["promotions"]
    assert reply in [draft["answer"]["zh"] for draft in drafts]


def test_a_draft_that_meets_no_entry_is_told_in_a_toast(visit, helper):
    yu = helper("yu", role="admin")
    chat = visit("zh").open()
    chat.ask("砍树审批要多久")
    chat.answered()
    chat.choose_in_menu("talkToPerson")
    yu.accept().reply("这件事请直接问小区物业的值班室。")
    chat.ask("物业值班室在几号楼的几层？")
    expect(yu.said("visitor").last).to_contain_text("几号楼", timeout=ANSWER_MS)
    yu.press("Escape").press("e")
    expect(yu.dialog.locator("[name=outcome]").first).to_be_focused()
    yu.press("1")
    yu.dialog.locator(".promote summary").focus()
    yu.press("Enter")
    yu.dialog.locator("[name=source]").fill("窗口")
    yu.press("Control+Enter")
    expect(yu.page.locator(".toast")).to_contain_text("已推荐", timeout=ANSWER_MS)
    expect(yu.dialog).to_have_count(0)
