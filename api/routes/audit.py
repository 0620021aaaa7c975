"""The audit log, for administrators."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.accounts.guard import require
from api.accounts.identity import Permission, User
from api.problems import documented
from api.routes.door import Door
from api.storage.account_models import AuditRow
from api.text_door import Key

router = APIRouter(prefix="/api/v1", tags=["helpers"])

AuditReader = Annotated[User, Depends(require(Permission.READ_AUDIT))]


class AuditEntryOut(BaseModel):
    """Who did what to what, when and from where. `user` is null where nobody was signed in."""

    id: int
    at: dt.datetime
    user: str | None
    role: str | None
    what: str
    target: str | None
    address: str | None

    @classmethod
    def of(cls, row: AuditRow) -> AuditEntryOut:
        """The stored entry as told."""
        return cls(
            id=row.id,
            at=row.at,
            user=row.username,
            role=row.role,
            what=row.what,
            target=row.target,
            address=row.address,
        )


class AuditOut(BaseModel):
    """A page of the log, newest first."""

    entries: list[AuditEntryOut]
    before: int | None = Field(description="ask with it for the next page; null at the end")


@router.get("/audit", responses=documented(401, 403, 422))
async def read_audit(
    door: Door,
    reader: AuditReader,
    user: Annotated[Key | None, Query(description="only what this user did")] = None,
    target: Annotated[Key | None, Query(description="only what was done to this")] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditOut:
    """Who did what: newest first, page by page."""
    async with door.database.reading() as work:
        rows = await work.audit.page(user, target, before, limit + 1)
    entries = [AuditEntryOut.of(row) for row in rows[:limit]]
    return AuditOut(entries=entries, before=entries[-1].id if len(rows) > limit else None)
