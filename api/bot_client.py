"""Asks the dialogue engine what to do with a message."""

from __future__ import annotations

import asyncio

import httpx

from api.bot_process import conversations_path, token
from api.settings import Settings
from bot.conversations import forget
from bot.protocol import Choice, Evidence, plain_text

TIMEOUT = httpx.Timeout(10.0, connect=2.0)
_LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=30.0)


class BotUnavailable(Exception):
    """The dialogue engine gave no act; `reason` is for the log, not for visitors."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the dialogue engine gave no act: {reason}")
        self.reason = reason


class BotClient:
    """One for the whole application; safe for concurrent use. Close it with `aclose`."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._conversations = conversations_path(settings)
        # Retries concern connecting alone: once a message may have arrived, it is not sent again.
        self._http = httpx.AsyncClient(
            base_url=settings.bot_url,
            headers={"Authorization": f"Bearer {token(settings)}"},
            timeout=TIMEOUT,
            transport=transport or httpx.AsyncHTTPTransport(retries=1, limits=_LIMITS),
        )

    async def choose(self, sender_id: str, text: str, evidence: Evidence) -> Choice:
        """What to do with `text`, of the conversation `sender_id`. Raises BotUnavailable."""
        message = {"sender": sender_id, "message": plain_text(text), "metadata": evidence.to_metadata()}
        try:
            reply = await self._http.post("/webhooks/rest/webhook", json=message)
            reply.raise_for_status()
            said = reply.json()
        except (httpx.HTTPError, ValueError) as error:
            raise BotUnavailable(f"{type(error).__name__}: {error}") from error
        return _only_choice(said)

    async def ready(self) -> bool:
        """Whether the engine answers and knows our token."""
        try:
            return (await self._http.get("/webhooks/rest/")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    async def forget(self, sender_id: str) -> bool:
        """Erase what the engine kept of a conversation; False where that was nothing."""
        return await asyncio.to_thread(forget, self._conversations, sender_id)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _only_choice(said: object) -> Choice:
    if not isinstance(said, list) or len(said) != 1 or not isinstance(said[0], dict):
        raise BotUnavailable(f"expected one message, got {said!r:.200}")
    try:
        return Choice.from_custom(said[0].get("custom") or {})
    except ValueError as error:
        raise BotUnavailable(str(error)) from error
