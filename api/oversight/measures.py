"""What the desk's figures mean. docs/supervisors-guide.md says the same in words.

Each measure looks at one ticket at a moment of the steady clock and gives a verdict, or None where the ticket is not
counted. A share is the met verdicts of all verdicts whose moment lies in the days asked for; it comes with both numbers
and a 95 % interval.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from api.desk.life import Outcome
from api.desk.record import seconds
from api.oversight.reasons import BAD_RATING
from api.oversight.stories import Story

PROMISE_S = 60
"""The promise: a person's first words within one minute; exactly 60 s still keep it."""
_LEFT = (Outcome.ABANDONED, Outcome.ERASED)


@dataclass(frozen=True)
class Verdict:
    """Whether a ticket meets a measure, the moment by which it is dated, and the helper whom it counts for."""

    met: bool
    at: dt.datetime
    helper: str | None = None


def first_reply_within_60s(story: Story, moment: dt.datetime) -> Verdict | None:
    """Of the visitors who were told to wait for a person: those who had a helper's first words within the minute.

    Dated by the promise; for whoever replied, otherwise for whoever had the ticket. Not counted: who has waited for
    less than a minute so far, and who left by themselves before the minute was over.
    """
    if story.promised is None:
        return None
    if story.replied is not None:
        met = seconds(story.promised.steady_at, story.replied.steady_at) <= PROMISE_S
        return Verdict(met, story.promised.at, story.replied.helper)
    waited_s = seconds(story.promised.steady_at, story.ended.steady_at if story.ended else moment)
    had_no_minute = waited_s <= PROMISE_S and (story.ended is None or story.outcome in _LEFT)
    return None if had_no_minute else Verdict(False, story.promised.at, story.helper)


def resolved(story: Story, moment: dt.datetime) -> Verdict | None:
    """Of the tickets that a helper ended: those with the outcome "resolved".

    Dated by the end, for whoever ended it. A call-back that was arranged and what went back to the assistant count as
    not resolved; what the visitor left or erased is not counted.
    """
    if story.ended is None or story.outcome in _LEFT:
        return None
    return Verdict(story.outcome is Outcome.RESOLVED, story.ended.at, story.helper)


def resolved_by_visitors_word(story: Story, moment: dt.datetime) -> Verdict | None:
    """Of the tickets that the visitor judged: those that were resolved, says the visitor. Dated by the last word."""
    if story.rated_at is None:
        return None
    return Verdict(bool(story.settled_for_visitor), story.rated_at, story.helper)


def content(story: Story, moment: dt.datetime) -> Verdict | None:
    """Of the tickets that the visitor rated on the five levels: those rated 3, 4 or 5. Dated by the last rating."""
    if story.rated_at is None or story.rating is None:
        return None
    return Verdict(story.rating > BAD_RATING, story.rated_at, story.helper)


def left_without_reply(story: Story, moment: dt.datetime) -> Verdict | None:
    """Of the visitors who were told to wait: those who left before a helper's first words. Dated by the promise.

    Who still waits is not counted.
    """
    if story.promised is None or (story.replied is None and story.ended is None):
        return None
    return Verdict(story.replied is None and story.outcome in _LEFT, story.promised.at)


MEASURES: Mapping[str, Callable[[Story, dt.datetime], Verdict | None]] = {
    measure.__name__: measure
    for measure in (first_reply_within_60s, resolved, resolved_by_visitors_word, content, left_without_reply)
}
"""By name, as the API, the CSV and /metrics call them."""
OF_NO_HELPER = frozenset({left_without_reply.__name__})
"""What is no single helper's doing: counted for the desk and the families only."""
