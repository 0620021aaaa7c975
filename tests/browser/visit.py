"""What a visitor does on a page with the widget, in the visitor's words."""

from __future__ import annotations

import json
import os
from typing import Any, Self

from playwright.sync_api import Locator, Page, expect

CHROMIUM = os.environ.get("BANGBAN_TEST_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
ANSWER_MS = 20_000


class Visit:
    """One page of one visitor. Locators look through the widget's shadow root by themselves."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def arrive(self, path: str = "/") -> Self:
        """Go to a page of the service and wait for the button, or for the chat where it was left open."""
        self.page.goto(self.site + path)
        expect(self.launcher.or_(self.panel).filter(visible=True)).to_be_visible()
        return self

    def open(self) -> Self:
        """Open the chat and wait for the greeting."""
        self.launcher.click()
        expect(self.entries.first).to_be_visible(timeout=ANSWER_MS)
        return self

    def ask(self, text: str) -> Self:
        """Type and send; does not wait for the answer."""
        self.field.fill(text)
        self.field.press("Enter")
        return self

    def answered(self, count: int = 1) -> Locator:
        """The newest answer card, once there are `count` of them."""
        expect(self.answers).to_have_count(count, timeout=ANSWER_MS)
        return self.answers.last

    @property
    def launcher(self) -> Locator:
        return self.page.locator("bangban-widget .launcher")

    @property
    def panel(self) -> Locator:
        return self.page.locator("bangban-widget .panel")

    @property
    def field(self) -> Locator:
        return self.panel.locator("bangban-message-composer .field")

    @property
    def entries(self) -> Locator:
        return self.panel.locator(".entry")

    @property
    def answers(self) -> Locator:
        return self.panel.locator("bangban-answer-card")

    @property
    def said(self) -> Locator:
        """The visitor's own messages."""
        return self.panel.locator(".from-visitor .said")

    @property
    def status(self) -> Locator:
        return self.panel.locator("bangban-status-line")

    def choose_in_menu(self, value: str) -> None:
        """Pick an entry of the head's menu: talkToPerson, largeText, end, erase."""
        self.panel.locator("button[value=menu]").click()
        self.panel.locator(f"button[value={value}]").click()

    def session(self) -> dict[str, str]:
        """What the browser keeps of the session."""
        kept = self.page.evaluate(
            "() => Object.entries(localStorage).filter(([key]) => key.endsWith(':session')).map(([, kept]) => kept)[0]"
        )
        return json.loads(kept)

    def history(self) -> list[dict[str, Any]]:
        """The conversation as the server has it."""
        session = self.session()
        reply = self.page.request.get(
            f"{self.site}/api/v1/sessions/{session['session_id']}/messages",
            headers={"Authorization": f"Bearer {session['token']}"},
        )
        assert reply.ok, reply.text()
        return reply.json()["messages"]

    def told_by_visitor(self) -> list[str]:
        """The visitor's messages as the server has them."""
        return [message["text"] for message in self.history() if message["sender"] == "visitor"]
