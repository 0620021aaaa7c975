"""A real browser on the real service: BANGBAN_TEST_URL names a running one, else the whole stack is started.

With BANGBAN_TEST_URL, BANGBAN_TEST_DATA_DIR says where that service keeps its data: helpers' accounts are made there.
"""

import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from shift import Shift, add_account
from visit import ARGUMENTS, CHROMIUM, Visit


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> str:
    """The address of the service, without a slash at its end."""
    running = os.environ.get("BANGBAN_TEST_URL")
    return (running or request.getfixturevalue("stack").url).rstrip("/")


# Not for the whole session: while Playwright's loop lives, no other test of this thread can run a loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes contexts, each a browser of its own; the same defaults for every test."""
    opened: list[BrowserContext] = []

    def make(language: str = "zh", width: int = 1280, height: int = 860, **options: object) -> BrowserContext:
        locale = {"zh": "zh-CN", "en": "en-GB"}[language]
        context = browser.new_context(viewport={"width": width, "height": height}, locale=locale, **options)
        context.set_default_timeout(20_000)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def visit(site: str, new_context: Callable[..., BrowserContext]) -> Callable[..., Visit]:
    """Opens the demo page as a new visitor: visit("en", width=360)."""

    def make(language: str = "zh", **options: object) -> Visit:
        return Visit(new_context(language, **options).new_page(), site).arrive()

    return make


@pytest.fixture(scope="session")
def accounts() -> dict[str, str]:
    """Who has an account at the service already, and in which role."""
    return {}


@pytest.fixture(scope="session")
def data_dir(request: pytest.FixtureRequest) -> Path:
    """Where the service keeps its data."""
    running = os.environ.get("BANGBAN_TEST_DATA_DIR")
    return Path(running) if running else request.getfixturevalue("stack").data_dir


@pytest.fixture
def helper(
    site: str, data_dir: Path, new_context: Callable[..., BrowserContext], accounts: dict[str, str]
) -> Iterator[Callable[..., Shift]]:
    """Begins a helper's shift, with an account made on the command line: helper("li", language="en")."""
    shifts: list[Shift] = []

    def begin(username: str, role: str = "agent", language: str = "zh", **options: object) -> Shift:
        if username not in accounts:
            add_account(data_dir, username, "--role", role)
            accounts[username] = role
        shift = Shift(new_context(language, **options).new_page(), site, username)
        shifts.append(shift)
        return shift.begin()

    yield begin
    for shift in shifts:
        shift.end()


@pytest.fixture
def chat(visit: Callable[..., Visit]) -> Visit:
    """A Chinese visitor with the chat open and greeted."""
    return visit("zh").open()


@pytest.fixture
def page(chat: Visit) -> Page:
    """The page of `chat`."""
    return chat.page


@pytest.fixture
def foreign_page() -> Iterator[Callable[..., str]]:
    """Serves one page at another origin and returns its address: foreign_page(html, policy="…")."""
    servers: list[ThreadingHTTPServer] = []

    def serve(html: str, policy: str | None = None) -> str:
        class OnePage(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path == "/"
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if policy:
                    self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(html.encode() if found else b"")

            def log_message(self, *told: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), OnePage)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()
