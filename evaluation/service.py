"""The whole service as a child process on free ports, for what measures it from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

CHECKOUT = Path(__file__).resolve().parent.parent
BANGBAN = Path(sys.executable).with_name("bangban")
PREPARED = ("models", "index", "embeddings", "bot/models", "bot/embeddings-*.npz")
READY_WITHIN_S = 600


@dataclass(frozen=True)
class Service:
    """A running service with the door behind it."""

    process: psutil.Process
    url: str
    bot_url: str
    bot_token: str


def prepare() -> None:
    """Make what a second start finds ready; it is no part of any figure."""
    environment = os.environ | {"BANGBAN_DATA_DIR": str(CHECKOUT / "var")}
    subprocess.run([str(BANGBAN), "prepare"], env=environment, check=True)


@contextlib.contextmanager
def running(
    data_dir: Path, command: list[str] | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[Service]:
    """The service on free ports, from when it says that it is ready; ended with the block, or when we are terminated.

    `settings` are environment variables besides ours. To be called from the main thread, which gets the signals.

    Raises RuntimeError with what it said where it ends before.
    """
    for prepared in (found for part in PREPARED for found in (CHECKOUT / "var").glob(part)):
        shared = data_dir / prepared.relative_to(CHECKOUT / "var")
        shared.parent.mkdir(parents=True, exist_ok=True)
        if not shared.exists():
            shared.symlink_to(prepared)
    port, bot_port = free_port(), free_port()
    environment = {
        "BANGBAN_HOST": "127.0.0.1",
        "BANGBAN_PORT": str(port),
        "BANGBAN_BOT_PORT": str(bot_port),
        "BANGBAN_DATA_DIR": str(data_dir),
        "BANGBAN_RATE_LIMITS": "off",
        "BANGBAN_LOG_LEVEL": "INFO",
        **(settings or {}),
    }
    said = data_dir / "said.txt"
    command = command or [str(BANGBAN), "serve"]
    # The service runs in a group of its own: terminated without order, we would leave it behind with nobody to end it.
    before = signal.signal(signal.SIGTERM, _end_in_order)
    with said.open("wb") as told:
        started = subprocess.Popen(
            command, cwd=CHECKOUT, env=os.environ | environment, stdout=told, stderr=told, start_new_session=True
        )
    try:
        ends = time.monotonic() + READY_WITHIN_S
        while "Bangban is ready" not in said.read_text("utf-8"):
            if started.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"the service did not become ready:\n{said.read_text('utf-8')}")
            time.sleep(0.05)
        yield Service(
            process=_serving(psutil.Process(started.pid)),
            url=f"http://127.0.0.1:{port}",
            bot_url=f"http://127.0.0.1:{bot_port}",
            bot_token=(data_dir / "bot" / "token").read_text("utf-8"),
        )
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGINT)
        started.wait(60)
        signal.signal(signal.SIGTERM, before)


def _end_in_order(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _serving(process: psutil.Process) -> psutil.Process:
    """The process of `bangban serve` itself, below make where make started it."""
    for candidate in (process, *process.children(recursive=True)):
        if any(part.endswith("/bangban") for part in candidate.cmdline()):
            return candidate
    return process


def free_port() -> int:
    """A port on loopback that nothing listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
