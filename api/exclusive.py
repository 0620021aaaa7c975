"""What only one running service may hold: the data dir and the ports. A refusal is one sentence saying what to do."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path


class CannotStart(Exception):
    """The service cannot start; the message is the sentence that the operator reads."""


class PortInUse(CannotStart):
    """Somebody else listens there."""

    def __init__(self, host: str, port: int, setting: str) -> None:
        super().__init__(f"Port {port} on {host} is in use: stop what listens there, or choose another with {setting}.")
        self.host, self.port, self.setting = host, port, setting


class AlreadyRunning(CannotStart):
    """Another service works in the same data dir; two would write the same database and index."""

    def __init__(self, data_dir: Path, holder: str) -> None:
        super().__init__(
            f"Another bangban ({holder or 'process unknown'}) runs in {data_dir}: stop it, or choose another folder "
            "with BANGBAN_DATA_DIR."
        )
        self.data_dir, self.holder = data_dir, holder


@contextlib.contextmanager
def hold_data_dir(data_dir: Path) -> Iterator[None]:
    """Keep the data dir to this process until the block ends; the lock also ends with the process, however that ends.

    Raises AlreadyRunning, or CannotStart where the folder cannot be made or written.
    """
    path = data_dir / "serve.lock"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        held = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise CannotStart(
            f"{data_dir} cannot be written ({error.strerror}): mend that, or set BANGBAN_DATA_DIR."
        ) from error
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            raise AlreadyRunning(data_dir, held.read().strip()) from None
        held.truncate(0)
        held.write(f"process {os.getpid()}")
        held.flush()
        yield


def listening_socket(host: str, port: int, setting: str) -> socket.socket:
    """A socket that listens on the address.

    Raises PortInUse, or CannotStart where the address is not this machine's or not ours to take.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise CannotStart(f"BANGBAN_HOST is {host!r}, which is no address here ({error.strerror}).") from error
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen(2048)  # Two processes may bind one port; only one of them may listen.
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(host, port, setting) from error
        sentence = f"{host}:{port} cannot be listened on ({error.strerror}): change BANGBAN_HOST or {setting}."
        raise CannotStart(sentence) from error
    return bound


def refuse_taken_port(host: str, port: int, setting: str) -> None:
    """Raise PortInUse where something listens; asked before the slow work, which would be for nothing."""
    listening_socket(host, port, setting).close()
