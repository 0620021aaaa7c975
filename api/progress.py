"""Telling the operator what is going on while the service gets ready: each step's name and time, one line each."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import TextIO


class Progress:
    """Steps that may run side by side; a finished one becomes a line, on a terminal the running ones show a clock."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._lock = threading.Lock()
        self._running: dict[str, float] = {}
        self._shown = 0
        self._clock: threading.Thread | None = None
        self.began = time.monotonic()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step; it is said to be done only where the block ends without an exception."""
        began = time.monotonic()
        with self._lock:
            self._running[name] = began
            if not self._live:
                self._stream.write(f"{name} …\n")
                self._stream.flush()
            elif self._clock is None:
                self._clock = threading.Thread(target=self._tick, daemon=True)
                self._clock.start()
        try:
            yield
        except BaseException:
            self._end(name, None)
            raise
        self._end(name, f"{name}: done ({time.monotonic() - began:.1f} s)")

    def note(self, line: str) -> None:
        """A line of its own, above the running clock."""
        with self._lock:
            self._line(line)

    def _end(self, name: str, line: str | None) -> None:
        with self._lock:
            self._running.pop(name, None)
            self._line(line)

    def _line(self, line: str | None) -> None:
        if self._live:
            self._stream.write("\r" + " " * self._shown + "\r")
            self._shown = 0
        if line is not None:
            self._stream.write(line + "\n")
        self._stream.flush()

    def _tick(self) -> None:
        while True:
            time.sleep(1)
            with self._lock:
                if not self._running:
                    self._clock = None
                    return
                text = ", ".join(f"{name} … {time.monotonic() - began:.0f} s" for name, began in self._running.items())
                self._line(None)
                self._stream.write(text)
                self._stream.flush()
                self._shown = 2 * len(text)  # a Chinese character takes two columns
