"""Messages on their way into the database."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from api.acts import Draft
from api.clock import now
from api.storage.models import MessageRow


def message_row(session_id: str, number: int, draft: Draft, language: str, reply_to: str | None = None) -> MessageRow:
    """The bot's message at its place in the session."""
    return MessageRow(
        id=uuid4().hex,
        session_id=session_id,
        number=number,
        reply_to=reply_to,
        at=now(),
        sender="bot",
        kind=draft.kind,
        language=language,
        text=draft.text,
        answer=draft.answer,
        options=[option.to_json() for option in draft.options],
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
