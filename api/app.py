"""The web application: everything put together, once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import structlog
from fastapi import FastAPI

from api import problems, texts
from api.accounts.passwords import Passwords
from api.accounts.provider import Provider
from api.desk import talk, telling
from api.desk.feed import DeskFeed
from api.desk.house import epoch_of
from api.desk.readings import Readings
from api.desk.sealing import Sealer
from api.desk.shift import Shift
from api.events import Events
from api.hotline.asterisk import Asterisk
from api.hotline.exchange import Exchange
from api.hotline.switchboard import Switchboard
from api.limits import Limits
from api.metrics import Metrics
from api.middleware import BodyLimit, RequestLog, VisitorCors
from api.problems import ProblemOut
from api.queues import SessionQueues
from api.routes import (
    audit,
    auth,
    desk,
    desk_events,
    desk_pages,
    events,
    hotline,
    knowledge,
    oidc,
    operations,
    oversight,
    pages,
    sessions,
)
from api.services import Bot, Search, Services
from api.settings import Settings
from api.storage.database import Database

log = structlog.get_logger(__name__)

SEARCH_THREADS = 2
REFRESH_S = 2.0
MOST_VISITS = 1_000


def create_app(settings: Settings, retriever: Search, bot: Bot, exchange: Exchange | None = None) -> FastAPI:
    """The application over an open retriever and a bot; the database is opened when it starts. It closes the bot.

    `exchange`: another than the one of the settings.
    """
    visits: asyncio.Queue[tuple[str, bool] | None] = asyncio.Queue(MOST_VISITS)
    database, sealer = Database(settings.database), Sealer(settings)
    exchange = exchange or (Asterisk(settings) if settings.exchange_url else None)
    services = Services(
        settings=settings,
        database=database,
        retriever=retriever,
        bot=bot,
        texts=texts.load(),
        events=Events(on_presence=lambda session_id, here: _soon(visits, session_id, here)),
        queues=SessionQueues(),
        limits=Limits(on=settings.rate_limits == "on"),
        metrics=Metrics(),
        search_threads=ThreadPoolExecutor(SEARCH_THREADS, thread_name_prefix="search"),
        passwords=Passwords(),
        provider=Provider(settings) if settings.oidc_issuer else None,
        feed=DeskFeed(),
        readings=Readings(),
        sealer=sealer,
        switchboard=Switchboard(database, sealer, exchange, settings.contact_days),
    )

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await services.database.migrate()
        services.feed.epoch = await epoch_of(services)
        refreshing = asyncio.create_task(_keep_fresh(services))
        telling_visits = asyncio.create_task(_tell_visits(services, visits))
        try:
            async with (
                services.feed.running(services.database, partial(telling.frames, services)),
                Shift(services).running(),
                services.switchboard.running(),
            ):
                yield
        finally:
            refreshing.cancel()
            # Ended, not cancelled: a query that is cancelled half-way costs its connection.
            await visits.put(None)
            await telling_visits
            services.search_threads.shutdown(wait=False, cancel_futures=True)
            await bot.aclose()
            await services.database.close()

    app = FastAPI(
        title="Bangban",
        version="1",
        description="Permit help for Shanghai's landscaping and city-appearance sector, in Chinese and English.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses={422: {"description": "The request needs a correction", "model": ProblemOut}},
    )
    app.state.services = services
    problems.install(app)
    for router in (
        sessions.starting,
        sessions.router,
        events.router,
        knowledge.router,
        operations.router,
        auth.router,
        oidc.router,
        audit.router,
        desk.router,
        desk_events.router,
        hotline.router,
        oversight.router,
    ):
        app.include_router(router)
    pages.install(app)
    desk_pages.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(VisitorCors)
    app.add_middleware(RequestLog, metrics=services.metrics)
    _describe_problems(app)
    return app


def _describe_problems(app: FastAPI) -> None:
    """Every refusal is a problem in the OpenAPI document too, not FastAPI's own shape."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            schemas = document["components"]["schemas"]
            for shape in ("HTTPValidationError", "ValidationError"):
                schemas.pop(shape, None)
            for operation in (op for path in document["paths"].values() for op in path.values()):
                for status, response in operation["responses"].items():
                    if status == "422":
                        reference = {"schema": {"$ref": "#/components/schemas/ProblemOut"}}
                        response["content"] = {problems.MEDIA_TYPE: reference}
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _soon(visits: asyncio.Queue[tuple[str, bool] | None], session_id: str, here: bool) -> None:
    with contextlib.suppress(asyncio.QueueFull):  # A helper's page shows it late then; nothing else hangs on it.
        visits.put_nowait((session_id, here))


async def _tell_visits(services: Services, visits: asyncio.Queue[tuple[str, bool] | None]) -> None:
    """Tell the helpers which visitors came and went, until there is a None."""
    while (visit := await visits.get()) is not None:
        session_id, here = visit
        try:
            await talk.visitor_came_or_went(services, session_id, here)
        except Exception as error:
            log.error("visit_not_told", exc_info=error)


async def _keep_fresh(services: Services) -> None:
    """Take over newly published knowledge, off the event loop; a failure leaves the old one live."""
    while True:
        await asyncio.sleep(REFRESH_S)
        try:
            if await asyncio.to_thread(services.retriever.refresh):
                log.info("knowledge_refreshed", revision=services.retriever.base.revision)
        except Exception as error:
            log.error("knowledge_not_refreshed", exc_info=error)
