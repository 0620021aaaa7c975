"""What the helpers' pages send and get, exactly as docs/desk-api.md says."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.conversation import LanguageName
from api.desk.life import Outcome, Reason, TicketState
from api.schemas import AnswerOut, BothOut, ItemId, MessageOut
from api.text_door import Comment, Key, VisitorText
from knowledge.schema import Facet

PresenceName = Literal["online", "away", "offline"]


def _absent(value: object) -> bool:
    return value is None


class PresenceIn(BaseModel):
    """Whether the helper takes conversations."""

    state: PresenceName


class PresenceOut(BaseModel):
    """Where a helper stands, and how many conversations they have."""

    username: str
    state: PresenceName
    open: int


class CallbackContactOut(BaseModel):
    """Where and when the visitor wants to be called back.

    `contact` only for the ticket's helper, and for whoever opens a ticket that is over while this is still owed.
    `forgotten`: nobody used it in time, and it is erased. `follow_up_id` and `due` are null once somebody has said
    how it went.
    """

    kind: Literal["phone", "email"]
    contact: str | None
    when: str | None
    forgotten: bool = False
    follow_up_id: str | None = None
    due: dt.date | None = None
    overdue: bool = False


class TicketOut(BaseModel):
    """A ticket as every helper may see it."""

    id: str
    number: str
    session_id: str | None
    state: TicketState
    live: bool
    language: LanguageName
    reason: Reason
    summary: str | None
    summaries: BothOut | None
    item_id: str | None = Field(default=None, exclude_if=_absent)
    item: BothOut | None = Field(default=None, exclude_if=_absent)
    family: str | None = Field(default=None, exclude_if=_absent)
    facet: str | None = Field(default=None, exclude_if=_absent)
    opened_at: dt.datetime
    queued_at: dt.datetime
    place: int
    waiting_s: float
    first_reply_s: float | None = Field(default=None, exclude_if=_absent)
    helper: str | None = Field(default=None, exclude_if=_absent)
    helper_name: str | None = Field(default=None, exclude_if=_absent)
    offered_to: str | None = Field(default=None, exclude_if=_absent)
    offered_s: float | None = Field(default=None, exclude_if=_absent)
    visitor_online: bool
    unread: int
    transfer_note: str | None = Field(default=None, exclude_if=_absent)
    outcome: Outcome | None = Field(default=None, exclude_if=_absent)
    resolved_at: dt.datetime | None = Field(default=None, exclude_if=_absent)
    callback: CallbackContactOut | None = Field(default=None, exclude_if=_absent)


class TicketsOut(BaseModel):
    """Tickets in one state."""

    tickets: list[TicketOut]


class SuggestionOut(BaseModel):
    """An entry that fits; `title` and `text` in the visitor's language, as they would be inserted."""

    entry_id: str
    item_id: str
    facet: Facet
    title: str
    text: str
    confidence: Annotated[float, Field(ge=0, le=1)]
    titles: BothOut
    texts: BothOut
    late: bool = False


class SuggestionsOut(BaseModel):
    """What the base has, best first."""

    suggestions: list[SuggestionOut]


class NoteOut(BaseModel):
    """What a helper wrote for colleagues."""

    id: str
    at: dt.datetime
    helper: str
    text: str


class WholeTicketOut(TicketOut):
    """A ticket with its conversation."""

    transcript: list[MessageOut]
    suggestions: list[SuggestionOut]
    notes: list[NoteOut]
    variables: dict[str, BothOut]


ClientId = Annotated[Key, Field(max_length=80)]
"""What a page calls something that it sends, so that a retry is known as one."""


class ReplyIn(BaseModel):
    """What a helper says: own words, an entry, or the words and then the entry."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["text"]}, {"required": ["entry_id"]}]})

    text: VisitorText | None = None
    entry_id: Key | None = None
    client_id: ClientId | None = Field(
        default=None, description="the same client_id again gives the same message and says nothing twice"
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.text is None and self.entry_id is None:
            raise ValueError("send text, entry_id, or both")
        return self


class TransferIn(BaseModel):
    """To whom: a colleague's username or a group (an item family)."""

    to: Key
    note: Comment | None = None


class Words(BaseModel):
    """A text in at least one language."""

    zh: VisitorText | None = None
    en: VisitorText | None = None

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if self.zh is None and self.en is None:
            raise ValueError("write it in Chinese or English, or in both")
        return self


class PromotionIn(BaseModel):
    """A helper's reply as a draft entry."""

    message_id: Key
    item_id: ItemId
    facet: Facet
    question: Words
    answer: Words
    source: Comment | None = None
    effective: dt.date | None = None
    expires: dt.date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.effective and self.expires and self.expires <= self.effective:
            raise ValueError("it expires after it takes effect")
        return self


class ResolutionIn(BaseModel):
    """How it ended."""

    outcome: Literal["resolved", "unresolved", "callback"]
    note: Comment | None = None
    promote: PromotionIn | None = None


class NoteIn(BaseModel):
    """A note for colleagues; personal data in it is masked."""

    text: VisitorText
    client_id: ClientId | None = Field(default=None, description="the same client_id again keeps no second note")


class ReadIn(BaseModel):
    """Up to which message the helper has read."""

    sequence: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]


class BothIn(BaseModel):
    """The same in Chinese and in English."""

    zh: VisitorText
    en: VisitorText


class CannedIn(BaseModel):
    """A canned reply; {variables} stand in braces."""

    title: BothIn
    text: BothIn


class CannedOut(BaseModel):
    """A canned reply; `built_in` where nobody has changed it, `retired` where it was taken away."""

    id: str
    title: BothOut
    text: BothOut
    built_in: bool
    retired: bool = False


class AllCannedOut(BaseModel):
    """Every canned reply, and the variables that may stand in braces in one."""

    canned: list[CannedOut]
    variables: list[str]


class FoundTicketOut(TicketOut):
    """A ticket that was searched for, with a piece of what matched."""

    snippet: str


class FoundTicketsOut(BaseModel):
    """What the search found, newest first."""

    tickets: list[FoundTicketOut]


class HouseOut(BaseModel):
    """What holds for the whole desk."""

    notice: BothOut | None
    everyone_to_people: bool
    approval_items: list[str]
    is_open: bool
    opens_at: dt.datetime | None


class NoticeIn(BaseModel):
    """What every visitor must know now; null takes it away."""

    notice: BothIn | None


class ModeIn(BaseModel):
    """What is to change; what is left out stays."""

    everyone_to_people: Annotated[bool, Field(strict=True)] | None = None
    approval_items: Annotated[list[ItemId], Field(max_length=500)] | None = None


class HeldOut(BaseModel):
    """An answer of the assistant that waits for a helper's yes."""

    id: str
    session_id: str
    state: Literal["held", "approved", "edited", "rejected"]
    at: dt.datetime
    waiting_s: float
    language: LanguageName
    question: str
    text: str
    title: BothOut
    answer: AnswerOut


class AllHeldOut(BaseModel):
    """Every answer that waits, oldest first."""

    approvals: list[HeldOut]


class EditIn(BaseModel):
    """What the visitor gets instead."""

    text: VisitorText


class ColleagueOut(BaseModel):
    """Somebody else at the desk."""

    username: str
    display_name: str
    state: PresenceName
    open: int
    skills: list[str]
    languages: list[str]


class GroupOut(BaseModel):
    """Those who know an item family."""

    id: str
    name: BothOut
    online: int


class ColleaguesOut(BaseModel):
    """Whom a ticket can be passed to."""

    colleagues: list[ColleagueOut]
    groups: list[GroupOut]


class WarningOut(BaseModel):
    """Why a draft may not be needed, or not be right."""

    kind: Literal["near_duplicate", "contradiction"]
    entry_id: str
    title: BothOut
    detail: BothOut


class PromotionOut(BaseModel):
    """A draft entry, for the maintainers."""

    id: str
    state: Literal["open", "taken", "declined"]
    at: dt.datetime
    helper: str
    ticket_id: str
    message_id: str
    item_id: str
    facet: Facet
    question: dict[str, str | None]
    answer: dict[str, str | None]
    source: str | None
    effective: dt.date | None
    expires: dt.date | None
    warnings: list[WarningOut]


class PromotionsOut(BaseModel):
    """Draft entries, newest first."""

    promotions: list[PromotionOut]


class ClosingIn(BaseModel):
    """What a maintainer did with a draft."""

    state: Literal["taken", "declined"]
    note: Comment | None = None


def both(told: Any) -> BothOut:
    """Any bilingual value as it is sent."""
    return BothOut(zh=told["zh"], en=told["en"])
