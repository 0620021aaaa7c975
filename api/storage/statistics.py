"""What is kept about turns when nothing of the visitor's words is."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.models import TurnRow


class Statistics:
    """The table of turns within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: TurnRow) -> None:
        """Keep what happened in one turn."""
        self._session.add(row)
