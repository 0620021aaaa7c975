"""Conversations through the HTTP door, the real search and the real Rasa."""

import threading

import httpx
import pytest


class Chat:
    """A visitor with a session of their own."""

    def __init__(self, url: str, language: str = "auto") -> None:
        self.http = httpx.Client(base_url=url, timeout=60)
        opened = self.http.post("/api/v1/sessions", json={"language": language, "channel": "web"})
        assert opened.status_code == 201, opened.text
        self.session_id = opened.json()["session_id"]
        self.http.headers["Authorization"] = f"Bearer {opened.json()['token']}"
        self.last = opened.json()["messages"][-1]

    def post(self, **message: str) -> httpx.Response:
        return self.http.post(f"/api/v1/sessions/{self.session_id}/messages", json=message)

    def say(self, text: str) -> dict:
        return self._reply(self.post(text=text))

    def choose(self, place: int) -> dict:
        return self._reply(self.post(payload=self.last["options"][place]["payload"]))

    def _reply(self, response: httpx.Response) -> dict:
        assert response.status_code == 200, response.text
        (self.last,) = response.json()["messages"]
        return self.last


def entry(message: dict) -> str | None:
    return message["answer"]["entry_id"] if message["answer"] else None


@pytest.fixture
def chat(stack) -> Chat:
    return Chat(stack.url)


@pytest.mark.parametrize(
    ("language", "first", "follow_ups"),
    [
        ("zh", "临时占绿是什么", [("那要多久？", "time_limit"), ("要交什么材料", "materials")]),
        ("en", "renovation waste removal, what is it", [("and how long does it take?", "time_limit"),
          ("what does it cost", "fee")]),
    ],
)  # fmt: skip
def test_a_follow_up_needs_no_permits_name(chat, language, first, follow_ups):
    item = chat.say(first)["answer"]["item_id"]
    for words, facet in follow_ups:
        reply = chat.say(words)
        assert (reply["kind"], reply["language"], entry(reply)) == ("answer", language, f"{item}.{facet}")


def test_naming_another_permit_changes_the_subject(chat):
    chat.say("临时占绿是什么")
    assert entry(chat.say("装修垃圾清运多少钱")) == "renovation-waste-removal.fee"
    assert entry(chat.say("那要多久")) == "renovation-waste-removal.time_limit"


def test_a_question_without_a_permit_is_completed_by_the_choice(chat):
    asked = chat.say("多久能批下来")
    assert asked["kind"] == "clarify" and {option["facet"] for option in asked["options"] if "facet" in option} == {
        "time_limit"
    }
    chosen = asked["options"][1]["item_id"]
    assert entry(chat.choose(1)) == f"{chosen}.time_limit"


@pytest.mark.parametrize("words", ["2", "第二个", "2.", "the second one"])
def test_an_option_is_chosen_in_words(chat, words):
    asked = chat.say("多久能批下来")
    assert entry(chat.say(words)) == f"{asked['options'][1]['item_id']}.time_limit"


def test_the_second_part_of_a_double_question_is_answered_by_its_own_words(chat):
    assert entry(chat.say("临时占绿要交什么材料？另外多久能批下来？")).startswith("temporary-green-space-use.")
    assert entry(chat.say("那第二个问题呢")) == "temporary-green-space-use.time_limit"


def test_a_yes_beside_what_is_said_is_no_mere_yes(chat):
    chat.say("临时占绿是什么")
    assert entry(chat.say("yes, and what papers do we need")) == "temporary-green-space-use.materials"


def test_the_reply_is_in_the_language_of_the_question(chat):
    assert chat.say("砍树要办什么")["language"] == "zh"
    assert chat.say("what documents do I need for that")["language"] == "en"


@pytest.mark.parametrize(
    ("words", "kind"),
    [("你好", "text"), ("thank you", "text"), ("再见", "text"), ("转人工", "handoff"),
     ("I want to talk to a real person", "handoff"),
     ("公积金贷款能贷多少", "out_of_scope"), ("what is the weather like tomorrow", "out_of_scope")],
)  # fmt: skip
def test_what_is_no_question_gets_its_own_kind_of_reply(chat, words, kind):
    assert chat.say(words)["kind"] == kind


def test_what_did_not_help_is_followed_by_something_else_and_then_a_person(chat):
    chat.say("装修垃圾清运多少钱")
    said = [chat.say(words) for words in ("没有解决", "还是不对", "没用")]
    assert "handoff" in {reply["kind"] for reply in said[1:]}
    assert len({reply["text"] for reply in said}) == len(said)


@pytest.mark.parametrize(
    "command", ["/restart", '/greet{"item": "x"}', " /back", "／restart", "\u200b/restart", "/session_start"]
)
def test_a_command_is_only_text(chat, command):
    chat.say("临时占绿是什么")
    chat.say(command)
    assert entry(chat.say("那要多久？")) == "temporary-green-space-use.time_limit"


def test_messages_at_once_are_answered_in_order_and_once(chat):
    chat.say("临时占绿是什么")
    replies: dict[int, httpx.Response] = {}

    def send(number: int) -> None:
        replies[number] = chat.post(text="要交什么材料", client_id="same")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({reply.json()["messages"][0]["id"] for reply in replies.values()}) == 1
    history = chat.http.get(f"/api/v1/sessions/{chat.session_id}/messages").json()["messages"]
    assert [message["text"] for message in history].count("要交什么材料") == 1


def test_personal_data_is_masked_before_it_is_kept(chat):
    chat.say("我的手机13812345678，砍树要办什么")
    history = chat.http.get(f"/api/v1/sessions/{chat.session_id}/messages").text
    assert "13812345678" not in history


def test_every_answer_names_its_sources_its_date_and_its_revision(stack, chat):
    answer = chat.say("临时占绿要多久")["answer"]
    revision = httpx.get(f"{stack.url}/api/v1/items").json()["revision"]
    assert answer["revision"] == revision and answer["as_of"] and answer["sources"]


def test_the_service_says_that_it_is_ready(stack):
    assert httpx.get(f"{stack.url}/readyz").status_code == 200
