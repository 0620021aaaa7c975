"""What comes in and goes out over HTTP, exactly as the public contract says (v1)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.conversation import LanguageName, StateName
from api.desk.life import Moment
from api.messages import as_told
from api.storage.models import MessageRow
from api.text_door import Comment, Contact, Convenient, Key, LongKey, VisitorText, is_email, is_phone
from api.texts import Texts
from knowledge.base import Entry, KnowledgeBase
from knowledge.schema import Facet

ItemId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=80)]


def _absent(value: object) -> bool:
    return value is None


class ContextIn(BaseModel):
    """Where the chat was opened from."""

    item_id: ItemId | None = None


class SessionIn(BaseModel):
    """How to start a session."""

    language: Literal["auto", "zh", "en"] = "auto"
    channel: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] = "web"
    context: ContextIn | None = None


class MessageIn(BaseModel):
    """What the visitor says: exactly one of `text` and `payload`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["text"], "properties": {"text": {"type": "string"}, "payload": {"type": "null"}}},
                {"required": ["payload"], "properties": {"payload": {"type": "string"}, "text": {"type": "null"}}},
            ]
        }
    )

    text: VisitorText | None = None
    payload: LongKey | None = Field(default=None, description="the payload of an option that this session was offered")
    client_id: Key | None = Field(
        default=None, description="a retry with the same client_id returns the first reply and is never processed twice"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.text is None) == (self.payload is None):
            raise ValueError("send exactly one of text and payload")
        return self


class FeedbackIn(BaseModel):
    """Whether it helped."""

    message_id: Key | None = None
    resolved: Annotated[bool, Field(strict=True)]
    rating: Annotated[int, Field(strict=True, ge=1, le=5)] | None = None
    comment: Comment | None = None


class HandoffIn(BaseModel):
    """Why a person is wanted."""

    reason: Comment | None = None


class OptionOut(BaseModel):
    """Something to choose."""

    title: str
    payload: str
    item_id: str | None = Field(default=None, exclude_if=_absent)
    facet: Facet | None = Field(default=None, exclude_if=_absent)


class SourceOut(BaseModel):
    """What an answer rests on; `url` only where the page is official."""

    title: str
    reference: str
    url: str | None = Field(default=None, exclude_if=_absent)


class AnswerOut(BaseModel):
    """The knowledge entry that a message carries."""

    entry_id: str
    item_id: str
    facet: Facet
    title: str
    confidence: Annotated[float, Field(ge=0, le=1)]
    as_of: dt.date
    revision: str
    sources: list[SourceOut]
    to_confirm: bool


class MessageOut(BaseModel):
    """One message. `client_id` comes back on the sender's own messages, so that these are known again.

    `sequence` is the message's number in its session. `event` marks what the desk itself says (docs/desk-api.md).
    """

    id: str
    sequence: int
    at: dt.datetime
    sender: Literal["bot", "agent", "system", "visitor"]
    kind: Literal["answer", "clarify", "text", "handoff", "form", "out_of_scope"]
    language: LanguageName
    text: str
    answer: AnswerOut | None
    options: list[OptionOut]
    event: Moment | None = Field(default=None, exclude_if=_absent)
    client_id: str | None = Field(default=None, exclude_if=_absent)

    @classmethod
    def of(cls, row: MessageRow, reader: Literal["visitor", "agent"] = "visitor") -> Self:
        """The stored message as it is sent to one side of the conversation."""
        return cls.model_validate(
            {
                "id": row.id,
                "sequence": row.number,
                "at": row.at,
                "sender": row.sender,
                "kind": row.kind,
                "language": row.language,
                "text": row.text,
                "answer": row.answer,
                "options": row.options,
                "event": row.event,
                "client_id": as_told(row.client_id) if row.sender == reader else None,
            }
        )

    def frame(self) -> dict[str, Any]:
        """The message as JSON values, for the WebSocket."""
        return self.model_dump(mode="json")


class SessionOut(BaseModel):
    """A new session. `token` is the visitor's only key; it is told here and never again."""

    session_id: str
    token: str
    language: LanguageName
    messages: list[MessageOut]


class ReplyOut(BaseModel):
    """The reply to one message."""

    messages: list[MessageOut]
    state: StateName
    language: LanguageName


class HistoryOut(BaseModel):
    """The conversation so far."""

    messages: list[MessageOut]
    state: StateName


class BothOut(BaseModel):
    """The same in Chinese and in English."""

    zh: str
    en: str


class CallbackIn(BaseModel):
    """Where and when the visitor wants to be called or written back: exactly one of `phone` and `email`."""

    phone: Contact | None = None
    email: Contact | None = None
    when: Convenient | None = None

    @model_validator(mode="after")
    def _one_that_can_be_used(self) -> Self:
        if (self.phone is None) == (self.email is None):
            raise ValueError("send exactly one of phone and email")
        if self.phone is not None and not is_phone(self.phone):
            raise ValueError("this is no phone number that can be called from Shanghai")
        if self.email is not None and not is_email(self.email):
            raise ValueError("this is no e-mail address")
        return self


class CallbackOut(BaseModel):
    """The request to be called back is on record."""

    ticket_number: str
    message: MessageOut


class NoticeOut(BaseModel):
    """What every visitor must know now; null where there is nothing."""

    notice: BothOut | None


class WaitOut(BaseModel):
    """Where the wish for a person stands."""

    state: StateName
    ticket_number: str | None
    position: int | None
    expected_wait_s: int | None


class HandoffOut(BaseModel):
    """What happens to the wish for a person."""

    state: StateName
    ticket_number: str | None
    position: int | None
    expected_wait_s: int | None
    message: MessageOut | None = Field(description="the message that this added; null where the ticket was open before")


class HitOut(BaseModel):
    """One entry that was found."""

    entry_id: str
    item_id: str
    facet: Facet
    title: str
    snippet: str
    score: Annotated[float, Field(ge=0, le=1)]


class SearchOut(BaseModel):
    """What a single search found."""

    query: str
    language: LanguageName
    decision: Literal["answer", "clarify", "abstain"]
    results: list[HitOut]


class ItemOut(BaseModel):
    """One item of the catalogue."""

    item_id: str
    name: BothOut
    kind: Literal["permit", "filing", "public-service", "channel"]
    family: str
    family_name: BothOut

    @classmethod
    def fields_of(cls, base: KnowledgeBase, texts: Texts, item_id: str) -> dict[str, Any]:
        """What the catalogue says about the item."""
        item = base.items[item_id]
        return {
            "item_id": item.id,
            "name": item.name.model_dump(),
            "kind": item.kind,
            "family": item.family.value,
            "family_name": texts.families[item.family].model_dump(),
        }


class ItemsOut(BaseModel):
    """The catalogue."""

    revision: str
    items: list[ItemOut]


class BothSourceOut(BaseModel):
    """What an answer rests on, in both languages."""

    title: BothOut
    reference: BothOut
    url: str | None = Field(default=None, exclude_if=_absent)


class EntryOut(BaseModel):
    """One answer, exactly as a visitor gets it."""

    entry_id: str
    facet: Facet
    question: BothOut
    answer: BothOut
    sources: list[BothSourceOut]
    as_of: dt.date
    to_confirm: bool

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """The entry as it is sent."""
        return cls.model_validate(
            {
                "entry_id": entry.entry_id,
                "facet": entry.facet,
                "question": entry.question.model_dump(),
                "answer": entry.answer.model_dump(),
                "sources": [
                    {"title": cited.title.model_dump(), "reference": cited.reference.model_dump(), "url": cited.url}
                    for cited in entry.sources
                ],
                "as_of": entry.as_of,
                "to_confirm": entry.to_confirm,
            }
        )


class ItemWithEntriesOut(ItemOut):
    """One item with all its answers."""

    revision: str
    entries: list[EntryOut]


class ReadyOut(BaseModel):
    """Every part that the service needs works."""

    status: Literal["ready"] = "ready"
    parts: dict[str, str]
