"""A real PostgreSQL server for the tests whose rules the database itself keeps; it listens on a socket in a folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

# The server refuses to run as root; Debian's package brings this user.
OWNER = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def programs() -> Path | None:
    """Where the server's programs are: on PATH, or where Debian puts them, newest first; None where they are not."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -int(folder.parent.name))
    return versions[0] if versions else None


@contextmanager
def server() -> Iterator[Path]:
    """A running server; its folder is also where its socket is. Nothing of it outlives the block."""
    where = programs()
    assert where is not None
    folder = Path(tempfile.mkdtemp(prefix="bangban-postgres-"))
    shutil.chown(folder, OWNER)

    def run(*command: str) -> None:
        subprocess.run([str(where / command[0]), *command[1:]], user=OWNER, cwd=folder, check=True, capture_output=True)

    try:
        run("initdb", "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C")
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-D", str(folder / "data"), "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield folder
        finally:
            run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(folder: Path) -> str:
    """The SQLAlchemy URL of an empty database of its own."""
    where, name = programs(), f"test_{uuid4().hex}"
    assert where is not None
    subprocess.run([str(where / "createdb"), "-h", str(folder), "-U", "postgres", name], check=True)
    return f"postgresql+asyncpg://postgres@/{name}?host={folder}"
