"""For those who run the service: is it up, is it ready, how is it doing."""

from __future__ import annotations

import asyncio

import structlog
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from api.problems import NotReady, documented
from api.routes.door import Door
from api.schemas import ReadyOut
from api.services import Services

log = structlog.get_logger(__name__)
router = APIRouter(tags=["operations"])

READY_S = 3.0


@router.get("/healthz", responses=documented())
async def is_up() -> dict[str, str]:
    """The process is up."""
    return {"status": "up"}


@router.get("/readyz", responses=documented(503))
async def is_ready(door: Door) -> ReadyOut:
    """Index loaded, bot answering, database writable; otherwise 503 with which part is not."""
    checks = {"index": _index(door), "bot": _bot(door), "database": _database(door)}
    works = await asyncio.gather(
        *(asyncio.wait_for(check, READY_S) for check in checks.values()), return_exceptions=True
    )
    parts = {name: "ok" if held is True else "failing" for name, held in zip(checks, works, strict=True)}
    if "failing" in parts.values():
        raise NotReady(parts)
    return ReadyOut(parts=parts)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}, **documented()})
async def metrics(door: Door) -> Response:
    """Prometheus's text format."""
    return Response(await door.metrics.text(door.database), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _index(door: Services) -> bool:
    return bool(door.retriever.base.entries)


async def _bot(door: Services) -> bool:
    return await door.bot.ready()


async def _database(door: Services) -> bool:
    try:
        await door.database.check_writable()
    except (SQLAlchemyError, OSError) as error:
        log.error("database_not_writable", exc_info=error)
        return False
    return True
