"""The visitors' tables: what is kept of sessions, messages, tickets, feedback, and of turns without their text."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from api.conversation import LanguageName, StateName

ID = String(32)
SHORT = String(80)


class Moment(TypeDecorator[dt.datetime]):
    """A point in time, always in UTC; SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """The value with its zone."""
        return value.replace(tzinfo=dt.UTC) if value is not None and value.tzinfo is None else value


def unique_while(condition: str, name: str, column: str) -> Index:
    """A partial index: among the rows that meet the SQL condition, each value of the column stands once."""
    return Index(name, column, unique=True, sqlite_where=text(condition), postgresql_where=text(condition))


class Base(DeclarativeBase):
    """Base of every table."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dict[str, Any]: JSON(none_as_null=True),
        list[str]: JSON,
        list[dict[str, str]]: JSON,
        dt.datetime: Moment,
    }


class SessionRow(Base):
    """One visitor's conversation and where it stands. `token_hash` is the SHA-256 of the visitor's only key."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(SHORT)
    language: Mapped[LanguageName] = mapped_column(String(2))
    state: Mapped[StateName] = mapped_column(String(10))
    item_id: Mapped[str | None] = mapped_column(SHORT)
    facet: Mapped[str | None] = mapped_column(SHORT)
    failures: Mapped[int]
    offered: Mapped[str] = mapped_column(SHORT)
    last_act: Mapped[str | None] = mapped_column(SHORT)
    candidates: Mapped[list[str]]
    shown: Mapped[list[str]]
    last_number: Mapped[int]
    last_message_id: Mapped[str | None] = mapped_column(ID)
    created_at: Mapped[dt.datetime]
    active_at: Mapped[dt.datetime]


class MessageRow(Base):
    """One message as everyone sees it; `number` counts from 1 within its session and never goes back.

    `event` (api.desk.life.Moment) marks what the desk itself says: somebody joined, the conversation ended….
    """

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("session_id", "number"), UniqueConstraint("session_id", "client_id"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    number: Mapped[int]
    client_id: Mapped[str | None] = mapped_column(String(100))
    reply_to: Mapped[str | None] = mapped_column(ID, index=True)
    at: Mapped[dt.datetime]
    sender: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(2))
    text: Mapped[str] = mapped_column(Text)
    answer: Mapped[dict[str, Any] | None]
    options: Mapped[list[dict[str, str]]]
    event: Mapped[str | None] = mapped_column(String(20))


class TicketRow(Base):
    """A visitor's wish for a person. At most one per session is open: the partial index decides the race.

    `reason` is an api.desk.life.Reason, `wish` what the visitor wrote with it. `live`: the visitor was told to wait.
    `place` gives the place in the queue: the sequence of the event by which the visitor was told to wait, or else by
    which a helper took the ticket, and `queued_at` its moment; passing the ticket on or losing its helper leaves both
    (api.desk.record tells how long it waits). `first_reply_s` is from the opening to the first words of a helper.
    `helper` is who has it or had it last, `offered_to` whom it is offered to, `passed_over` who let an offer lapse
    since it began to wait, `wanted_family` the group that it was passed to. `read_number` is the last message of the
    session that the helper has read.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("day", "serial"),
        unique_while("state != 'resolved'", "one_open_ticket_per_session", "session_id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    day: Mapped[str] = mapped_column(String(8))
    serial: Mapped[int]
    session_id: Mapped[str | None] = mapped_column(ForeignKey("sessions.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(String(10))
    language: Mapped[LanguageName] = mapped_column(String(2))
    item_id: Mapped[str | None] = mapped_column(SHORT)
    facet: Mapped[str | None] = mapped_column(SHORT)
    family: Mapped[str | None] = mapped_column(SHORT)
    reason: Mapped[str] = mapped_column(String(30))
    wish: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str | None] = mapped_column(Text)
    summary_en: Mapped[str | None] = mapped_column(Text)
    live: Mapped[bool]
    outcome: Mapped[str | None] = mapped_column(String(12))
    resolution: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[dt.datetime]
    queued_at: Mapped[dt.datetime]
    place: Mapped[int]
    accepted_at: Mapped[dt.datetime | None]
    first_reply_s: Mapped[float | None]
    resolved_at: Mapped[dt.datetime | None]
    helper: Mapped[str | None] = mapped_column(SHORT)
    offered_to: Mapped[str | None] = mapped_column(SHORT)
    offered_at: Mapped[dt.datetime | None]
    passed_over: Mapped[list[str]]
    wanted_family: Mapped[str | None] = mapped_column(SHORT)
    transfer_note: Mapped[str | None] = mapped_column(Text)
    read_number: Mapped[int]

    @property
    def number(self) -> str:
        """What people call the ticket: "BB-20261124-0042"."""
        return f"BB-{self.day}-{self.serial:04}"


class FeedbackRow(Base):
    """What a visitor thought of one message, or of the session as a whole; the last word about a message counts."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("session_id", "message_id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    session_id: Mapped[str | None] = mapped_column(ForeignKey("sessions.id", ondelete="SET NULL"))
    message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    entry_id: Mapped[str | None] = mapped_column(String(160))
    resolved: Mapped[bool]
    rating: Mapped[int | None]
    comment: Mapped[str | None] = mapped_column(Text)
    at: Mapped[dt.datetime]


class TurnRow(Base):
    """One turn for the statistics: no text and nothing to find the visitor by once the session is erased."""

    __tablename__ = "turn_events"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    session_id: Mapped[str] = mapped_column(ID, index=True)
    at: Mapped[dt.datetime]
    language: Mapped[str] = mapped_column(String(2))
    decision: Mapped[str] = mapped_column(SHORT)
    topic: Mapped[str] = mapped_column(SHORT)
    chosen: Mapped[str] = mapped_column(SHORT)
    act: Mapped[str] = mapped_column(SHORT)
    performed: Mapped[str] = mapped_column(SHORT)
    item_id: Mapped[str | None] = mapped_column(SHORT)
    facet: Mapped[str | None] = mapped_column(SHORT)
    entry_id: Mapped[str | None] = mapped_column(String(160))
    confidence: Mapped[float | None] = mapped_column(Float)
    failures: Mapped[int]
    revision: Mapped[str] = mapped_column(SHORT)
    mask_ms: Mapped[float]
    search_ms: Mapped[float]
    bot_ms: Mapped[float]
    storage_ms: Mapped[float]
