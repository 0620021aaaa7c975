"""Helpers at the desk, as contract tests work with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
from desk import app_of, token_for

API = "/api/v1"
DESK = f"{API}/desk"


@dataclass(frozen=True)
class Helper:
    """Somebody who is signed in."""

    http: httpx.AsyncClient
    username: str
    token: str

    @property
    def key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def read(self, path: str, **params: Any) -> Any:
        reply = await self.http.get(f"{API}/{path}", params=params, headers=self.key)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def get(self, below: str, **params: Any) -> Any:
        return await self.read(f"desk/{below}", **params)

    async def post(self, below: str, body: object = None) -> httpx.Response:
        return await self.http.post(f"{DESK}/{below}", json=body, headers=self.key)

    async def put(self, below: str, body: object) -> httpx.Response:
        return await self.http.put(f"{DESK}/{below}", json=body, headers=self.key)

    async def come(self, state: str = "online") -> Helper:
        reply = await self.put("presence", {"state": state})
        assert reply.status_code == 200, reply.text
        return self

    async def queue(self) -> list[dict[str, Any]]:
        return (await self.get("tickets", state="queued"))["tickets"]

    async def take_next(self) -> dict[str, Any]:
        reply = await self.post(f"tickets/{(await self.queue())[0]['id']}/accept")
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def say(self, ticket: dict[str, Any], text: str | None = None, **more: str) -> dict[str, Any]:
        body = {**({"text": text} if text else {}), **more}
        reply = await self.post(f"tickets/{ticket['id']}/messages", body)
        assert reply.status_code == 201, reply.text
        return reply.json()


async def sign_in(
    http: httpx.AsyncClient, username: str, role: str = "agent", skills: str = "", **profile: Any
) -> Helper:
    token = await token_for(app_of(http), username, role, skills=list(filter(None, skills.split(","))), **profile)
    return Helper(http, username, token)
