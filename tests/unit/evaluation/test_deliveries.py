"""The desk's benchmark finds every message that was lost, doubled or out of order, whatever else happened to it."""

from hypothesis import given
from hypothesis import strategies as st

from evaluation.deliveries import Line, Numbers


def line(arrived: list[int], said: int = 9) -> Line:
    books = Line()
    for moment in range(said):
        books.taken.add(books.say(float(moment)))
    for counter in arrived:
        books.arrive(counter, 100.0)
    return books


@given(st.permutations(range(1, 10)), st.sets(st.integers(1, 9)), st.sets(st.integers(1, 9)))
def test_lost_and_doubled_are_counted_whatever_the_order(order, lost, doubled):
    came = [counter for counter in order if counter not in lost]
    again = [counter for counter in came if counter in doubled]
    books = line([*came, *again])
    assert (books.lost, books.doubled) == (len(lost), len(again))
    assert len(books.delays_s) == len(came)


@given(st.lists(st.integers(1, 9), unique=True))
def test_out_of_order_is_whatever_comes_after_a_later_one(order):
    late = sum(any(earlier > counter for earlier in order[:place]) for place, counter in enumerate(order))
    assert line(order).out_of_order == late
    assert line(sorted(order)).out_of_order == 0


def test_a_message_that_the_service_refused_is_not_lost():
    books = line([1])
    books.say(9.0)
    assert books.lost == 8


def test_what_was_said_while_the_receiver_was_away_is_caught_up_and_has_no_delay():
    books = line([])
    books.back_at = 4.0
    for counter in range(1, 10):
        books.arrive(counter, 10.0)
    assert books.caught_up == 4
    assert books.delays_s == [6.0, 5.0, 4.0, 3.0, 2.0]


@given(st.sets(st.integers(1, 30), min_size=1))
def test_numbers_tell_gaps_only_where_there_must_be_none(numbers):
    for dense in (True, False):
        heard = Numbers(dense)
        for number in sorted(numbers):
            heard.hear(number)
        assert heard.skipped == (max(numbers) - min(numbers) + 1 - len(numbers) if dense else 0)
        assert heard.repeated == 0
        heard.hear(min(numbers))
        assert heard.repeated == 1
