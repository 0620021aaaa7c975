"""An exchange that follows a script, so that order, time-outs and lateness can be tried; see also test_asterisk.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from api.hotline.address import Address
from api.hotline.exchange import ExchangeRefused, ExchangeUnavailable, LegMoved
from api.hotline.life import LegFailure, LegState

ANSWERS = (LegMoved("", LegState.RINGING), LegMoved("", LegState.ANSWERED))
BUSY = (LegMoved("", LegState.FAILED, LegFailure.BUSY),)
SILENT = (LegMoved("", LegState.RINGING),)
REFUSED = "refused"


@dataclass
class ScriptedExchange:
    """`script` says what comes of ringing an address; what it does not name answers."""

    script: dict[str, tuple[LegMoved, ...] | str] = field(default_factory=dict)
    is_down: bool = False
    rung: list[str] = field(default_factory=list)
    legs: dict[str, str] = field(default_factory=dict)
    bridges: dict[str, list[str]] = field(default_factory=dict)
    put_down: list[str] = field(default_factory=list)
    _tell: Callable[[LegMoved], None] = print

    @asynccontextmanager
    async def running(self, tell: Callable[[LegMoved], None]) -> AsyncIterator[None]:
        self._tell = tell
        yield

    async def originate(self, leg_id: str, address: Address, patience_s: float) -> None:
        if self.is_down:
            raise ExchangeUnavailable("scripted")
        self.rung.append(address.text)
        self.legs[address.text] = leg_id
        script = self.script.get(address.text, ANSWERS)
        if script == REFUSED:
            raise ExchangeRefused("scripted")
        for moved in script:
            self._tell(LegMoved(leg_id, moved.state, moved.failure))

    async def bridge(self, bridge_id: str, leg_ids: Sequence[str]) -> None:
        self.bridges.setdefault(bridge_id, []).extend(leg_ids)

    async def hang_up(self, leg_id: str) -> None:
        self.put_down.append(leg_id)

    async def close_bridge(self, bridge_id: str) -> None:
        pass

    def tell(self, address: str, state: LegState) -> None:
        """News of the telephone that was rung last at an address."""
        self._tell(LegMoved(self.legs[address], state))
