"""A visitor and two helpers side by side: who waits is seen, exactly one answers, and what is said arrives."""

import pytest
from playwright.sync_api import expect
from visit import ANSWER_MS

QUESTION = {"zh": "小区里砍树要交哪些材料？", "en": "Which papers does a felling application need?"}
JOINED = {"zh": "工作人员来了", "en": "A member of staff has joined"}


def wait_for_a_person(visit, language="zh"):
    """A visitor who was answered once and then asked for a person."""
    chat = visit(language).open()
    chat.ask(QUESTION[language])
    chat.answered()
    chat.choose_in_menu("talkToPerson")
    expect(chat.panel.locator("bangban-waiting-choices")).to_be_visible(timeout=ANSWER_MS)
    return chat


def test_one_helper_accepts_the_others_queue_follows_and_the_words_arrive(visit, helper):
    li, wang = helper("li"), helper("wang")
    chat = wait_for_a_person(visit)
    for desk in (li, wang):
        expect(desk.queue).to_have_count(1, timeout=ANSWER_MS)
    li.accept()
    expect(wang.queue).to_have_count(0, timeout=ANSWER_MS)
    expect(li.mine).to_have_count(1)
    expect(li.said("visitor").first).to_contain_text(QUESTION["zh"])
    expect(li.page.locator(".evidence").first).to_be_attached()
    expect(chat.panel.locator(".from-system").last).to_contain_text(JOINED["zh"], timeout=ANSWER_MS)
    li.reply("您好，是小区公共绿地上的树吗？")
    expect(chat.panel.locator(".from-agent")).to_contain_text("公共绿地", timeout=ANSWER_MS)
    assert "li" not in chat.panel.locator(".from-agent").inner_text()
    chat.ask("是的")
    expect(li.said("visitor").last).to_have_text("是的", timeout=ANSWER_MS)
    li.press("Escape").press("e")
    expect(li.dialog).to_be_visible()
    li.press("1").press("Control+Enter")
    expect(li.mine).to_have_count(0, timeout=ANSWER_MS)
    form = chat.panel.locator("bangban-rating-form")
    expect(form).to_be_visible(timeout=ANSWER_MS)
    form.get_by_label("清楚了").check()
    form.get_by_label("基本满意").check()
    with chat.page.expect_response(lambda reply: reply.url.endswith("/feedback")) as noted:
        form.locator("button[type=submit]").click()
    assert noted.value.status == 204
    assert noted.value.request.post_data_json["rating"] == 3
    assert li.faults == wang.faults == chat.faults == []


def test_one_key_inserts_an_answer_in_the_visitors_language_while_the_helper_reads_their_own(visit, helper):
    li = helper("li")
    chat = wait_for_a_person(visit, "en")
    expect(li.queue).to_have_count(1, timeout=ANSWER_MS)
    li.accept()
    expect(li.suggestions.first.locator(".suggestion-title")).to_contain_text("砍", timeout=ANSWER_MS)
    li.press("Escape").press("1")
    expect(li.field).to_be_focused()
    inserted = li.field.input_value()
    assert inserted.isascii() or "felling" in inserted.lower()
    li.press("Enter")
    expect(chat.panel.locator(".from-agent")).to_have_count(1, timeout=ANSWER_MS)


def test_a_ticket_that_is_passed_on_is_offered_there_with_its_note(visit, helper):
    li, wang = helper("li"), helper("wang")
    chat = wait_for_a_person(visit)
    li.accept()
    li.press("Escape").press("n")
    li.field.fill("上周也来问过")
    li.press("Enter")
    expect(li.said("note")).to_have_text("上周也来问过", timeout=ANSWER_MS)
    li.press("Escape").press("t")
    li.dialog.locator("[name=note]").fill("您更熟悉树木")
    li.dialog.get_by_role("combobox").fill("wang")
    expect(li.dialog.get_by_role("option")).to_have_count(1)
    li.press("Enter")
    expect(li.mine).to_have_count(0, timeout=ANSWER_MS)
    expect(wang.queue.locator(".row-mark")).to_contain_text("派给您", timeout=ANSWER_MS)
    wang.accept()
    expect(wang.page.locator(".contact")).to_contain_text("您更熟悉树木")
    expect(wang.said("note")).to_have_text("上周也来问过")
    wang.reply("接着由我来答复")
    expect(chat.panel.locator(".from-agent")).to_contain_text("接着由我", timeout=ANSWER_MS)
    assert chat.panel.get_by_text("上周也来问过").count() == 0


def test_the_visitor_asks_on_while_waiting_and_can_stop_waiting(visit, helper):
    li = helper("li")
    chat = wait_for_a_person(visit)
    expect(chat.status).to_contain_text("下一位就是您")
    chat.ask("要多久？")
    chat.answered(2)
    chat.panel.get_by_role("button", name="不等了").last.click()
    expect(li.queue).to_have_count(0, timeout=ANSWER_MS)
    expect(chat.panel.locator("bangban-waiting-choices")).to_have_count(0)


def test_typing_is_seen_on_both_sides(visit, helper):
    li = helper("li")
    chat = wait_for_a_person(visit)
    li.accept()
    expect(chat.status).to_contain_text("工作人员", timeout=ANSWER_MS)
    li.page.keyboard.type("我查一下")
    expect(chat.panel.locator(".waiting")).to_contain_text("工作人员正在输入", timeout=ANSWER_MS)
    chat.field.press_sequentially("谢谢")
    expect(li.page.locator(".typing")).to_be_visible(timeout=ANSWER_MS)


def test_a_wait_warns_at_forty_seconds_and_at_a_minute_in_shape_words_and_aloud(visit, helper):
    li = helper("li")
    li.page.clock.install()
    with li.page.expect_websocket() as socket:
        li.page.reload()
    wait_for_a_person(visit)
    expect(li.queue.locator(".row-mark")).to_contain_text("派给您", timeout=ANSWER_MS)
    clock, aloud = li.queue.locator("waiting-clock"), li.page.locator("[role=status].off-screen")
    expect(clock).to_contain_text("等待中")
    li.page.clock.fast_forward(40_000)
    expect(clock).to_contain_text("快到一分钟")
    expect(clock.locator(".shape")).to_have_text("◆")
    expect(aloud).to_contain_text("已经等了 40 秒")
    # What the desk tells then keeps the page from taking a minute of silence for a lost connection.
    with (
        li.page.expect_response("**/desk/presence"),
        socket.value.expect_event("framereceived", lambda frame: "presence_changed" in frame),
    ):
        li.press("p")
    li.page.clock.fast_forward(20_000)
    expect(clock).to_contain_text("超过一分钟")
    expect(clock.locator(".shape")).to_have_text("▲")
    expect(aloud).to_contain_text("已经等了一分钟")


def test_of_two_conversations_each_has_its_draft_and_what_is_new_is_marked_until_it_is_read(visit, helper):
    li = helper("li")
    first = wait_for_a_person(visit)
    li.accept()
    li.field.fill("给第一位的")
    li.press("Escape")
    wait_for_a_person(visit)
    li.accept()
    li.field.fill("给第二位的")
    first.ask("还在吗？")
    unread = li.page.locator(".list-mine .row.unread")
    expect(unread).to_contain_text("1 条新", timeout=ANSWER_MS)
    li.press("Escape").press("u")
    expect(li.field).to_have_value("给第一位的")
    expect(li.said("visitor").last).to_have_text("还在吗？")
    expect(unread).to_have_count(0, timeout=ANSWER_MS)
    for key, draft in (("j", "给第二位的"), ("j", "给第一位的"), ("k", "给第二位的")):
        li.press(key)
        expect(li.field).to_have_value(draft)


def test_leaving_with_conversations_in_hand_asks_first_and_tells_their_visitors_the_truth(visit, helper):
    li = helper("li")
    chat = wait_for_a_person(visit)
    li.accept()
    li.page.locator("[name=presence][value=online]").focus()
    li.press("ArrowRight").press("ArrowRight")
    expect(li.dialog).to_contain_text("手上的对话：1 个")
    li.press("Escape")
    expect(li.page.locator("[name=presence][value=away]")).to_be_checked()
    expect(li.mine).to_have_count(1)
    li.press("m")
    li.dialog.get_by_role("button", name="退出登录").click()
    expect(li.dialog).to_contain_text("手上的对话：1 个")
    li.press("Control+Enter")
    li.page.wait_for_url("**/desk/login")
    expect(chat.panel.locator(".from-system").last).to_contain_text("工作人员离开了", timeout=ANSWER_MS)
    li.begin()
    expect(li.queue).to_have_count(1, timeout=ANSWER_MS)


def test_a_conversation_given_back_is_answered_by_the_assistant_again(visit, helper):
    li = helper("li")
    chat = wait_for_a_person(visit)
    li.accept()
    li.press("Escape").press("b").press("Enter")
    expect(li.mine).to_have_count(0, timeout=ANSWER_MS)
    chat.ask("要多久？")
    chat.answered(2)


def offered_a_call(visit):
    """A visitor who asked for a person and met nobody on duty: the chat, and the form for a number."""
    chat = visit("zh").open()
    chat.ask(QUESTION["zh"])
    chat.answered()
    chat.choose_in_menu("talkToPerson")
    form = chat.panel.locator("bangban-callback-form")
    expect(form).to_be_visible(timeout=ANSWER_MS)
    return chat, form


def test_with_nobody_on_duty_a_visitor_can_leave_a_number(visit):
    chat, form = offered_a_call(visit)
    form.locator("button[type=submit]").click()
    expect(form.locator("[role=alert]")).to_contain_text("先填")
    form.locator("[name=contact]").fill("13800138000")
    form.locator("button[type=submit]").click()
    expect(chat.panel.locator(".entry").last).to_contain_text("加密保存", timeout=ANSWER_MS)


def test_a_supervisors_notice_reaches_every_visitor_in_their_language(visit, helper):
    zhao = helper("zhao", role="supervisor")
    chat = visit("en").open()
    zhao.press("g")
    zhao.dialog.locator("[name=zh]").fill("台风，今天下午窗口关闭。")
    zhao.dialog.locator("[name=en]").fill("Typhoon: the windows close this afternoon.")
    zhao.press("Control+Enter")
    expect(zhao.page.locator(".modes")).to_contain_text("公告")
    expect(chat.panel.locator(".desk-notice")).to_contain_text("Typhoon", timeout=ANSWER_MS)
    expect(zhao.dialog).to_have_count(0)
    zhao.press("g")
    for name in ("zh", "en"):
        zhao.dialog.locator(f"[name={name}]").fill("")
    zhao.press("Control+Enter")
    expect(chat.panel.locator(".desk-notice")).to_be_hidden(timeout=ANSWER_MS)


@pytest.fixture
def zhao(helper):
    """A supervisor, after whom not everyone is sent to people any more."""
    zhao = helper("zhao", role="supervisor")
    yield zhao
    zhao._call("PUT", "mode", {"everyone_to_people": False})


def test_while_everyone_is_sent_to_people_the_next_question_joins_the_queue_and_the_assistant_answers_on(visit, zhao):
    chat = visit("zh").open()
    zhao.press("g")
    zhao.dialog.locator("[name=everyone]").check()
    zhao.press("Control+Enter")
    expect(zhao.page.locator(".modes")).to_have_text("全部转人工")
    chat.ask(QUESTION["zh"])
    expect(zhao.queue).to_contain_text("全部转人工", timeout=ANSWER_MS)
    expect(chat.status).to_contain_text("下一位就是您", timeout=ANSWER_MS)
    assert chat.answers.count() == 0
    chat.ask(QUESTION["zh"])
    chat.answered()
    zhao.press("g")
    zhao.dialog.locator("[name=everyone]").uncheck()
    zhao.press("Control+Enter")
    expect(zhao.page.locator(".modes")).to_be_hidden()
    assert visit("zh").open().ask(QUESTION["zh"]).answered()


def test_an_agent_has_no_notice_to_write(helper):
    li = helper("li")
    li.press("g")
    expect(li.dialog).to_have_count(0)
    expect(li.page.locator("[data-act=house]")).to_be_hidden()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_wrong_password_is_told_in_one_sentence_and_the_page_stays(site, new_context, language):
    page = new_context(language).new_page()
    page.goto(f"{site}/desk/login")
    page.locator("[name=username]").fill("nobody")
    page.locator("[name=password]").fill("not the password")
    page.keyboard.press("Enter")
    words = {"zh": "用户名或者密码不对", "en": "The user name or the password is wrong"}
    expect(page.get_by_role("alert")).to_contain_text(words[language])
    assert page.url.endswith("/desk/login")


def test_without_a_login_the_desk_leads_to_the_login_page(site, new_context):
    page = new_context("zh").new_page()
    page.goto(f"{site}/desk")
    page.wait_for_url("**/desk/login")
