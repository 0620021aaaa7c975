"""What supervision and follow-ups send and get, exactly as docs/desk-api.md says."""

from __future__ import annotations

import datetime as dt
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from api.clock import today
from api.conversation import LanguageName
from api.desk.schemas import CallbackContactOut
from api.hotline.schemas import ConnectionOut, RateOut
from api.oversight.reasons import About, CallbackOutcome, ClosingReason, FollowUpState
from api.schemas import BothOut
from api.text_door import Comment, VisitorText
from knowledge.schema import Facet


class ShareOut(BaseModel):
    """`count` of `of`; where there is nothing to count, the rest is null. `low` and `high`: 95 % interval."""

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


class SharesOut(BaseModel):
    """The measures of api.oversight.measures."""

    first_reply_within_60s: ShareOut
    resolved: ShareOut
    resolved_by_visitors_word: ShareOut
    content: ShareOut
    left_without_reply: ShareOut


class StandingOut(BaseModel):
    """How it stands at this moment."""

    waiting: int
    to_be_called: int
    active: int
    longest_wait_s: float | None


class FiguresOut(BaseModel):
    """How it stands now, and what the days asked for come to."""

    now: StandingOut
    opened: int
    shares: SharesOut


class HelperFiguresOut(BaseModel):
    """One helper's; null: what no helper had a hand in. `hotline`: of the calls that they began as operators."""

    helper: str | None
    helper_name: str | None
    active: int
    shares: SharesOut
    hotline: ConnectionOut


class FamilyFiguresOut(FiguresOut):
    """One item family's; null: tickets and calls about no known item."""

    family: str | None
    name: BothOut | None
    hotline: ConnectionOut


class SupervisionOut(BaseModel):
    """All figures; `first` and `last` are days in Shanghai, and `hotline` is the connection rate of the same days."""

    at: dt.datetime
    first: dt.date = Field(serialization_alias="from")
    last: dt.date = Field(serialization_alias="to")
    total: FiguresOut
    helpers: list[HelperFiguresOut]
    families: list[FamilyFiguresOut]
    hotline: RateOut
    follow_ups_open: int
    follow_ups_overdue: int


class FollowUpOut(BaseModel):
    """What a visitor was not content with, or a call-back that is owed, and what became of it.

    A call-back (`about`) has no `resolved` and no rating, but how often nobody was reached, and in `callback` where to
    and when, as long as that is kept; the contact itself is shown with the ticket only.
    """

    id: str
    state: FollowUpState
    opened_at: dt.datetime
    due: dt.date
    overdue: bool
    about: About
    resolved: bool | None
    rating: int | None
    comment: str | None
    language: LanguageName
    session_id: str | None
    message_id: str | None
    ticket_id: str | None
    ticket_number: str | None
    helper: str | None
    helper_name: str | None
    entry_id: str | None
    item_id: str | None
    item: BothOut | None
    facet: Facet | None
    callback: CallbackContactOut | None
    failed_tries: int
    reason: ClosingReason | CallbackOutcome | Literal["taken_back"] | None
    action: str | None
    closed_at: dt.datetime | None
    closed_by: str | None


class FollowUpsOut(BaseModel):
    """A page of follow-ups: the open ones by due day, then the closed ones, newest first."""

    follow_ups: list[FollowUpOut]
    total: int


class ItemReasonsOut(BaseModel):
    """How often which reason was found for one item; null: follow-ups about no known item."""

    item_id: str | None
    item: BothOut | None
    open: int
    closed: int
    reasons: dict[str, int]


class ReasonsOut(BaseModel):
    """Items, those with most follow-ups first."""

    items: list[ItemReasonsOut]


class FollowUpClosingIn(BaseModel):
    """What was found, and what was done about it."""

    reason: ClosingReason
    action: VisitorText


AGAIN_WITHIN_DAYS = 30
"""A call-back is not put off any further at once: the visitor waits."""


class CallbackClosingIn(BaseModel):
    """How a call-back went. With `again_on` (only where nobody was reached) it stays open until that day."""

    outcome: CallbackOutcome
    again_on: dt.date | None = None
    note: Comment | None = None

    @model_validator(mode="after")
    def _again_where_not_reached(self) -> Self:
        if self.again_on is None:
            return self
        if self.outcome is not CallbackOutcome.NOT_REACHED:
            raise ValueError("again_on goes with not_reached only")
        if not 0 <= (self.again_on - today()).days <= AGAIN_WITHIN_DAYS:
            raise ValueError(f"again_on is a day from today on, within {AGAIN_WITHIN_DAYS} days")
        return self
