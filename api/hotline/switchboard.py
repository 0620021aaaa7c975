"""Rings the telephones of a call, in order, until somebody at a window is connected or nobody is left.

Each call has one task and one inbox: news of the exchange comes into it and is handled in order, so that a leg is never
in two states, and what is late (an answer after the time-out) finds a leg that is over, and is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import structlog

from api.clock import now
from api.desk.sealing import Sealer
from api.hotline.address import Address, parse
from api.hotline.exchange import Exchange, ExchangeRefused, ExchangeUnavailable, LegMoved
from api.hotline.life import FOLLOWING, OPEN, OVER, CallFailure, CallState, Kind, LegFailure, LegState, Party, over
from api.hotline.record import call_moved, finish, leg_moved, legs
from api.storage.database import Database

log = structlog.get_logger(__name__)

PATIENCE_S = 20.0
"""How long one telephone is rung before the next in line."""
FORGET_EVERY_S = 3600.0


@dataclass(frozen=True)
class Telephone:
    """One that is to be rung for a call."""

    party: Party
    address: Address
    duty_id: str | None = None


@dataclass
class _Leg:
    telephone: Telephone
    state: LegState


@dataclass(frozen=True)
class _Stop:
    """Somebody ends the call: its operator, or the service, which leaves those who talk to each other."""

    failure: CallFailure
    by: str | None = None


@dataclass
class _Call:
    id: str
    inbox: asyncio.Queue[LegMoved | _Stop] = field(default_factory=asyncio.Queue)
    legs: dict[str, _Leg] = field(default_factory=dict)
    is_connected: bool = False
    """Whether somebody at a window was ever connected."""

    @property
    def talking(self) -> int:
        """How many hear each other now."""
        return sum(leg.state is LegState.BRIDGED for leg in self.legs.values())

    @property
    def still_open(self) -> list[str]:
        """The legs that are not over."""
        return [leg_id for leg_id, leg in self.legs.items() if leg.state not in OVER]


class _Failed(Exception):
    """The call cannot be connected."""

    def __init__(self, failure: CallFailure, by: str | None = None) -> None:
        super().__init__(failure.value)
        self.failure, self.by = failure, by


class Switchboard:
    """One for the application; without an exchange it rings nothing, and calls are made and logged by hand."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        exchange: Exchange | None,
        contact_days: int,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._database, self._sealer, self._exchange = database, sealer, exchange
        self._contact_days, self.patience_s = contact_days, patience_s
        self._calls: dict[str, _Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends = asyncio.Event()

    @property
    def has_exchange(self) -> bool:
        """Whether somebody else than the operator can do the ringing."""
        return self._exchange is not None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ring until the block ends. Calls that a stop cut off are closed first; those who talk then talk on."""
        await self._close_what_was_cut_off()
        async with contextlib.AsyncExitStack() as until_the_end:
            if self._exchange is not None:
                await until_the_end.enter_async_context(self._exchange.running(self._hear))
            forgetting = asyncio.create_task(self._forget())
            try:
                yield
            finally:
                self._ends.set()
                for call in self._calls.values():
                    call.inbox.put_nowait(_Stop(CallFailure.INTERRUPTED))
                # Ended, not cancelled: a query that is cancelled half-way costs its connection.
                await asyncio.gather(forgetting, *self._tasks)

    def ring(self, call_id: str, present: Sequence[Telephone], line: Sequence[Telephone]) -> None:
        """Begin to ring: first who is to be there (the operator, the caller), then the line, one after the other."""
        call = self._calls[call_id] = _Call(call_id)
        task = asyncio.create_task(self._run(call, present, line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def end(self, call_id: str, by: str) -> bool:
        """End a call for everyone; whether it is one that the exchange holds."""
        call = self._calls.get(call_id)
        if call is not None:
            call.inbox.put_nowait(_Stop(CallFailure.GIVEN_UP, by))
        return call is not None

    def _hear(self, moved: LegMoved) -> None:
        for call in self._calls.values():
            if moved.leg_id in call.legs:
                call.inbox.put_nowait(moved)

    async def _run(self, call: _Call, present: Sequence[Telephone], line: Sequence[Telephone]) -> None:
        try:
            await self._connect(call, present, line)
            await self._until_over(call)
            await self._close(call, CallState.ENDED)
        except _Failed as failed:
            await self._close(call, CallState.FAILED, failed.failure, failed.by)
        except ExchangeUnavailable as error:
            log.error("exchange_unavailable", call_id=call.id, error=str(error))
            await self._go_on_by_hand(call)
        except Exception as error:
            log.error("call_failed", call_id=call.id, exc_info=error)
            await self._close(call, CallState.FAILED, CallFailure.INTERRUPTED)
        finally:
            self._calls.pop(call.id, None)

    async def _connect(self, call: _Call, present: Sequence[Telephone], line: Sequence[Telephone]) -> None:
        """Returns when somebody at a window is connected. Raises _Failed, ExchangeUnavailable."""
        for telephone in present:
            if not await self._is_joined(call, telephone):
                is_operator = telephone.party is Party.OPERATOR
                raise _Failed(CallFailure.OPERATOR_UNREACHABLE if is_operator else CallFailure.CALLER_UNREACHABLE)
        for telephone in line:
            if await self._is_joined(call, telephone):
                return
        raise _Failed(CallFailure.NOBODY_ANSWERED)

    async def _is_joined(self, call: _Call, telephone: Telephone) -> bool:
        """Ring one telephone and, when it is answered, let it hear the others; whether that came to pass."""
        assert self._exchange is not None
        leg_id = uuid4().hex
        leg = call.legs[leg_id] = _Leg(telephone, LegState.DIALLING)
        await self._note(call, leg_id, LegState.DIALLING)
        log.info("leg_dialling", call_id=call.id, party=telephone.party, duty_id=telephone.duty_id)
        try:
            await self._exchange.originate(leg_id, telephone.address, self.patience_s)
        except ExchangeRefused as error:
            log.warning("leg_refused", call_id=call.id, error=str(error))
            await self._note(call, leg_id, LegState.FAILED, LegFailure.EXCHANGE_FAILED)
            return False
        clock = asyncio.get_running_loop().time
        patience_ends = clock() + self.patience_s
        while leg.state is not LegState.ANSWERED:
            if leg.state in OVER:
                return False
            try:
                told = await asyncio.wait_for(call.inbox.get(), max(0.0, patience_ends - clock()))
            except TimeoutError:
                await self._put_down(call, leg_id, LegFailure.NO_ANSWER)
            else:
                await self._handle(call, told)
        try:
            await self._exchange.bridge(call.id, [leg_id])
        except ExchangeRefused:  # Put down at that very moment.
            await self._put_down(call, leg_id)
            return False
        await self._note(call, leg_id, LegState.BRIDGED)
        return True

    async def _until_over(self, call: _Call) -> None:
        """As long as two are there they may talk, also when the window has hung up."""
        while call.talking > 1:
            await self._handle(call, await call.inbox.get())

    async def _handle(self, call: _Call, told: LegMoved | _Stop) -> None:
        """Take over what is told. Raises _Failed where the call cannot go on."""
        if isinstance(told, _Stop):
            raise _Failed(told.failure, told.by)
        leg = call.legs[told.leg_id]
        state = over(leg.state) if told.state in OVER and leg.state not in OVER else told.state
        if state not in FOLLOWING[leg.state]:
            return
        failure = (told.failure or LegFailure.UNREACHABLE) if state is LegState.FAILED else None
        was_there = leg.state is LegState.BRIDGED
        await self._note(call, told.leg_id, state, failure)
        if was_there and not call.is_connected:
            raise _Failed(CallFailure.HUNG_UP)

    async def _put_down(self, call: _Call, leg_id: str, failure: LegFailure | None = None) -> None:
        assert self._exchange is not None
        # Written first: an answer that comes at this moment finds the leg over.
        state = over(call.legs[leg_id].state)
        await self._note(call, leg_id, state, failure if state is LegState.FAILED else None)
        await self._exchange.hang_up(leg_id)

    async def _note(self, call: _Call, leg_id: str, state: LegState, failure: LegFailure | None = None) -> None:
        leg = call.legs[leg_id]
        leg.state = state
        async with self._database.writing() as work:
            telephone = leg.telephone
            await leg_moved(work, call.id, leg_id, telephone.party, telephone.duty_id, state, failure)
            if state is LegState.BRIDGED and telephone.party is Party.WINDOW:
                await work.hotline.move(call.id, [CallState.RINGING], state=CallState.CONNECTED.value)
                await call_moved(work, call.id, Kind.CONNECTED)
                call.is_connected = True
            await work.commit()

    async def _close(
        self, call: _Call, state: CallState, failure: CallFailure | None = None, by: str | None = None
    ) -> None:
        """End the call in the books, then on the line. Who talked is never counted as not connected."""
        talked, still_open = call.is_connected, call.still_open
        is_left_talking = talked and failure is CallFailure.INTERRUPTED
        for leg_id in still_open:
            after = over(call.legs[leg_id].state)
            why = LegFailure.INTERRUPTED if failure is CallFailure.INTERRUPTED else LegFailure.WITHDRAWN
            await self._note(call, leg_id, after, why if after is LegState.FAILED else None)
        await self._finish(call.id, CallState.ENDED if talked else state, None if talked else failure, by)
        if not is_left_talking:
            await self._clear_line(call, still_open)

    async def _go_on_by_hand(self, call: _Call) -> None:
        """The exchange is gone: the operator rings the rest of the line."""
        still_open = call.still_open
        for leg_id in still_open:
            after = over(call.legs[leg_id].state)
            await self._note(call, leg_id, after, LegFailure.EXCHANGE_FAILED if after is LegState.FAILED else None)
        async with self._database.writing() as work:
            await work.hotline.move(call.id, [CallState.RINGING], by_hand=True)
            await call_moved(work, call.id, Kind.BY_HAND)
            await work.commit()
        await self._clear_line(call, still_open)

    async def _clear_line(self, call: _Call, leg_ids: Sequence[str]) -> None:
        assert self._exchange is not None
        with contextlib.suppress(ExchangeUnavailable, ExchangeRefused):
            for leg_id in leg_ids:
                await self._exchange.hang_up(leg_id)
            await self._exchange.close_bridge(call.id)

    async def _finish(
        self, call_id: str, state: CallState, failure: CallFailure | None = None, by: str | None = None
    ) -> None:
        async with self._database.writing() as work:
            await finish(work, call_id, state, failure, by)
            await work.commit()
        log.info("call_over", call_id=call_id, state=state, failure=failure)

    async def _close_what_was_cut_off(self) -> None:
        """Calls that a killed service left behind: nobody follows their telephones any more."""
        async with self._database.writing() as work:
            for row in await work.hotline.calls([state.value for state in OPEN], limit=1000):
                if row.by_hand:
                    continue
                for leg in legs(await work.hotline.events([row.id])):
                    if leg.state not in OVER:
                        after = over(leg.state)
                        why = LegFailure.INTERRUPTED if after is LegState.FAILED else None
                        await leg_moved(work, row.id, leg.id, leg.party, leg.duty_id, after, why)
                talked = row.state == CallState.CONNECTED
                await finish(
                    work,
                    row.id,
                    CallState.ENDED if talked else CallState.FAILED,
                    None if talked else CallFailure.INTERRUPTED,
                )
            await work.commit()

    async def _forget(self) -> None:
        """Erase callers' numbers in time."""
        while not self._ends.is_set():
            try:
                async with self._database.writing() as work:
                    await work.hotline.forget_callbacks(now() - dt.timedelta(days=self._contact_days))
                    await work.commit()
            except Exception as error:
                log.error("callbacks_not_forgotten", exc_info=error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ends.wait(), FORGET_EVERY_S)


def telephones(sealer: Sealer, line: Sequence[dict[str, str]]) -> list[Telephone]:
    """Who is to be rung, from a call's line."""
    return [Telephone(Party.WINDOW, parse(sealer.open(place["sealed"])), place["duty_id"]) for place in line]
