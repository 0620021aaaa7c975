"""Queries about who is at the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.desk_models import PresenceRow


class Presences:
    """The table of helpers' presence within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, username: str) -> PresenceRow | None:
        """The helper's presence; None before the first time."""
        return await self._session.get(PresenceRow, username)

    async def keep(self, row: PresenceRow) -> None:
        """Write it, new or not."""
        await self._session.merge(row)
        await self._session.flush()

    async def everyone(self) -> Sequence[PresenceRow]:
        """Everyone who was ever at the desk, by name."""
        return (await self._session.scalars(select(PresenceRow).order_by(PresenceRow.username))).all()

    async def online(self) -> Sequence[PresenceRow]:
        """The helpers who take conversations now."""
        found = await self._session.scalars(
            select(PresenceRow).where(PresenceRow.state == "online").order_by(PresenceRow.username)
        )
        return found.all()

    async def sign_off(self, username: str, last_seen: dt.datetime) -> bool:
        """Mark a helper as vanished (who was only away: as gone), unless there was a sign of life since."""
        changed = await self._session.execute(
            update(PresenceRow)
            .where(
                PresenceRow.username == username,
                PresenceRow.last_seen == last_seen,
                PresenceRow.state.in_(("online", "away")),
            )
            .values(state=case((PresenceRow.state == "online", "vanished"), else_="offline"))
            .returning(PresenceRow.username)
            .execution_options(synchronize_session=False)
        )
        return changed.scalar_one_or_none() is not None
