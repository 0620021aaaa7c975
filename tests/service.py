"""The whole real service as a child process of the tests."""

import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from api.settings import CHECKOUT

READY_TIMEOUT_S = 300
PREPARED = ("models", "index", "embeddings", "bot/models", "bot/embeddings-*.npz")
"""What `make test` has prepared in var/ and every service of the tests may share: it is never changed in place."""


@dataclass(frozen=True)
class Stack:
    """A running service: its address, the bot's, and where it keeps its data."""

    url: str
    bot_url: str
    data_dir: Path
    process: subprocess.Popen[str]


def free_port() -> int:
    """A port on loopback that nothing listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def share_prepared(data_dir: Path) -> None:
    """Let `data_dir` use what is prepared in the checkout's var/."""
    for prepared in (found for part in PREPARED for found in (CHECKOUT / "var").glob(part)):
        shared = data_dir / prepared.relative_to(CHECKOUT / "var")
        shared.parent.mkdir(parents=True, exist_ok=True)
        shared.symlink_to(prepared)


def start(data_dir: Path, **environment: str) -> Stack:
    """`bangban serve` on free ports; returns when it has said that it is ready, fails if it ends first."""
    port, bot_port = free_port(), free_port()
    settings = {
        "BANGBAN_PORT": str(port),
        "BANGBAN_BOT_PORT": str(bot_port),
        "BANGBAN_DATA_DIR": str(data_dir),
        "BANGBAN_RATE_LIMITS": "off",
        "BANGBAN_DESK_HOURS": "0:00-24:00",  # So that the desk can be tried at night and on holidays too.
        "BANGBAN_DESK_DAYS": "every",
        **environment,
    }
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("bangban")), "serve"],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    giving_up = threading.Timer(READY_TIMEOUT_S, process.kill)
    giving_up.start()
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("Bangban is ready"):
            break
    giving_up.cancel()
    assert said and said[-1].startswith("Bangban is ready"), "".join(said)
    threading.Thread(target=process.stdout.read, daemon=True).start()  # A full pipe would stop the service.
    return Stack(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{bot_port}", data_dir, process)


def stop(stack: Stack) -> None:
    """End the service as Ctrl-C does, and wait for it."""
    stack.process.send_signal(signal.SIGINT)
    try:
        stack.process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(stack.process.pid, signal.SIGKILL)
        raise
