"""What a helper does at the desk, in the helper's words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Locator, Page, expect
from visit import ANSWER_MS

PASSWORD = "a long password for tests"


def add_account(data_dir: Path, username: str, *options: str) -> None:
    """Make an account as an administrator does, on the command line; one of an earlier run is taken as it is."""
    command = [str(Path(sys.executable).with_name("bangban")), "user", "add", username, "--password-stdin", *options]
    environment = {**os.environ, "BANGBAN_DATA_DIR": str(data_dir)}
    done = subprocess.run(command, input=PASSWORD, text=True, capture_output=True, env=environment, timeout=60)
    assert done.returncode == 0 or "There is an account" in done.stderr, done.stderr


class Shift:
    """One helper's page."""

    def __init__(self, page: Page, site: str, username: str) -> None:
        self.page, self.site, self.username = page, site, username
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def begin(self) -> Self:
        """Sign in on the login page and come online."""
        self.page.goto(f"{self.site}/desk/login")
        self.page.locator("[name=username]").fill(self.username)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/desk")
        expect(self.page.locator(".connection")).to_contain_text("●")
        self.page.locator(".presence.online").click()
        expect(self.page.locator("[name=presence][value=online]")).to_be_checked()
        return self

    def end(self) -> None:
        """Leave an empty desk behind and go off duty, so that the next test finds it as it expects it."""
        self.page.context.set_offline(False)
        for state in ("active", "queued"):
            for ticket in self._call("GET", f"tickets?state={state}")["tickets"]:
                if state == "queued":
                    self._call("POST", f"tickets/{ticket['id']}/accept", {})
                if state == "queued" or ticket["helper"] == self.username:
                    self._call("POST", f"tickets/{ticket['id']}/resolve", {"outcome": "unresolved"})
        self._call("PUT", "presence", {"state": "offline"})
        assert self.faults == []

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the desk's API as the page does, with its cookies."""
        cookies = {cookie["name"]: cookie["value"] for cookie in self.page.context.cookies()}
        headers = {"X-CSRF-Token": cookies.get("bangban_csrf", "")}
        reply = self.page.request.fetch(f"{self.site}/api/v1/desk/{path}", method=method, data=body, headers=headers)
        assert reply.ok, reply.text()
        return reply.json()

    def press(self, key: str) -> Self:
        """Press a key as the list of keys names it."""
        self.page.keyboard.press(key)
        return self

    def accept(self) -> Self:
        """Take the ticket that waits, by key, as soon as it is seen; the field to answer in then has the focus."""
        expect(self.queue).not_to_have_count(0, timeout=ANSWER_MS)
        self.page.keyboard.press("a")
        expect(self.field).to_be_focused(timeout=ANSWER_MS)
        return self

    def reply(self, text: str) -> Self:
        """Type and send; waits until the server has it."""
        self.field.fill(text)
        self.field.press("Enter")
        expect(self.said("agent").last).to_contain_text(text)
        expect(self.page.locator(".delivery")).to_have_count(0, timeout=ANSWER_MS)
        return self

    def said(self, sender: str) -> Locator:
        """What one side said in the conversation that is shown: visitor, bot, agent, system, note."""
        return self.page.locator(f".said.from-{sender} .words")

    @property
    def queue(self) -> Locator:
        return self.page.locator(".list-queue .row")

    @property
    def mine(self) -> Locator:
        return self.page.locator(".list-mine .row")

    @property
    def field(self) -> Locator:
        return self.page.locator("reply-composer textarea")

    @property
    def suggestions(self) -> Locator:
        return self.page.locator(".suggestion")

    @property
    def dialog(self) -> Locator:
        return self.page.locator("dialog[open]")

    @property
    def connection(self) -> Locator:
        return self.page.locator(".connection")
