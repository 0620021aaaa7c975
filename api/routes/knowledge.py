"""The knowledge without a conversation: single-turn search and the catalogue with its answers."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query

from api.acts import title_of
from api.item_pages import by_family
from api.language import follow
from api.masking import mask
from api.problems import UnknownItem, documented
from api.routes.door import Address, Door
from api.schemas import EntryOut, HitOut, ItemOut, ItemsOut, ItemWithEntriesOut, SearchOut
from api.text_door import VisitorText
from bot.protocol import Decision

router = APIRouter(prefix="/api/v1", tags=["knowledge"])

SNIPPET = 160
DECISIONS = {
    Decision.ANSWER: "answer",
    Decision.CLARIFY: "clarify",
    Decision.ASK_ITEM: "clarify",
    Decision.ABSTAIN: "abstain",
    Decision.OUTSIDE: "abstain",
}
_MARKS = re.compile(r"\*\*|^\s*(?:\d+\.|-)\s+|\[([^\]]*)\]\([^)]*\)", re.MULTILINE)


@router.get("/search", responses=documented(422, 429))
async def search(
    door: Door,
    address: Address,
    q: Annotated[VisitorText, Query()],
    language: Literal["zh", "en", "auto"] = "auto",
    limit: Annotated[int, Query(ge=1, le=12)] = 5,
) -> SearchOut:
    """What the base has for one question, best first; `auto` answers in the question's language."""
    door.limits.count("search", address=address)
    question = mask(q).text
    spoken = follow(question, "zh") if language == "auto" else language
    found = await asyncio.get_running_loop().run_in_executor(
        door.search_threads, door.retriever.search, question, spoken
    )
    base = found.base
    if found.read_as is not None and language == "auto":
        spoken = "zh"
    entries = [(ranked, base.entries[ranked.entry_id]) for ranked in found.entries]
    results = [
        HitOut(
            entry_id=entry.entry_id,
            item_id=entry.item_id,
            facet=entry.facet,
            title=title_of(base, door.texts, entry, spoken),
            snippet=_snippet(entry.answer[spoken]),
            score=min(1.0, max(0.0, round(ranked.confidence, 4))),
        )
        for ranked, entry in entries[:limit]
    ]
    told: dict[str, Any] = {"query": question, "language": spoken, "decision": DECISIONS[found.decision]}
    return SearchOut(**told, results=results)


@router.get("/items", responses=documented())
async def list_items(door: Door) -> ItemsOut:
    """The catalogue, family by family."""
    base = door.retriever.base
    items = [ItemOut(**ItemOut.fields_of(base, door.texts, item.id)) for item in by_family(base)]
    return ItemsOut(revision=base.revision, items=items)


@router.get("/items/{item_id}", responses=documented(404, 422))
async def read_item(item_id: Annotated[str, Path(max_length=200)], door: Door) -> ItemWithEntriesOut:
    """One item with every answer in both languages, exactly as a visitor gets it."""
    base = door.retriever.base
    if item_id not in base.items:
        raise UnknownItem(item_id)
    entries = [EntryOut.of(entry) for entry in base.entries_of(item_id)]
    return ItemWithEntriesOut(**ItemOut.fields_of(base, door.texts, item_id), revision=base.revision, entries=entries)


def _snippet(answer: str) -> str:
    """The answer's first paragraph without marks, cut at a character limit."""
    plain = " ".join(_MARKS.sub(lambda mark: mark[1] or "", answer.partition("\n\n")[0]).split())
    return plain if len(plain) <= SNIPPET else f"{plain[: SNIPPET - 1].rstrip()}…"
