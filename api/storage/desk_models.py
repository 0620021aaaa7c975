"""The desk's tables: what happened, who is present, notes, contacts, held answers, canned replies, promotions."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from sqlalchemy import Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.conversation import LanguageName
from api.storage.models import ID, SHORT, Base


class DeskEventRow(Base):
    """One thing that happened at the desk; never changed, and without anything that a visitor said.

    `id` is the sequence that pages resume by. `kind` is an api.desk.life.Happening; `detail` has what figures need.
    `at` says on which day it was; how long it was from one event to another, `steady_at` alone says (api.clock). None:
    of before that was kept.
    """

    __tablename__ = "desk_events"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[dt.datetime]
    steady_at: Mapped[dt.datetime | None]
    kind: Mapped[str] = mapped_column(String(30))
    ticket_id: Mapped[str | None] = mapped_column(ID, index=True)
    helper: Mapped[str | None] = mapped_column(SHORT)
    message_id: Mapped[str | None] = mapped_column(ID)
    detail: Mapped[dict[str, Any]]


class PresenceRow(Base):
    """A helper at the desk: online, away, offline, or vanished while online.

    `last_seen` changes with every sign of life; only whether it changed is ever asked.
    """

    __tablename__ = "helper_presence"

    username: Mapped[str] = mapped_column(SHORT, primary_key=True)
    display_name: Mapped[str] = mapped_column(SHORT)
    state: Mapped[str] = mapped_column(String(10))
    last_seen: Mapped[dt.datetime]
    skills: Mapped[list[str]]
    languages: Mapped[list[str]]

    @property
    def is_here(self) -> bool:
        """Whether the helper can have conversations."""
        return self.state in ("online", "away")


class NoteRow(Base):
    """What helpers write about a ticket for each other."""

    __tablename__ = "ticket_notes"
    __table_args__ = (Index("ticket_notes_once", "ticket_id", "helper", "client_id", unique=True),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    helper: Mapped[str] = mapped_column(SHORT)
    client_id: Mapped[str | None] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime]


class ContactRow(Base):
    """Where a visitor wants to be called back; `sealed` is encrypted (api.desk.sealing), and empty once forgotten."""

    __tablename__ = "contacts"

    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[Literal["phone", "email"]] = mapped_column(String(10))
    sealed: Mapped[str] = mapped_column(Text)
    convenient: Mapped[str | None] = mapped_column(Text)
    at: Mapped[dt.datetime]


class LateAnswerRow(Base):
    """An entry that the bot would have given, had a helper not taken the session first."""

    __tablename__ = "late_answers"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    question_id: Mapped[str] = mapped_column(ID)
    entry_id: Mapped[str] = mapped_column(String(160))
    at: Mapped[dt.datetime]


class HeldAnswerRow(Base):
    """An answer of the bot that waits for a helper's yes (approval mode)."""

    __tablename__ = "held_answers"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    question_id: Mapped[str] = mapped_column(ID)
    question: Mapped[str] = mapped_column(Text)
    language: Mapped[LanguageName] = mapped_column(String(2))
    text: Mapped[str] = mapped_column(Text)
    answer: Mapped[dict[str, Any]]
    options: Mapped[list[dict[str, str]]]
    state: Mapped[Literal["held", "approved", "edited", "rejected"]] = mapped_column(String(10))
    at: Mapped[dt.datetime]
    decided_at: Mapped[dt.datetime | None]
    decided_by: Mapped[str | None] = mapped_column(SHORT)


class CannedRow(Base):
    """A canned reply that a supervisor wrote, or (`hidden`) a built-in one that was taken away."""

    __tablename__ = "canned_replies"

    id: Mapped[str] = mapped_column(SHORT, primary_key=True)
    title: Mapped[dict[str, Any]]
    text: Mapped[dict[str, Any]]
    hidden: Mapped[bool]
    changed_at: Mapped[dt.datetime]
    changed_by: Mapped[str] = mapped_column(SHORT)


class HouseRow(Base):
    """One thing that holds for the whole desk: the notice, the mode, the epoch."""

    __tablename__ = "desk_house"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    value: Mapped[dict[str, Any]]
    changed_at: Mapped[dt.datetime]
    changed_by: Mapped[str | None] = mapped_column(SHORT)


class PromotionRow(Base):
    """A helper's reply on its way to becoming an entry: a draft for the maintainers, never published by itself."""

    __tablename__ = "promotions"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ID, index=True)
    message_id: Mapped[str] = mapped_column(ID)
    item_id: Mapped[str] = mapped_column(SHORT)
    facet: Mapped[str] = mapped_column(SHORT)
    question: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any]]
    source: Mapped[str | None] = mapped_column(Text)
    effective: Mapped[dt.date | None] = mapped_column(Date)
    expires: Mapped[dt.date | None] = mapped_column(Date)
    warnings: Mapped[dict[str, Any]]
    state: Mapped[Literal["open", "taken", "declined"]] = mapped_column(String(10))
    helper: Mapped[str] = mapped_column(SHORT)
    at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    closed_by: Mapped[str | None] = mapped_column(SHORT)
    closing_note: Mapped[str | None] = mapped_column(Text)
