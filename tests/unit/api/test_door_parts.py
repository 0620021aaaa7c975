"""The small parts at the door: text, language, addresses, limits, queues, events."""

import asyncio
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from api.events import Events, StateChanged, TypingStarted
from api.language import asked_for, beside_request, follow, preferred
from api.limits import RATES, Limits
from api.problems import TooManyRequests
from api.proxies import client_address
from api.queues import SessionQueues
from api.text_door import clean


@given(st.text())
def test_what_is_clean_stays_and_can_always_be_sent(text):
    try:
        cleaned = clean(text)
    except PydanticCustomError:
        return
    assert clean(cleaned) == cleaned
    cleaned.encode("utf-8")


def test_invisible_marks_cannot_split_a_number():
    assert clean("138\u200b1234\u20605678\ufeff") == "13812345678"
    assert clean("一\r\n二\r三") == "一\n二\n三"


@pytest.mark.parametrize(
    ("text", "current", "language"),
    [("砍树要多久", "en", "zh"), ("how long does it take", "zh", "en"), ("2", "en", "en"), ("ok", "zh", "zh"),
     ("OK!", "zh", "zh"), ("👍", "en", "en"), ("hello", "zh", "en"), ("我的 billboard 要不要 permit", "en", "zh"),
     ("what is 渣土证", "zh", "en"), ("招牌備案 permit 嗎", "en", "zh"), ("招牌备案 ＡＮＹ ＦＥＥ", "zh", "en")],
)  # fmt: skip
def test_the_language_follows_the_visitor_unless_the_text_does_not_tell(text, current, language):
    assert follow(text, current) == language


@pytest.mark.parametrize(
    ("text", "current", "language"),
    [("请用中文回答", "en", "zh"), ("in English please", "zh", "en"), ("can't you speak Chinese?", "en", "zh"),
     ("能讲英文吗", "zh", "en"), ("我看不懂英文", "zh", "zh"), ("I don't read Chinese", "zh", "en"),
     ("No English!", "en", "zh"), ("你不会说中文吗", "en", "zh"), ("Chinese or English?", "en", "en"),
     ("日本語でお願いします", "zh", "zh")],
)  # fmt: skip
def test_a_request_for_another_language_names_it(text, current, language):
    assert asked_for(text, current) == language


@pytest.mark.parametrize(
    ("text", "rest", "request_"),
    [("thx. and in English, does it cost anything", "thx. , does it cost anything", "and in English"),
     ("还是中文吧，期限多久", "期限多久", "还是中文吧")],
)  # fmt: skip
def test_a_request_for_a_language_is_told_from_the_question_beside_it(text, rest, request_):
    assert beside_request(text) == (rest, request_)


@pytest.mark.parametrize(
    "text",
    ["in English please", "can I file in English, or must it be translated", "有英文的表吗，去哪下", "请用中文回答！"],
)
def test_what_asks_for_nothing_else_and_what_only_names_a_language_stay_whole(text):
    assert beside_request(text) == (text, "")


@given(st.text(max_size=200))
def test_any_accept_language_is_understood(header):
    assert preferred(header) in ("zh", "en")


TRUSTED = (ip_network("10.0.0.0/8"),)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("203.0.113.7", "198.51.100.1", (), "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", TRUSTED, "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", TRUSTED, "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", TRUSTED, "198.51.100.1"),
        ("10.0.0.1", None, TRUSTED, "10.0.0.1"),
        ("10.0.0.1", "nonsense", TRUSTED, "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", TRUSTED, "198.51.100.1"),
        ("2001:db8:1:2:3::4", None, (), "2001:db8:1:2::/64"),
        (None, None, (), "unknown"),
        ("testclient", "198.51.100.1", TRUSTED, "unknown"),
    ],
)
def test_only_trusted_proxies_say_whose_address_it_is(peer, forwarded, trusted, address):
    assert client_address(peer, forwarded, trusted) == address


def test_one_holder_running_out_leaves_the_others_alone():
    limits = Limits(on=True)
    for _ in range(20):
        limits.count("message", session="a", address="x")
    with pytest.raises(TooManyRequests) as refused:
        limits.count("message", session="a", address="x")
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    limits.count("message", session="b", address="x")


def test_switched_off_nothing_is_refused():
    limits = Limits(on=False)
    for kind in RATES:
        for _ in range(1000):
            limits.count(kind, session="a", address="x")


async def test_places_are_served_in_the_order_in_which_they_were_taken():
    queues, served = SessionQueues(), []

    async def serve(number, place):
        async with place:
            await asyncio.sleep(0.001 * (5 - number))
            served.append(number)

    places = [(number, queues.join("s")) for number in range(5)]
    await asyncio.gather(*(serve(number, place) for number, place in reversed(places)))
    assert served == [0, 1, 2, 3, 4]
    assert queues._waiting == {}


async def test_a_place_that_is_given_up_does_not_let_a_later_one_overtake():
    queues = SessionQueues()
    first, second, third = (queues.join("s") for _ in range(3))
    second.leave()
    assert first.is_next.is_set() and not third.is_next.is_set()
    first.leave()
    first.leave()
    assert third.is_next.is_set()
    third.leave()
    assert queues._waiting == {}


async def test_a_follower_gets_everything_from_the_moment_it_follows():
    events = Events()
    events.publish("s", TypingStarted())
    with events.following("s") as one, events.following("s") as two:
        events.publish("s", StateChanged("closed"))
        events.publish("other", TypingStarted())
        assert await one.next(1) == await two.next(1) == StateChanged("closed")
        assert await one.next(0.01) is None
    assert events._followers == {}


async def test_a_follower_that_does_not_keep_up_is_marked_not_waited_for():
    events = Events()
    with events.following("s") as slow:
        for _ in range(300):
            events.publish("s", TypingStarted())
        assert slow.is_behind
