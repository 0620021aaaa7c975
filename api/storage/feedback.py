"""Queries about feedback."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.models import FeedbackRow


class Feedback:
    """The table of feedback within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def about(self, session_id: str, message_id: str | None) -> FeedbackRow | None:
        """What the visitor already said about this message (None: about the session as a whole)."""
        found = await self._session.scalars(
            select(FeedbackRow).where(FeedbackRow.session_id == session_id, FeedbackRow.message_id == message_id)
        )
        return found.first()

    async def add(self, row: FeedbackRow) -> None:
        """Keep it; a row that came from `about` needs no adding."""
        self._session.add(row)
        await self._session.flush()

    async def unhelpful(self, session_id: str) -> list[str]:
        """The entries of which the visitor last said, with the buttons below them, that they did not help; in order."""
        found = await self._session.scalars(
            select(FeedbackRow.entry_id)
            .where(FeedbackRow.session_id == session_id, FeedbackRow.resolved.is_(False))
            .where(FeedbackRow.entry_id.is_not(None))
            .order_by(FeedbackRow.at)
        )
        return [entry_id for entry_id in found if entry_id is not None]

    async def erase_of(self, session_id: str) -> None:
        """Forget the visitor's words; whether it was resolved, and the rating, stay."""
        await self._session.execute(
            update(FeedbackRow).where(FeedbackRow.session_id == session_id).values(comment=None)
        )
