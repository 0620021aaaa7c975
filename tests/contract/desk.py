"""What contract tests work with: a scripted dialogue engine, a visitor, a running app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from api.accounts import keeping, login_sessions
from api.accounts.identity import Role, User
from api.accounts.passwords import hashed
from api.bot_client import BotUnavailable
from api.settings import Settings
from api.storage.database import Database
from bot.protocol import Act, Choice, Chosen, Decision, Evidence, Failures, Offered

BY_DECISION = {
    Decision.ANSWER: Act.ANSWER,
    Decision.CLARIFY: Act.CLARIFY,
    Decision.ASK_ITEM: Act.ASK_ITEM,
    Decision.ABSTAIN: Act.REPHRASE,
    Decision.OUTSIDE: Act.OUT_OF_SCOPE,
}
BY_WORDS = {
    "你好": Act.GREET,
    "hello": Act.GREET,
    "谢谢": Act.WELCOME,
    "再见": Act.GOODBYE,
    "你是谁": Act.INTRODUCE,
    "转人工": Act.HAND_OVER,
    "跑了三趟都办不成": Act.HAND_OVER,
    "被踢皮球了": Act.HAND_OVER,
    "I can't get anything done here": Act.HAND_OVER,
    "今天天气怎么样": Act.OUT_OF_SCOPE,
    "我的申请办到哪一步了": Act.NAMED_CASE,
    "没用": Act.TRY_NEXT,
    "你们是吃干饭的吗": Act.SOOTHE,
    "in English please": Act.CHANGE_LANGUAGE,
    "什么都没有": Act.REPHRASE,
}


@dataclass
class ScriptedBot:
    """Maps evidence to an act as the rules of bot/data do, without Rasa; remembers what it was told."""

    told: list[tuple[str, str, Evidence]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    is_down: bool = False
    takes_s: float = 0.0

    async def choose(self, sender_id: str, text: str, evidence: Evidence) -> Choice:
        if self.is_down:
            raise BotUnavailable("scripted")
        self.told.append((sender_id, text, evidence))
        await asyncio.sleep(self.takes_s)
        if evidence.chosen is Chosen.NO and text in BY_WORDS:
            act = BY_WORDS[text]
        elif text == "是的" and evidence.offered is Offered.HUMAN:
            act = Act.HAND_OVER
        else:
            act = BY_DECISION[evidence.decision]
        if act is Act.TRY_NEXT and evidence.failures is not Failures.NONE:
            act = Act.OFFER_HUMAN
        return Choice(act, evidence.item, evidence.facet, evidence.entry)

    async def ready(self) -> bool:
        return not self.is_down

    async def forget(self, sender_id: str) -> bool:
        self.forgotten.append(sender_id)
        return True

    async def aclose(self) -> None:
        pass


@dataclass(frozen=True)
class Visitor:
    """A session with its key."""

    http: httpx.AsyncClient
    session_id: str
    token: str
    greeting: dict[str, Any]
    language: str

    @property
    def path(self) -> str:
        return f"/api/v1/sessions/{self.session_id}"

    @property
    def key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def post(self, below: str, body: object) -> httpx.Response:
        return await self.http.post(f"{self.path}/{below}", json=body, headers=self.key)

    async def say(self, text: str, **more: str) -> dict[str, Any]:
        reply = await self.post("messages", {"text": text, **more})
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def choose(self, option: dict[str, str]) -> dict[str, Any]:
        reply = await self.post("messages", {"payload": option["payload"]})
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def history(self, after: str | None = None) -> list[dict[str, Any]]:
        params = {"after": after} if after else {}
        reply = await self.http.get(f"{self.path}/messages", params=params, headers=self.key)
        assert reply.status_code == 200, reply.text
        return reply.json()["messages"]

    async def erase(self) -> None:
        reply = await self.http.delete(self.path, headers=self.key)
        assert reply.status_code == 204, reply.text


PASSWORD = "a pass phrase that tests share"
ADMINISTRATOR = User("cli:tests", "Tests", Role.ADMIN)


async def make_account(app: FastAPI, username: str, role: str = "agent", **profile: Any) -> None:
    """An account with PASSWORD, as `bangban user add` makes it; profile: skills, languages, display_name…."""
    database = app.state.services.database
    wanted = keeping.Profile(**profile)
    await keeping.add(database, ADMINISTRATOR, username, Role(role), wanted, hashed_password())


async def token_for(app: FastAPI, username: str, role: str = "agent", **profile: Any) -> str:
    """The token of a new account that is signed in, without argon2's third of a second (test_auth.py goes that way)."""
    return await token_in(app.state.services.database, username, role, **profile)


async def token_in(database: Database, username: str, role: str = "agent", **profile: Any) -> str:
    """The same, straight in the database."""
    wanted = keeping.Profile(**profile)
    account = await keeping.add(database, ADMINISTRATOR, username, Role(role), wanted, password_hash=None)
    async with database.writing() as work:
        login = await login_sessions.begin(work, account, address=None)
        await work.commit()
    return login.token


def app_of(http: httpx.AsyncClient) -> FastAPI:
    """The app that a client of `running` calls."""
    return http._transport.app


@cache
def hashed_password() -> str:
    return hashed(PASSWORD)


def settings_in(folder: Path, **more: Any) -> Settings:
    """Settings with which the desk never closes unless told, so that tests do not depend on when they run."""
    always = {"desk_hours": "0:00-24:00", "desk_days": "every"}
    return Settings(**{"data_dir": folder, "rate_limits": "off", **always, **more})


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("203.0.113.7", 4321))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        yield await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://desk"))


async def start(http: httpx.AsyncClient, **wish: Any) -> Visitor:
    reply = await http.post("/api/v1/sessions", json={"language": "zh", "channel": "web", **wish})
    assert reply.status_code == 201, reply.text
    told = reply.json()
    return Visitor(http, told["session_id"], told["token"], told["messages"][0], told["language"])
