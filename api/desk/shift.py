"""The desk's clockwork: who vanished, whom to offer what, when nobody is left, what is to be forgotten.

It keeps nothing that a restart would lose: states lie in the database, and api.desk.elapsed measures from what it sees
there. Each change is decided by an UPDATE that names the state it expects, so it may run beside any helper's act.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence

import structlog

from api.acts import Draft
from api.clock import now
from api.desk.duty import GONE_AFTER_S, expected_wait, opening_told
from api.desk.elapsed import Elapsed
from api.desk.handling import requeue
from api.desk.hold import hold_ticket
from api.desk.life import Happening, Moment, TicketState
from api.desk.offers import REOFFER_S, Candidate, choose
from api.desk.record import happened, waited_s
from api.events import QueueMoved
from api.messages import message_row, post
from api.services import Services
from api.storage.models import TicketRow
from api.tickets import NO_OFFER, publish
from bot.protocol import Act

log = structlog.get_logger(__name__)

STEP_S = 1.0
UNSTAFFED_AFTER_S = 60.0
"""A last helper who only reloads the page, or whose line breaks for a moment, leaves nobody without hope."""
FORGET_EVERY_S = 3600.0
UNHANDLED_CONTACT_DAYS = 90
"""A contact that nobody used for so long is no use any more, and no reason to keep it."""


class Shift:
    """One for the application; `step` does whatever is due."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._clock = clock
        self._present, self._offered, self._nobody = Elapsed(clock), Elapsed(clock), Elapsed(clock)
        self._told: dict[str, tuple[int, int | None]] = {}
        self._forgot_at: float | None = None
        self._ends = asyncio.Event()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """A step every second until the block ends; the step that is under way then is done to its end."""
        going = asyncio.create_task(self._go())
        try:
            yield
        finally:
            self._ends.set()
            await going

    async def step(self) -> None:
        """Do what is due now."""
        await self._sign_off_who_vanished()
        await self._take_from_the_absent()
        async with self._services.database.reading() as work:
            waiting = [row for row in await work.tickets.in_state(TicketState.QUEUED) if row.live]
            online = await work.presences.online()
        if self._nobody.since_change("online", bool(online)) >= UNSTAFFED_AFTER_S and not online:
            for ticket in waiting:
                await self._send_home(ticket.id)
            waiting = []
        await self._offer(waiting)
        await self._tell_places(waiting)
        await self._forget_contacts()

    async def _go(self) -> None:
        while not await self._has_ended_within(STEP_S):
            try:
                await self.step()
            except Exception as error:
                log.error("desk_step_failed", exc_info=error)

    async def _has_ended_within(self, seconds: float) -> bool:
        try:
            return await asyncio.wait_for(self._ends.wait(), seconds)
        except TimeoutError:
            return False

    async def _sign_off_who_vanished(self) -> None:
        async with self._services.database.reading() as work:
            present = [row for row in await work.presences.everyone() if row.is_here]
        self._present.keep_only({row.username for row in present})
        for row in present:
            if self._present.since_change(row.username, row.last_seen) >= GONE_AFTER_S:
                async with self._services.database.writing() as work:
                    if not await work.presences.sign_off(row.username, row.last_seen):
                        continue
                    await happened(
                        work, Happening.PRESENCE_CHANGED, now(), helper=row.username, state="offline", vanished=True
                    )
                    await work.commit()
                self._services.feed.wake()
                log.warning("helper_vanished", helper=row.username)

    async def _take_from_the_absent(self) -> None:
        """Let the conversations of helpers who are gone wait again, also those of before a restart."""
        services = self._services
        async with services.database.reading() as work:
            there = {row.username for row in await work.presences.everyone() if row.is_here}
            left = [row for row in await work.tickets.in_state(TicketState.ACTIVE) if row.helper not in there]
        for ticket in left:
            assert ticket.helper is not None
            if await requeue(services, ticket.id, ticket.helper, vanished=True):
                log.warning("ticket_requeued", ticket=ticket.number, helper=ticket.helper)

    async def _send_home(self, ticket_id: str) -> None:
        """Nobody is on duty any more: the visitor need not wait here; the ticket stays."""
        services = self._services
        async with services.database.writing() as work:
            ticket, session = await hold_ticket(work, ticket_id)
            left = await work.tickets.move(ticket_id, "queued", {"live": False, "passed_over": [], **NO_OFFER})
            if session is None or not left:
                return
            before, moment = session.state, now()
            session.state = "bot"
            opens = opening_told(services, session.language, moment)
            text = services.texts.say("unstaffed", session.language, number=ticket.number, opens=opens)
            draft = Draft(Act.HAND_OVER, "handoff", text, event=Moment.UNSTAFFED)
            message = message_row(session.id, session.last_number + 1, draft, session.language, sender="system")
            await work.messages.add([message])
            post(session, message)
            waited = await waited_s(work, ticket)
            await happened(work, Happening.UNSTAFFED, moment, ticket_id=ticket_id, waited_s=waited)
            await work.commit()
        publish(services, session, before, message)

    async def _offer(self, waiting: Sequence[TicketRow]) -> None:
        services = self._services
        self._offered.keep_only({row.id for row in waiting})
        for seen in waiting:
            async with services.database.reading() as work:
                online = await work.presences.online()
                loads: Counter[str] = Counter(await work.tickets.open_by_helper())
            loads.update(row.offered_to for row in waiting if row.offered_to)
            candidates = [
                Candidate(row.username, frozenset(row.skills), frozenset(row.languages), loads[row.username])
                for row in online
            ]
            lapsed = self._offered.since_change(seen.id, (seen.offered_to, seen.offered_at)) >= REOFFER_S
            is_there = any(helper.username == seen.offered_to for helper in candidates)
            if not candidates or (seen.offered_to is not None and is_there and not lapsed):
                continue
            passed_over = [*seen.passed_over, *([seen.offered_to] if seen.offered_to else [])]
            to = choose(candidates, seen.wanted_family or seen.family, seen.language, passed_over)
            if all(helper.username in passed_over for helper in candidates):
                passed_over = []
            moment = now()
            async with services.database.writing() as work:
                if await work.tickets.offer(seen.id, to, seen.offered_to, offered_at=moment, passed_over=passed_over):
                    await happened(work, Happening.OFFERED, moment, ticket_id=seen.id, to=to, again=lapsed)
                    await work.commit()
                    seen.offered_to = to
            services.feed.wake()

    async def _tell_places(self, waiting: Sequence[TicketRow]) -> None:
        """Tell those who wait where they stand now, when that has changed."""
        told: dict[str, tuple[int, int | None]] = {}
        async with self._services.database.reading() as work:
            for position, row in enumerate(waiting, 1):
                if row.session_id is not None and self._services.events.is_followed(row.session_id):
                    told[row.session_id] = position, await expected_wait(work, position, now())
        for session_id, (position, wait_s) in told.items():
            if self._told.get(session_id) != (position, wait_s):
                self._services.events.publish(session_id, QueueMoved(position, wait_s))
        self._told = told

    async def _forget_contacts(self) -> None:
        if self._forgot_at is not None and self._clock() - self._forgot_at < FORGET_EVERY_S:
            return
        self._forgot_at = self._clock()
        moment, days = now(), self._services.settings.contact_days
        asked_before = moment - dt.timedelta(days=max(days, UNHANDLED_CONTACT_DAYS))
        async with self._services.database.writing() as work:
            forgotten = await work.desk.forget_contacts(moment - dt.timedelta(days=days), asked_before)
            await work.commit()
        if forgotten:
            log.info("contacts_forgotten", count=forgotten)
