"""The supervisors' figures of today and the hotline's rate at /metrics: the same counting, asked for at each scrape."""

from __future__ import annotations

from math import nan

import structlog
from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.exc import SQLAlchemyError

from api.clock import today
from api.hotline import rate
from api.oversight.counting import Days, count_stored
from api.oversight.measures import MEASURES
from api.storage.database import Database

log = structlog.get_logger(__name__)


class DeskGauges:
    """Gauges in an app's registry. Where nothing can be counted they say NaN, as Prometheus understands it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._all: list[Gauge] = []

        def gauge(name: str, told: str, of: str = "desk") -> Gauge:
            made = Gauge(f"bangban_{of}_{name}", told, registry=registry)
            made.set(nan)
            self._all.append(made)
            return made

        self._waiting = gauge("waiting", "Visitors who wait for a person now")
        self._to_be_called = gauge("to_be_called", "Open tickets whose visitors were not told to wait")
        self._active = gauge("active", "Conversations that helpers have now")
        self._longest_s = gauge("longest_wait_seconds", "How long whoever waits longest has waited; 0: nobody waits")
        self._opened = gauge("opened_today", "Tickets opened today in Shanghai")
        self._open = gauge("follow_ups_open", "Follow-ups that somebody must close")
        self._overdue = gauge("follow_ups_overdue", "Open follow-ups past their due day")
        self._shares = {
            measure: (
                gauge(f"{measure}_ratio", f"Share today: {measure} (docs/supervisors-guide.md)"),
                gauge(f"{measure}_count", f"Its numerator today: {measure}"),
                gauge(f"{measure}_of", f"Its denominator today: {measure}"),
            )
            for measure in MEASURES
        }
        self._connected_ratio = gauge(
            "connection_ratio", "Share today: calls connected to a window (docs/hotline-guide.md)", "hotline"
        )
        self._connected = gauge("connection_count", "Its numerator today", "hotline")
        self._calls = gauge("connection_of", "Its denominator today", "hotline")

    async def refresh(self, database: Database) -> None:
        """Count anew; a database that does not answer makes them NaN."""
        day = today()
        try:
            async with database.reading() as work:
                total = (await count_stored(work, Days(day, day))).total
                is_open, overdue = await work.follow_ups.open_and_overdue(day)
                calls = (await rate.rates(work, Days(day, day))).total
        except (SQLAlchemyError, OSError) as error:
            log.error("desk_not_counted", exc_info=error)
            self._forget()
            return
        self._waiting.set(total.waiting)
        self._to_be_called.set(total.to_be_called)
        self._active.set(total.active)
        self._longest_s.set(total.longest_wait_s or 0.0)
        self._opened.set(total.opened)
        self._open.set(is_open)
        self._overdue.set(overdue)
        for measure, share in total.shares.items():
            ratio, met, of = self._shares[measure]
            ratio.set(nan if share.share is None else share.share)
            met.set(share.count)
            of.set(share.of)
        self._connected_ratio.set(nan if calls.rate is None else calls.rate)
        self._connected.set(calls.connected)
        self._calls.set(calls.asked)

    def _forget(self) -> None:
        for gauge in self._all:
            gauge.set(nan)
