"""Where a request really comes from, when proxies stand before the service: the address, and whether it came by TLS."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import HTTPConnection

Networks = Sequence[IPv4Network | IPv6Network]


def address_of(connection: HTTPConnection, trusted: Networks) -> str:
    """The address that a request or WebSocket is counted for."""
    peer = connection.client.host if connection.client else None
    return client_address(peer, connection.headers.get("x-forwarded-for"), trusted)


def came_by_tls(connection: HTTPConnection, trusted: Networks) -> bool:
    """Whether the visitor's side of the connection is encrypted.

    X-Forwarded-Proto is believed only where the peer is a trusted proxy, and of it only what the peer wrote, the end.
    """
    peer = _parsed(connection.client.host if connection.client else None)
    told = connection.headers.get("x-forwarded-proto")
    if told is not None and peer is not None and any(peer in network for network in trusted):
        return told.rpartition(",")[2].strip().lower() in ("https", "wss")
    return connection.url.scheme in ("https", "wss")


def client_address(peer: str | None, forwarded_for: str | None, trusted: Networks) -> str:
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
