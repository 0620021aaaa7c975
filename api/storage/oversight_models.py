"""The table of follow-ups."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.storage.models import ID, SHORT, Base, unique_while


class FollowUpRow(Base):
    """Something that a visitor was not content with, or a call-back that is owed, until somebody has dealt with it.

    `about`, `state` and `reason` are of api.oversight.reasons. What was rated is copied here, since a later word of the
    visitor changes the feedback; `comment` is masked, and erased with the session. A call-back has no feedback and no
    rating. At most one follow-up per feedback and one call-back per ticket is open: the partial indexes decide the
    race. `due` is a day in Shanghai; `failed_tries` counts how often the visitor was not reached.
    """

    __tablename__ = "follow_ups"
    __table_args__ = (
        unique_while("state = 'open'", "one_open_follow_up_per_feedback", "feedback_id"),
        unique_while("state = 'open' AND about = 'callback'", "one_open_call_back_per_ticket", "ticket_id"),
        Index("follow_ups_by_state", "state", "due"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    feedback_id: Mapped[str | None] = mapped_column(ForeignKey("feedback.id", ondelete="CASCADE"))
    session_id: Mapped[str | None] = mapped_column(ForeignKey("sessions.id", ondelete="SET NULL"), index=True)
    message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    ticket_id: Mapped[str | None] = mapped_column(ForeignKey("tickets.id", ondelete="SET NULL"))
    about: Mapped[str] = mapped_column(String(10))
    helper: Mapped[str | None] = mapped_column(SHORT)
    entry_id: Mapped[str | None] = mapped_column(String(160))
    item_id: Mapped[str | None] = mapped_column(SHORT, index=True)
    facet: Mapped[str | None] = mapped_column(SHORT)
    language: Mapped[str] = mapped_column(String(2))
    resolved: Mapped[bool | None]
    rating: Mapped[int | None]
    comment: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[dt.datetime]
    due: Mapped[dt.date] = mapped_column(Date)
    failed_tries: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(30))
    action: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[dt.datetime | None]
    closed_by: Mapped[str | None] = mapped_column(SHORT)
