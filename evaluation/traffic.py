"""What became of real visitors' questions: the suites' definitions (resolution.py) over stored turns and feedback.

A conversation holds one enquiry after another: an enquiry is a stretch of turns about one item, with all its facets.
What can be known is what happened within a session, which a browser keeps until the visitor erases it or starts anew:
who asks again from another device, by telephone or at a counter is not seen, so the shares are at best what they say.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evaluation.rates import Rate, rate
from evaluation.resolution import APART, Outcome, Step, outcome

PAUSE = dt.timedelta(minutes=30)
"""After so long a silence the next message begins another enquiry, and an enquiry is over."""
ASKED_AGAIN_WITHIN = dt.timedelta(days=7)


@dataclass(frozen=True)
class Turn:
    """One reply to a visitor. `typed` is False where an option was chosen; `new_topic`: it named another item."""

    session_id: str
    at: dt.datetime
    language: str
    step: Step
    item_id: str | None = None
    facet: str | None = None
    typed: bool = True
    new_topic: bool = False


@dataclass(frozen=True)
class Word:
    """What a visitor said about a reply (or, then `about_at` is when it was said, about the session so far)."""

    session_id: str
    about_at: dt.datetime
    said_at: dt.datetime
    resolved: bool


@dataclass(frozen=True)
class Enquiry:
    """One question of a visitor with its follow-ups, and how it ended."""

    session_id: str
    began: dt.datetime
    ended: dt.datetime
    language: str
    item_id: str | None
    spoke: bool
    outcome: Outcome


@dataclass(frozen=True)
class Resolution:
    """Shares of the enquiries that are the desk's business; the others, and those still going on, are only counted.

    `at_most` adds those that nobody spoke about to the confirmed ones: the truth lies between the two. `spoke` is the
    share of which the visitor said anything. `unsettled` ended less than a week ago and may yet be asked again.
    """

    shares: Mapping[Outcome, Rate]
    at_most: Rate
    spoke: Rate
    apart: Mapping[Outcome, int]
    still_open: int
    unsettled: int


def enquiries(turns: Iterable[Turn], words: Iterable[Word]) -> list[Enquiry]:
    """Every enquiry, session by session, in the order of their turns; an enquiry's last word counts."""
    told: dict[str, list[Turn]] = defaultdict(list)
    for turn in sorted(turns, key=lambda turn: turn.at):
        told[turn.session_id].append(turn)
    said: dict[str, list[Word]] = defaultdict(list)
    for word in sorted(words, key=lambda word: word.said_at):
        said[word.session_id].append(word)
    return [one for session, own in told.items() for one in _judged(list(_stretches(own)), said[session])]


def resolution(found: Sequence[Enquiry], now: dt.datetime) -> Resolution:
    """The shares; an enquiry whose last turn is younger than PAUSE is still open and in none of them."""
    over = [one for one in found if now - one.ended >= PAUSE]
    counted = [one for one in over if one.outcome not in APART]
    return Resolution(
        shares={kind: rate([one.outcome is kind for one in counted]) for kind in Outcome if kind not in APART},
        at_most=rate([one.outcome in (Outcome.CONFIRMED, Outcome.UNCONFIRMED) for one in counted]),
        spoke=rate([one.spoke for one in counted]),
        apart={kind: sum(one.outcome is kind for one in over) for kind in Outcome if kind in APART},
        still_open=len(found) - len(over),
        unsettled=sum(now - one.ended < ASKED_AGAIN_WITHIN for one in counted),
    )


@dataclass
class _Stretch:
    """Turns that belong together, as they come."""

    turns: list[Turn] = field(default_factory=list)

    @property
    def steps(self) -> list[Step]:
        return [turn.step for turn in self.turns]

    @property
    def told(self) -> list[Turn]:
        """Without small talk, which neither begins nor ends anything."""
        return [turn for turn in self.turns if turn.step is not Step.SMALL_TALK]

    @property
    def answered(self) -> set[tuple[str | None, str | None]]:
        return {(turn.item_id, turn.facet) for turn in self.turns if turn.step is Step.ANSWERED}

    @property
    def item_id(self) -> str | None:
        """The item of the last answer, else the last that was in sight."""
        answers = [turn.item_id for turn in self.turns if turn.step is Step.ANSWERED]
        return answers[-1] if answers else next((turn.item_id for turn in reversed(self.turns) if turn.item_id), None)

    def takes(self, turn: Turn) -> bool:
        """Whether the turn goes on with what this stretch is about."""
        if turn.at - self.turns[-1].at > PAUSE:
            return False
        if not self.told or turn.step in (Step.SMALL_TALK, Step.HANDED_OVER):
            return True
        last = self.told[-1].step
        if last is Step.REFERRED or (last is Step.ANSWERED and turn.step is Step.REFERRED):
            return turn.step is last
        if last is not Step.ANSWERED:
            return True
        if turn.step is not Step.ANSWERED:
            return not turn.new_topic
        same_again = turn.typed and (turn.item_id, turn.facet) in self.answered
        return turn.item_id == self.item_id and not same_again


def _stretches(turns: Sequence[Turn]) -> Iterator[_Stretch]:
    current: _Stretch | None = None
    for turn in turns:
        if current is not None and not current.takes(turn):
            yield current
            current = None
        current = current or _Stretch()
        current.turns.append(turn)
    if current is not None:
        yield current


def _judged(stretches: Sequence[_Stretch], words: Sequence[Word]) -> Iterator[Enquiry]:
    for place, one in enumerate(stretches):
        later = stretches[place + 1 :]
        began = one.turns[0].at
        until = later[0].turns[0].at if later else None
        said = [word for word in words if began <= word.about_at and (until is None or word.about_at < until)]
        yield Enquiry(
            session_id=one.turns[0].session_id,
            began=began,
            ended=one.turns[-1].at,
            language=one.turns[-1].language,
            item_id=one.item_id,
            spoke=bool(said),
            outcome=outcome(
                one.steps, said[-1].resolved if said else None, any(_asks_again(one, two) for two in later)
            ),
        )


def _asks_again(before: _Stretch, after: _Stretch) -> bool:
    """Whether a later enquiry comes back to what this one was to have settled.

    Going from one item to another and back for another facet is how people compare; asking for what was answered, or
    coming back to the item after a pause, says that it was not settled.
    """
    waited = after.turns[0].at - before.turns[-1].at
    if waited > ASKED_AGAIN_WITHIN or before.item_id is None or before.item_id != after.item_id:
        return False
    return waited > PAUSE or bool(before.answered & after.answered)
