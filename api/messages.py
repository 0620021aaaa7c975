"""Messages on their way into the database."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from api.acts import Draft
from api.clock import now
from api.storage.models import MessageRow, SessionRow

OF_HELPER = "helper:"
"""What a helper's client_ids are stored with: visitors and helpers choose theirs without knowing of each other."""


def message_row(
    session_id: str, number: int, draft: Draft, language: str, reply_to: str | None = None, sender: str = "bot"
) -> MessageRow:
    """The bot's message, or the desk's own ("system"), at its place in the session."""
    return MessageRow(
        id=uuid4().hex,
        session_id=session_id,
        number=number,
        reply_to=reply_to,
        at=now(),
        sender=sender,
        kind=draft.kind,
        language=language,
        text=draft.text,
        answer=draft.answer,
        options=[option.to_json() for option in draft.options],
        event=draft.event,
    )


def visitor_row(
    session_id: str, number: int, text: str, language: str, client_id: str | None, at: dt.datetime
) -> MessageRow:
    """What the visitor said, already masked."""
    return MessageRow(
        id=uuid4().hex,
        session_id=session_id,
        number=number,
        client_id=client_id,
        at=at,
        sender="visitor",
        kind="text",
        language=language,
        text=text,
        answer=None,
        options=[],
    )


def post(session: SessionRow, row: MessageRow) -> None:
    """Move the held session on to this message, which the visitor is now to see last; its number is the next one."""
    session.last_number = row.number
    session.last_message_id = row.id
    session.active_at = row.at


def as_told(client_id: str | None) -> str | None:
    """A stored client_id as its sender chose it."""
    return client_id.removeprefix(OF_HELPER) if client_id is not None else None
