"""What is kept about turns when nothing of the visitor's words is."""

from __future__ import annotations

from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.models import TurnRow
from bot.protocol import Act


class Statistics:
    """The table of turns within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: TurnRow) -> None:
        """Keep what happened in one turn."""
        self._session.add(row)

    async def unhelpful(self, session_id: str) -> list[str]:
        """The entries to which the visitor replied, in words, that they did not help; in order."""
        found = await self._session.execute(
            select(TurnRow.entry_id, TurnRow.act).where(TurnRow.session_id == session_id).order_by(TurnRow.id)
        )
        return [
            entry_id
            for (entry_id, _), (_, act) in pairwise(found)
            if entry_id is not None and act == Act.TRY_NEXT.value
        ]
