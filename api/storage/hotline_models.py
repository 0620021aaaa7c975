"""The hotline's tables: who is on duty, calls, and what happened in them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.storage.models import ID, SHORT, Base


class DutyRow(Base):
    """Somebody who can be rung at a window. `position` is the order; `sealed` the encrypted address; no families: all.

    `hours` as "9:00-17:00" in Shanghai; `every_day` also on holidays.
    """

    __tablename__ = "hotline_roster"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    position: Mapped[int]
    window: Mapped[str] = mapped_column(SHORT)
    person: Mapped[str] = mapped_column(SHORT)
    sealed: Mapped[str] = mapped_column(Text)
    families: Mapped[list[str]]
    hours: Mapped[str] = mapped_column(String(20))
    every_day: Mapped[bool]
    on_duty: Mapped[bool]
    changed_at: Mapped[dt.datetime]
    changed_by: Mapped[str] = mapped_column(SHORT)


class CallRow(Base):
    """A caller who wants a window. `line` is who is to be rung, as the roster was when the call began (with `sealed`).

    `purpose` is masked; `callback_sealed` is the caller's number, encrypted, and erased in time.
    """

    __tablename__ = "hotline_calls"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    operator: Mapped[str] = mapped_column(SHORT)
    purpose: Mapped[str] = mapped_column(Text)
    item_id: Mapped[str | None] = mapped_column(SHORT)
    family: Mapped[str | None] = mapped_column(SHORT)
    by_hand: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10))
    failure: Mapped[str | None] = mapped_column(String(30))
    line: Mapped[list[dict[str, str]]]
    callback_sealed: Mapped[str | None] = mapped_column(Text)
    called_back_at: Mapped[dt.datetime | None]
    started_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class HotlineEventRow(Base):
    """One thing that happened in a call; never changed. `kind` is an api.hotline.life.Kind.

    Of a leg: whose it is, whom it rang (`duty_id`), its state, and why it failed. `by` is the user who said so, if one.
    """

    __tablename__ = "hotline_events"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[dt.datetime]
    call_id: Mapped[str] = mapped_column(ForeignKey("hotline_calls.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    leg_id: Mapped[str | None] = mapped_column(ID)
    party: Mapped[str | None] = mapped_column(String(10))
    duty_id: Mapped[str | None] = mapped_column(ID)
    state: Mapped[str | None] = mapped_column(String(10))
    failure: Mapped[str | None] = mapped_column(String(30))
    by: Mapped[str | None] = mapped_column(SHORT)
    note: Mapped[str | None] = mapped_column(Text)
