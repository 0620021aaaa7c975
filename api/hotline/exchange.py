"""What the hotline needs of a telephone exchange: ring a telephone, let telephones hear each other, hang up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from api.hotline.address import Address
from api.hotline.life import LegFailure, LegState


class ExchangeUnavailable(Exception):
    """The exchange does not answer, or refuses our name and password: nothing can be rung."""


class ExchangeRefused(Exception):
    """The exchange answers, but not to this: it knows no such address or leg."""


@dataclass(frozen=True)
class LegMoved:
    """News of a telephone. `failure` where it was never answered (FAILED)."""

    leg_id: str
    state: LegState
    failure: LegFailure | None = None


class Exchange(Protocol):
    """A telephone exchange. Leg and bridge ids are ours, so that no news can come before its id is known.

    Every call raises ExchangeUnavailable or ExchangeRefused, never anything else.
    """

    def running(self, tell: Callable[[LegMoved], None]) -> AbstractAsyncContextManager[None]:
        """Listen for news of our legs until the block ends; an exchange that goes away is waited for."""

    async def originate(self, leg_id: str, address: Address, patience_s: float) -> None:
        """Ring a telephone, at most so long; what comes of it is told as LegMoved."""

    async def bridge(self, bridge_id: str, leg_ids: Sequence[str]) -> None:
        """Let these answered telephones hear each other and whoever is in the bridge already."""

    async def hang_up(self, leg_id: str) -> None:
        """Put a telephone down; one that is down already is no fault."""

    async def close_bridge(self, bridge_id: str) -> None:
        """Forget a bridge; one that is gone already is no fault."""
