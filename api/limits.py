"""How much one session or one address may ask for, and whose address a request comes from."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.problems import TooManyRequests

RATES = {
    "session": {"address": "20/minute;200/hour"},
    "message": {"session": "20/minute", "address": "120/minute"},
    "read": {"session": "120/minute"},
    "feedback": {"session": "20/minute"},
    "handoff": {"session": "5/minute", "address": "30/minute"},
    "callback": {"session": "5/minute", "address": "20/minute"},
    "search": {"address": "60/minute"},
    "events": {"address": "60/minute"},
}
"""Per kind of request, how often each session and each address may; an office shares one, so that is generous."""


class Limits:
    """Counts within this process; `on=False` lets everything through."""

    def __init__(self, on: bool) -> None:
        self._on = on
        self._counters = MovingWindowRateLimiter(MemoryStorage())
        self._rates: dict[tuple[str, str], list[RateLimitItem]] = {
            (kind, holder): parse_many(rates) for kind, holders in RATES.items() for holder, rates in holders.items()
        }

    def count(self, kind: str, **holders: str) -> None:
        """Count one request of a kind (a key of RATES) for its session and address. Raises TooManyRequests."""
        if not self._on:
            return
        for holder, name in holders.items():
            for rate in self._rates.get((kind, holder), ()):
                if not self._counters.hit(rate, kind, holder, name):
                    resets_at = self._counters.get_window_stats(rate, kind, holder, name).reset_time
                    raise TooManyRequests(max(1, math.ceil(resets_at - time.time())))


def client_address(peer: str | None, forwarded_for: str | None, trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """The address to count for: the last one in X-Forwarded-For that no trusted proxy added; IPv6 by its /64.

    The header is believed only as far as trusted proxies wrote it: anyone can send one.
    """
    address = _parsed(peer)
    hops = [part.strip() for part in (forwarded_for or "").split(",") if part.strip()]
    while address is not None and hops and any(address in network for network in trusted):
        before = _parsed(hops.pop())
        if before is None:
            break
        address = before
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address) if address is not None else "unknown"


def _parsed(told: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address((told or "").strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
