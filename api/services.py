"""What the routes work with: made once at start, handed to every request."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from fastapi import Request, WebSocket

from api.accounts.passwords import Passwords
from api.accounts.provider import Provider
from api.desk.feed import DeskFeed
from api.desk.readings import Readings
from api.desk.sealing import Sealer
from api.events import Events
from api.hotline.switchboard import Switchboard
from api.limits import Limits
from api.metrics import Metrics
from api.queues import SessionQueues
from api.settings import Settings
from api.storage.database import Database
from api.texts import Texts
from bot.protocol import Choice
from bot.protocol import Evidence as Told
from knowledge.base import KnowledgeBase
from retrieval.evidence import Evidence


class Search(Protocol):
    """What the API needs of retrieval.retriever.Retriever."""

    @property
    def base(self) -> KnowledgeBase:
        """The knowledge that answers come from now."""

    def refresh(self) -> bool:
        """Take over a newly published index."""

    def search(
        self,
        text: str,
        language: str | None = None,
        context_items: Sequence[str] = (),
        context_facet: str | None = None,
    ) -> Evidence:
        """What the base has for a message. Takes a core for milliseconds; safe in any thread."""


class Bot(Protocol):
    """What the API needs of api.bot_client.BotClient."""

    async def choose(self, sender_id: str, text: str, evidence: Told) -> Choice:
        """What to do with the message. Raises BotUnavailable."""

    async def ready(self) -> bool:
        """Whether the engine answers."""

    async def forget(self, sender_id: str) -> bool:
        """Erase what the engine kept of a conversation."""

    async def aclose(self) -> None:
        """Close the connections."""


@dataclass(frozen=True)
class Services:
    """Everything that a request may need."""

    settings: Settings
    database: Database
    retriever: Search
    bot: Bot
    texts: Texts
    events: Events
    queues: SessionQueues
    limits: Limits
    metrics: Metrics
    search_threads: ThreadPoolExecutor
    passwords: Passwords
    provider: Provider | None
    feed: DeskFeed
    readings: Readings
    sealer: Sealer
    switchboard: Switchboard


def services(request: Request) -> Services:
    """The services of the app that got the request."""
    return of_app(request)


def of_app(connection: Request | WebSocket) -> Services:
    """The services of the app that got the request or the WebSocket."""
    held: Services = connection.app.state.services
    return held
