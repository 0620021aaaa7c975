"""Keeps the dialogue engine running: a child process that is started anew when it dies."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
STEADY_AFTER_S = 60.0
"""Seconds that a child must have lived for its death to count as a first one again."""


class BotDied(Exception):
    """The engine ended before it was ready once; what it said is in its log."""


class BotKeeper:
    """Starts the engine, watches it, starts it again after a growing pause.

    One thread does all of it: on Linux a child's life can be tied only to that of the thread that started it.
    """

    def __init__(
        self,
        start: Callable[[], subprocess.Popen[bytes]],
        stop: Callable[[subprocess.Popen[bytes]], None],
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self._start, self._stop, self._first_pause_s = start, stop, first_pause_s
        self._ending = threading.Event()
        self._watching = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._keep, name="bot-keeper", daemon=True)
        self.process: subprocess.Popen[bytes] | None = None
        self.restarts = 0

    def start(self) -> None:
        """Start the engine; returns when the process exists, before it is ready. Raises what starting it raised."""
        self._thread.start()
        self._watching.wait()
        if self._failed is not None:
            raise self._failed

    def stop(self) -> None:
        """End the engine and everything that it started; nothing is started any more."""
        self._ending.set()
        process = self.process
        if process is not None:
            self._stop(process)
        if self._thread.is_alive():
            self._thread.join(timeout=15)

    @property
    def pid(self) -> int | None:
        """The engine's process, None between two of them."""
        process = self.process
        return process.pid if process is not None and process.poll() is None else None

    def refuse_dead(self) -> None:
        """Raise BotDied where the engine has ended: for whoever waits for it to become ready the first time."""
        if self.restarts > 0 or (self._watching.is_set() and self.pid is None):
            raise BotDied("The bot ended while it was starting")

    def _keep(self) -> None:
        pause_s = self._first_pause_s
        while not self._ending.is_set():
            began = time.monotonic()
            try:
                self.process = self._start()
            except BaseException as error:
                self._failed = error
                self._watching.set()
                if self.restarts == 0:
                    return
                log.error("bot_start_failed", reason=str(error))
            else:
                self._watching.set()
                if self._ending.is_set():  # stop() came while the process was being made and did not see it
                    self._stop(self.process)
                    return
                status = self.process.wait()
                if self._ending.is_set():
                    return
                log.error("bot_died", status=status, lived_s=round(time.monotonic() - began, 1))
            if time.monotonic() - began > STEADY_AFTER_S:
                pause_s = self._first_pause_s
            self.restarts += 1
            self._ending.wait(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
