"""Queries about the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.account_models import AuditRow


class AuditLog:
    """The audit log within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: AuditRow) -> None:
        """Write an entry."""
        self._session.add(row)
        await self._session.flush()

    async def page(self, username: str | None, target: str | None, before: int | None, most: int) -> Sequence[AuditRow]:
        """The newest entries below the id `before`, newest first; of one user or about one target, where given."""
        wanted = select(AuditRow).order_by(AuditRow.id.desc()).limit(most)
        if username is not None:
            wanted = wanted.where(AuditRow.username == username)
        if target is not None:
            wanted = wanted.where(AuditRow.target == target)
        if before is not None:
            wanted = wanted.where(AuditRow.id < before)
        return (await self._session.scalars(wanted)).all()
