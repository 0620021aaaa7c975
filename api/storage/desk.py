"""Queries about what the desk keeps beside tickets: notes, contacts, late and held answers, canned replies, drafts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.desk_models import (
    CannedRow,
    ContactRow,
    HeldAnswerRow,
    HouseRow,
    LateAnswerRow,
    NoteRow,
    PromotionRow,
)
from api.storage.follow_ups import OPEN_CALL_BACK
from api.storage.models import TicketRow
from api.storage.oversight_models import FollowUpRow


class Desk:
    """These tables within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: NoteRow | LateAnswerRow | HeldAnswerRow | PromotionRow) -> None:
        """Keep a new row."""
        self._session.add(row)
        await self._session.flush()

    async def notes(self, ticket_id: str) -> Sequence[NoteRow]:
        """A ticket's notes, oldest first."""
        found = await self._session.scalars(
            select(NoteRow).where(NoteRow.ticket_id == ticket_id).order_by(NoteRow.at, NoteRow.id)
        )
        return found.all()

    async def note_with(self, ticket_id: str, helper: str, client_id: str) -> NoteRow | None:
        """The helper's note that came with this client_id."""
        return await self._session.scalar(
            select(NoteRow).where(
                NoteRow.ticket_id == ticket_id, NoteRow.helper == helper, NoteRow.client_id == client_id
            )
        )

    async def late_answers(self, ticket_id: str, question_id: str) -> list[str]:
        """The entries that the bot would have given to this message."""
        found = await self._session.scalars(
            select(LateAnswerRow.entry_id)
            .where(LateAnswerRow.ticket_id == ticket_id, LateAnswerRow.question_id == question_id)
            .order_by(LateAnswerRow.at)
        )
        return list(found.all())

    async def contact(self, ticket_id: str) -> ContactRow | None:
        """Where the ticket's visitor wants to be called back."""
        return await self._session.get(ContactRow, ticket_id)

    async def keep(self, row: ContactRow | CannedRow | HouseRow) -> None:
        """Write a row in the place of the one with its key."""
        await self._session.merge(row)
        await self._session.flush()

    async def forget_contacts(self, resolved_before: dt.datetime, asked_before: dt.datetime) -> int:
        """Erase the contacts of tickets that were resolved before a moment and owe no call, or were left before one.

        Of the latter it stays known that somebody waited. Returns how many.
        """
        owed = select(FollowUpRow.ticket_id).where(OPEN_CALL_BACK, FollowUpRow.ticket_id.is_not(None))
        old = select(TicketRow.id).where(
            TicketRow.state == "resolved", TicketRow.resolved_at < resolved_before, TicketRow.id.not_in(owed)
        )
        erased = await self._session.execute(
            delete(ContactRow)
            .where(ContactRow.ticket_id.in_(old))
            .returning(ContactRow.ticket_id)
            .execution_options(synchronize_session=False)
        )
        unhandled = await self._session.execute(
            update(ContactRow)
            .where(ContactRow.at < asked_before, ContactRow.sealed != "")
            .values(sealed="", convenient=None)
            .returning(ContactRow.ticket_id)
            .execution_options(synchronize_session=False)
        )
        return len(erased.all()) + len(unhandled.all())

    async def erase_of(self, ticket_ids: Sequence[str]) -> None:
        """Forget contacts and notes of these tickets, and promotions' questions; their answers are a helper's words."""
        for table in (ContactRow, NoteRow, LateAnswerRow):
            await self._session.execute(delete(table).where(table.ticket_id.in_(ticket_ids)))
        await self._session.execute(
            update(PromotionRow)
            .where(PromotionRow.ticket_id.in_(ticket_ids))
            .values(question={})
            .execution_options(synchronize_session=False)
        )

    async def held(self, held_id: str) -> HeldAnswerRow | None:
        """A held answer as it is now."""
        return await self._session.get(HeldAnswerRow, held_id, populate_existing=True)

    async def all_held(self) -> Sequence[HeldAnswerRow]:
        """Every answer that still waits, oldest first."""
        found = await self._session.scalars(
            select(HeldAnswerRow).where(HeldAnswerRow.state == "held").order_by(HeldAnswerRow.at, HeldAnswerRow.id)
        )
        return found.all()

    async def decide(self, held_id: str, **values: object) -> bool:
        """Set columns of an answer that still waits; whether it did."""
        changed = await self._session.execute(
            update(HeldAnswerRow)
            .where(HeldAnswerRow.id == held_id, HeldAnswerRow.state == "held")
            .values(**values)
            .returning(HeldAnswerRow.id)
            .execution_options(synchronize_session=False)
        )
        return changed.scalar_one_or_none() is not None

    async def canned(self) -> Sequence[CannedRow]:
        """Every canned reply that was written or hidden."""
        return (await self._session.scalars(select(CannedRow).order_by(CannedRow.id))).all()

    async def house(self, name: str) -> dict[str, Any] | None:
        """One thing that holds for the whole desk."""
        return await self._session.scalar(select(HouseRow.value).where(HouseRow.name == name))

    async def promotion(self, promotion_id: str) -> PromotionRow | None:
        """A draft entry."""
        return await self._session.get(PromotionRow, promotion_id, populate_existing=True)

    async def promotions(self, state: str | None) -> Sequence[PromotionRow]:
        """Draft entries, newest first."""
        asking = select(PromotionRow).order_by(PromotionRow.at.desc(), PromotionRow.id)
        return (await self._session.scalars(asking.where(PromotionRow.state == state) if state else asking)).all()
