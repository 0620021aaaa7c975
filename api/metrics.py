"""What Prometheus can read at /metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from api.oversight.gauges import DeskGauges
from api.storage.database import Database

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One registry per app."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.turns = Counter("bangban_turns", "Turns, by what was done", ("act", "language"), registry=registry)
        self.stages = Histogram(
            "bangban_turn_stage_seconds", "Time a turn spent", ("stage",), buckets=BUCKETS_S, registry=registry
        )
        self.unavailable = Counter("bangban_turns_refused", "Turns that the bot could not take", registry=registry)
        self.sessions = Counter("bangban_sessions", "Sessions started", ("channel", "language"), registry=registry)
        self.erased = Counter("bangban_sessions_erased", "Sessions erased by their visitors", registry=registry)
        self.tickets = Counter("bangban_tickets", "Tickets opened", ("language",), registry=registry)
        self.feedback = Counter("bangban_feedback", "Feedback given", ("resolved",), registry=registry)
        self.followers = Gauge("bangban_event_followers", "WebSockets that follow a session", registry=registry)
        self.requests = Counter("bangban_http_requests", "HTTP requests", ("method", "status"), registry=registry)

        self._desk = DeskGauges(registry)

    async def text(self, database: Database) -> bytes:
        """Everything, in Prometheus's text format; the desk's figures as the database has them now."""
        await self._desk.refresh(database)
        return generate_latest(self.registry)
