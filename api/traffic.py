"""What is stored of turns, told as evaluation/traffic.py understands it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from api.storage.database import Database
from api.storage.models import TurnRow
from bot.protocol import Act, Chosen, Topic
from evaluation.resolution import Step
from evaluation.traffic import Turn, Word

STEP_OF_ACT: Mapping[Act, Step] = {
    Act.ANSWER: Step.ANSWERED,
    Act.CLARIFY: Step.ASKED_BACK,
    Act.ASK_ITEM: Step.ASKED_BACK,
    Act.REPHRASE: Step.FAILED,
    Act.TRY_NEXT: Step.FAILED,
    Act.OFFER_HUMAN: Step.FAILED,
    Act.HAND_OVER: Step.HANDED_OVER,
    Act.OUT_OF_SCOPE: Step.REFERRED,
    Act.NAMED_CASE: Step.REFERRED,
    Act.GREET: Step.SMALL_TALK,
    Act.WELCOME: Step.SMALL_TALK,
    Act.GOODBYE: Step.SMALL_TALK,
    Act.INTRODUCE: Step.SMALL_TALK,
    Act.ACKNOWLEDGE: Step.SMALL_TALK,
    Act.SOOTHE: Step.SMALL_TALK,
    Act.CHANGE_LANGUAGE: Step.SMALL_TALK,
}
"""What each act did for the visitor. A person who was only offered has not taken over: that turn failed."""


@dataclass(frozen=True)
class Recorded:
    """Turns and words since a moment."""

    turns: tuple[Turn, ...]
    words: tuple[Word, ...]


async def recorded(database: Database, since: dt.datetime) -> Recorded:
    """What visitors did and said from then on. Raises SQLAlchemyError where the database cannot be read."""
    async with database.reading() as work:
        rows = await work.traffic.turns(since)
        tickets = await work.traffic.tickets(since)
        said = await work.traffic.said(since)
    # A person may be called by the page's own button, of which no turn tells.
    called = [
        Turn(ticket.session_id, ticket.opened_at, ticket.language, Step.HANDED_OVER, ticket.item_id)
        for ticket in tickets
        if ticket.session_id is not None
    ]
    words = tuple(Word(one.session_id, one.about_at, one.said_at, one.resolved) for one in said)
    return Recorded((*map(_turn, rows), *called), words)


def _turn(row: TurnRow) -> Turn:
    return Turn(
        session_id=row.session_id,
        at=row.at,
        language=row.language,
        step=_step(row.performed),
        item_id=row.item_id,
        facet=row.facet,
        typed=row.chosen == Chosen.NO.value,
        new_topic=row.topic == Topic.NEW.value,
    )


def _step(performed: str) -> Step:
    """What the act did; one that this version does not know counts as no help, which flatters nobody."""
    return STEP_OF_ACT[Act(performed)] if performed in set(Act) else Step.FAILED
