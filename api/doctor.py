"""`bangban doctor`: what is installed, reachable and ready here, and what to do where it is not."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psutil
from packaging.markers import Marker

from api.clock import today
from api.desk.hours import unpublished_year
from api.exclusive import AlreadyRunning, CannotStart, PortInUse, hold_data_dir, refuse_taken_port
from api.settings import CHECKOUT, Settings

GIGABYTE = 1024**3
DISK_FREE_GB, MEMORY_FREE_GB = 2.0, 2.5


class State(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARN = "warn"  # the service runs, but not as it should
    FAIL = "fail"  # the service does not run


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was seen and, unless all is well, what to do."""

    subject: str
    state: State
    seen: str
    what_to_do: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Everything that was looked at, in the order in which the service needs it. Changes nothing but serve.lock."""
    return [finding for look in LOOKS for finding in _guarded(look, settings)]


def _guarded(look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    """A look that breaks is itself a finding: a doctor that crashes helps nobody."""
    try:
        yield from look(settings)
    except Exception as error:
        subject = look.__name__.strip("_").replace("_", " ")
        yield Finding(
            subject, State.FAIL, f"{type(error).__name__}: {error}", "run make run; if it stays so, report this line"
        )


def _pythons(settings: Settings) -> Iterator[Finding]:
    version = platform.python_version()
    known = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Finding(
        "Python of the service",
        State.OK if known else State.WARN,
        version,
        "" if known else "the packages were locked for 3.11 to 3.13: delete .venv and run make run with one of these",
    )
    python = CHECKOUT / "bot" / ".venv" / "bin" / "python"
    told = _output([str(python), "-c", "import platform; print(platform.python_version())"])
    good = told is not None and told.startswith("3.10.")
    yield Finding(
        "Python of the bot", State.OK if good else State.FAIL, told or "missing", "" if good else "run make run"
    )


def _environments(settings: Settings) -> Iterator[Finding]:
    here = {_folded(found.name): found.version for found in importlib.metadata.distributions()}
    yield _compared("environment of the service", CHECKOUT / "requirements.lock", here)
    site = next((CHECKOUT / "bot" / ".venv").glob("lib/python3.10/site-packages"), None)
    found = importlib.metadata.distributions(path=[str(site)]) if site else ()
    installed = {_folded(each.name): each.version for each in found}
    yield _compared("environment of the bot", CHECKOUT / "bot" / "requirements.lock", installed, python="3.10")
    torch = here.get("torch", "missing")
    yield Finding(
        "PyTorch", State.OK if torch != "missing" else State.FAIL, torch, "" if torch != "missing" else "run make run"
    )


def _compared(subject: str, lock: Path, installed: dict[str, str], python: str | None = None) -> Finding:
    wanted = dict(_locked(lock, python))
    wrong = sorted(name for name, version in wanted.items() if installed.get(name) != version)
    if not wrong:
        return Finding(subject, State.OK, f"{len(wanted)} packages as locked")
    shown = ", ".join(f"{name} {installed.get(name, 'missing')} (locked {wanted[name]})" for name in wrong[:3])
    rest = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return Finding(subject, State.FAIL if not installed else State.WARN, f"differs: {shown}{rest}", "run make install")


def _locked(lock: Path, python: str | None) -> Iterator[tuple[str, str]]:
    told = {"python_version": python, "python_full_version": f"{python}.0"} if python else None
    for name, version, marker in re.findall(r"^([\w.-]+)==([^\s;]+)(?: ; (.+?))?(?: \\)?$", lock.read_text(), re.M):
        if not marker or Marker(marker).evaluate(told):
            yield _folded(name), version


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _encoder(settings: Settings) -> Iterator[Finding]:
    if settings.encoder:
        place = Path(settings.encoder)
        seen = (
            "a folder"
            if place.is_dir()
            else "a name; it is loaded from a model hub or its cache when the service starts"
        )
        yield Finding("encoder", State.OK, f"{settings.encoder}: {seen}")
        return
    folders = sorted((settings.data_dir / "models").glob("multilingual-e5-small-*"))
    weights = [folder / "model.safetensors" for folder in folders if (folder / "model.safetensors").exists()]
    if not weights:
        yield Finding(
            "encoder", State.WARN, "not prepared yet", "bangban prepare does it; bangban serve too, when it starts"
        )
        return
    digest = hashlib.sha256()
    with weights[0].open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
    size = weights[0].stat().st_size / 1e6
    yield Finding("encoder", State.OK, f"{folders[0].name}, {size:.0f} MB, sha256 {digest.hexdigest()[:16]}")


def _knowledge(settings: Settings) -> Iterator[Finding]:
    from knowledge import loader

    try:
        base = loader.load(settings.knowledge_dir)
    except loader.KnowledgeError as error:
        faults = len(getattr(error, "faults", ())) or 1
        yield Finding(
            "knowledge", State.FAIL, f"{faults} fault(s) in {settings.knowledge_dir}", "bangban kb check lists them"
        )
        return
    seen = f"revision {base.revision}: {len(base.items)} items, {len(base.entries)} entries"
    yield Finding("knowledge", State.OK, seen)
    pointer = settings.data_dir / "index" / "current"
    live = pointer.read_text(encoding="utf-8").strip() if pointer.exists() else None
    if live is None:
        yield Finding(
            "index", State.WARN, "not built yet", "bangban prepare does it; bangban serve too, when it starts"
        )
    elif live.startswith(base.revision):
        yield Finding("index", State.OK, f"{live}, of the knowledge as it is")
    else:
        yield Finding(
            "index", State.WARN, f"{live}, of other knowledge than {base.revision}", "bangban serve builds the new one"
        )


def _bot(settings: Settings) -> Iterator[Finding]:
    from api import bot_model

    model = bot_model.find(settings)
    if model is not None:
        yield Finding("bot model", State.OK, f"{model.name}, of the bot's data as it is")
    else:
        yield Finding(
            "bot model",
            State.WARN,
            "not trained for the bot's data as it is",
            "bangban serve or bangban prepare trains it",
        )


def _ports(settings: Settings) -> Iterator[Finding]:
    try:
        with hold_data_dir(settings.data_dir):
            running = None
    except AlreadyRunning as error:
        running = error.holder or "a process"
    ports = (
        ("port of the service", settings.host, settings.port, "BANGBAN_PORT"),
        ("port of the bot", "127.0.0.1", settings.bot_port, "BANGBAN_BOT_PORT"),
    )
    for subject, host, port, setting in ports:
        try:
            refuse_taken_port(host, port, setting)
            yield Finding(subject, State.OK, f"{host}:{port} is free")
        except PortInUse as error:
            if running:
                yield Finding(subject, State.OK, f"{host}:{port}, held while bangban runs here ({running})")
            else:
                yield Finding(subject, State.FAIL, f"{host}:{port} is in use", str(error).split(": ", 1)[1])
        except CannotStart as error:
            yield Finding(subject, State.FAIL, f"{host}:{port}", str(error))
    if settings.redis_url:
        yield Finding("BANGBAN_REDIS_URL", State.FAIL, "set", "unset it: several api processes are not supported yet")


def _storage(settings: Settings) -> Iterator[Finding]:
    if settings.database_url and not settings.database_url.startswith("sqlite"):
        yield Finding(
            "database",
            State.WARN,
            "another than the SQLite file",
            "whether it answers, /readyz of the running service tells",
        )
        return
    path = Path(re.sub(r"^sqlite[^:]*:///", "", settings.database))
    if not path.exists():
        good = os.access(path.parent, os.W_OK)
        yield Finding(
            "database",
            State.OK if good else State.FAIL,
            "made at the first start",
            "" if good else f"make {path.parent} writable",
        )
        return
    try:
        with sqlite3.connect(path, timeout=5) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
        yield Finding("database", State.OK, f"{path}, {path.stat().st_size / 1e6:.1f} MB, writable")
    except sqlite3.Error as error:
        yield Finding("database", State.FAIL, f"{path}: {error}", "make the file writable, or restore it from a backup")


def _machine(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.data_dir if settings.data_dir.exists() else CHECKOUT).free / GIGABYTE
    state = State.OK if free > DISK_FREE_GB else State.WARN if free > 0.2 else State.FAIL
    yield Finding("disk", state, f"{free:.1f} GB free", "" if state is State.OK else f"free {DISK_FREE_GB:.0f} GB")
    memory = psutil.virtual_memory().available / GIGABYTE
    enough = memory > MEMORY_FREE_GB
    yield Finding(
        "memory",
        State.OK if enough else State.WARN,
        f"{memory:.1f} GB available",
        "" if enough else "service and bot take 2 GB together",
    )
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    yield Finding(
        "Chromium", State.OK if chromium else State.WARN, chromium or "missing",
        "" if chromium else "only the browser tests need it: make test installs it, or apt-get install chromium",
    )  # fmt: skip


def _calendar(settings: Settings) -> Iterator[Finding]:
    year = unpublished_year(today())
    if year is None:
        yield Finding("office calendar", State.OK, "knows the holidays of the next month")
        return
    yield Finding(
        "office calendar",
        State.WARN,
        f"does not know the holidays of {year}: Monday to Friday count there, but for those that the law dates",
        "install a newer chinesecalendar (make lock LOCK=--upgrade, make install) once there is one for that year",
    )


LOOKS = (_pythons, _environments, _encoder, _knowledge, _bot, _ports, _storage, _machine, _calendar)


def _output(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
