"""Asking, choosing, judging, and asking for a person."""

import re

import pytest
from playwright.sync_api import expect
from visit import ANSWER_MS

ZH, EN = "小区里砍树要交哪些材料？", "Which papers does a tree felling application need?"


@pytest.mark.parametrize(("language", "question", "as_of"), [("zh", ZH, "截至"), ("en", EN, "As of")])
def test_an_answer_names_its_permit_its_date_and_its_sources(visit, language, question, as_of):
    chat = visit(language).open().ask(question)
    card = chat.answered()
    expect(card.locator(".permit")).not_to_be_empty()
    expect(card.locator(".lead")).not_to_be_empty()
    expect(card.locator(".card-told")).to_contain_text(as_of)
    expect(card.locator(".source").first).not_to_be_empty()
    assert chat.faults == []


def test_the_greeting_offers_topics_as_numbered_buttons_and_a_click_leads_on(chat):
    topics = chat.entries.first.locator("button.option")
    assert 2 <= topics.count() <= 6
    assert [number.strip() for number in topics.locator(".option-number").all_inner_texts()][:2] == ["1", "2"]
    title = topics.first.locator(".option-title").inner_text()
    topics.first.click()
    expect(chat.said).to_have_text([title])
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)


def test_typing_the_number_of_an_option_chooses_it(chat):
    chat.ask("2")
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)
    option = chat.history()[0]["options"][1]
    assert option["item_id"] in str(chat.history()[-1])


def test_a_question_in_the_other_language_is_answered_and_labelled_in_that_language(chat):
    card = chat.ask(EN).answered()
    expect(card.locator(".card-told")).to_contain_text("As of")
    expect(chat.panel.locator("[role=log] > article").last).to_have_attribute("lang", "en-GB")


def test_yes_is_noted_and_stays_noted_after_a_reload(chat):
    chat.ask(ZH).answered()
    with chat.page.expect_response(lambda reply: reply.url.endswith("/feedback")) as noted:
        chat.panel.locator(".feedback button[value=yes]").click()
    assert noted.value.status == 204
    assert noted.value.request.post_data_json["resolved"] is True
    expect(chat.panel.locator("bangban-feedback-row")).to_contain_text("已记下")
    chat.page.reload()
    expect(chat.panel.locator("bangban-feedback-row")).to_contain_text("已记下", timeout=ANSWER_MS)


def test_no_is_noted_and_asks_the_desk_for_another_way(chat):
    chat.ask(ZH).answered()
    with chat.page.expect_response(lambda reply: reply.url.endswith("/feedback")) as noted:
        chat.panel.locator(".feedback button[value=no]").click()
    assert noted.value.request.post_data_json["resolved"] is False
    expect(chat.said).to_have_text([ZH, "没有解决"])
    expect(chat.entries).to_have_count(5, timeout=ANSWER_MS)


def test_talking_to_a_person_shows_the_ticket_number(chat):
    chat.ask(ZH).answered()
    chat.panel.locator(".feedback button[value=person]").click()
    handed_over = chat.panel.locator(".kind-handoff")
    expect(handed_over).to_have_count(1, timeout=ANSWER_MS)
    number = re.search(r"\d[\d-]{3,}", handed_over.inner_text())
    assert number
    expect(chat.status).to_contain_text(number[0])


def test_a_person_who_joins_and_leaves_is_announced_by_role(visit):
    """The two frames that the desk causes are put into the live connection; with real helpers: test_desk_shift.py."""
    sockets = []

    def join(socket):
        socket.connect_to_server()
        sockets.append(socket)

    chat = visit("zh")
    chat.page.route_web_socket(re.compile("/events$"), join)
    chat.open().ask(ZH).answered()
    sockets[-1].send('{"type": "state", "state": "human"}')
    expect(chat.status).to_contain_text("工作人员来了")
    sockets[-1].send('{"type": "state", "state": "bot"}')
    expect(chat.status).to_contain_text("工作人员已离开")


def test_waiting_in_the_queue_says_how_many_are_ahead_and_that_asking_goes_on(visit):
    sockets = []

    def join(socket):
        socket.connect_to_server()
        sockets.append(socket)

    chat = visit("en")
    chat.page.route_web_socket(re.compile("/events$"), join)
    chat.open().ask(EN).answered()
    sockets[-1].send('{"type": "state", "state": "queued", "position": 3, "expected_wait_s": 130}')
    expect(chat.status.get_by_role("status")).to_have_text(
        "Waiting for a person; 2 ahead of you. About 3 min. You can go on asking."
    )
    expect(chat.field).to_be_editable()
    sockets[-1].send('{"type": "queue", "position": 1, "expected_wait_s": 0}')
    expect(chat.status).to_contain_text("you are next. Less than a minute.")
    sockets[-1].send('{"type": "queue", "position": 1, "expected_wait_s": null}')
    expect(chat.status).to_contain_text("no reliable waiting time")


def test_what_is_not_certain_stands_once_under_an_amber_label_with_the_place_where_it_is(chat):
    card = chat.ask("装修垃圾清运要多少钱？").answered()
    label = card.locator(".to-confirm")
    expect(label).to_contain_text("待确认")
    expect(label).to_contain_text("办事指南")
    assert card.inner_text().count(label.inner_text().split("：", 1)[1]) == 1


def test_an_answer_can_be_copied_with_its_sources(visit):
    chat = visit("zh", permissions=["clipboard-read", "clipboard-write"]).open()
    card = chat.ask(ZH).answered()
    card.locator("button[value=copy]").click()
    expect(card.locator(".copied")).to_have_text("已复制")
    copied = chat.page.evaluate("navigator.clipboard.readText()")
    assert card.locator(".source").first.inner_text()[:8] in copied
    assert "截至" in copied


def test_printing_puts_the_answer_alone_on_paper(chat):
    card = chat.ask(ZH).answered()
    chat.page.evaluate(
        """() => {
          const append = document.body.append
          document.body.append = function (frame) {
            append.call(this, frame)
            frame.contentWindow.print = () => { window.paper = frame.contentDocument.body.innerText }
          }
        }"""
    )
    card.locator("button[value=print]").click()
    paper = chat.page.evaluate("window.paper")
    assert card.locator(".permit").inner_text() in paper
    assert "说说您要办的事" not in paper


def test_ending_asks_for_a_rating_and_a_new_conversation_starts_empty(chat):
    chat.ask(ZH).answered()
    chat.choose_in_menu("end")
    form = chat.panel.locator("bangban-closing-form")
    form.locator("button[type=submit]").click()
    expect(form.locator(".error-line")).to_be_visible()
    form.get_by_label("清楚了").check()
    form.get_by_label("非常满意", exact=True).check()
    with chat.page.expect_response(lambda reply: reply.url.endswith("/feedback")) as noted:
        form.locator("button[type=submit]").click()
    assert noted.value.status == 204
    assert noted.value.request.post_data_json == {"resolved": True, "rating": 5}
    form.locator("button[value=anew-wanted]").click()
    expect(chat.entries).to_have_count(1, timeout=ANSWER_MS)
    expect(chat.said).to_have_count(0)


def test_erasing_asks_first_and_then_the_server_no_longer_knows_the_session(chat):
    chat.ask(ZH).answered()
    session = chat.session()
    chat.choose_in_menu("erase")
    chat.panel.locator("button[value=erase-confirmed]").click()
    expect(chat.panel.locator("bangban-closing-form")).to_contain_text("对话已删除")
    reply = chat.page.request.get(
        f"{chat.site}/api/v1/sessions/{session['session_id']}/messages",
        headers={"Authorization": f"Bearer {session['token']}"},
    )
    assert reply.status in (401, 403)
    assert chat.page.evaluate("JSON.stringify(localStorage)").find(session["token"]) == -1


def test_an_unknown_session_starts_anew_with_a_word_about_it(chat):
    session = chat.session()
    chat.page.goto("about:blank")  # so that the widget does not hear of what comes next
    chat.page.request.delete(
        f"{chat.site}/api/v1/sessions/{session['session_id']}", headers={"Authorization": f"Bearer {session['token']}"}
    )
    chat.arrive()
    expect(chat.entries.first).to_be_visible(timeout=ANSWER_MS)  # a chat that was open is open again
    expect(chat.status).to_contain_text("这是新的对话")
    assert chat.session()["session_id"] != session["session_id"]


def test_switching_the_language_before_a_word_was_said_greets_in_it(chat):
    chat.panel.locator("button[value=language]").click()
    expect(chat.entries.first).to_have_attribute("lang", "en-GB", timeout=ANSWER_MS)
    expect(chat.field).to_have_attribute("placeholder", "Say what you want to do")


def test_the_chat_can_open_on_the_permit_that_a_page_is_about(visit):
    chat = visit("zh")
    chat.page.evaluate("document.querySelector('bangban-widget').setAttribute('item', 'urban-tree-felling')")
    chat.open()
    expect(chat.entries.first).to_contain_text("砍伐城市树木")


def test_a_conversation_that_goes_on_is_offered_the_permit_of_the_page_and_not_cut_off(chat):
    chat.ask("店铺招牌要办什么手续？")
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)
    chat.page.evaluate("document.querySelector('bangban-widget').setAttribute('item', 'urban-tree-felling')")
    offer = chat.panel.locator(".suggestion")
    expect(offer).to_contain_text("砍伐城市树木审批")
    offer.click()
    expect(offer).to_have_count(0)
    expect(chat.said).to_have_count(2)
    assert "砍伐城市树木" in chat.said.last.inner_text()
    expect(chat.entries).to_have_count(5, timeout=ANSWER_MS)
