"""Queries about tickets."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.models import TicketRow


class Tickets:
    """The table of tickets within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def open_of(self, session_id: str) -> TicketRow | None:
        """The session's open ticket."""
        return await self._session.scalar(
            select(TicketRow).where(TicketRow.session_id == session_id, TicketRow.state != "resolved")
        )

    async def add(self, row: TicketRow) -> None:
        """Keep a new ticket under the day's next serial, which is set on it."""
        last = await self._session.scalar(select(func.max(TicketRow.serial)).where(TicketRow.day == row.day))
        row.serial = (last or 0) + 1
        self._session.add(row)
        await self._session.flush()

    async def erase_of(self, session_id: str) -> None:
        """Forget what the visitor said in tickets of the session, and close the open one."""
        of_session = update(TicketRow).where(TicketRow.session_id == session_id)
        await self._session.execute(
            of_session.where(TicketRow.state != "resolved").values(state="resolved", outcome="erased")
        )
        await self._session.execute(of_session.values(reason=None, summary=None))
