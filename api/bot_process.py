"""The dialogue engine's process: trained when its files change, started, awaited, stopped."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import numpy as np
import yaml

from api.settings import CHECKOUT, Settings

BOT = CHECKOUT / "bot"
PYTHON = BOT / ".venv" / "bin" / "python"
READY_TIMEOUT_S = 180.0

_TRAIN_TIMEOUT_S = 900.0
_TRAINED_FROM = ("config.yml", "domain.yml", "protocol.py", "requirements.lock", "data/**/*.yml", "components/*.py")
_TAIL_LINES = 15
_EXAMPLE = re.compile(r"^\s*-\s+(.*\S)\s*$", re.MULTILINE)
_QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "PYTHONWARNINGS": "ignore",
    "PYTHONUNBUFFERED": "1",
    "PYTHONUTF8": "1",
    "OMP_NUM_THREADS": "1",
}


class BotProcessError(Exception):
    """The dialogue engine cannot be had; the sentence says why and what to do."""


class BotNotInstalled(BotProcessError):
    """The engine's own Python environment is missing."""

    def __init__(self, python: Path) -> None:
        super().__init__(
            f"the dialogue engine's environment is missing ({python}); run `make install`, then start again"
        )


class BotTrainingFailed(BotProcessError):
    """Rasa ended without a model; `tail` holds the last lines of its log."""

    def __init__(self, log: Path, tail: str) -> None:
        super().__init__(f"the dialogue engine could not be trained; the end of {log}:\n{tail}")
        self.log, self.tail = log, tail


class BotPortInUse(BotProcessError):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use; stop the program that has it, or set BANGBAN_BOT_PORT to a free port")
        self.port = port


class BotDiedEarly(BotProcessError):
    """The engine ended before it was ready; `tail` holds the last lines of its log."""

    def __init__(self, code: int, log: Path, tail: str) -> None:
        super().__init__(f"the dialogue engine ended with status {code} before it was ready; the end of {log}:\n{tail}")
        self.code, self.log, self.tail = code, log, tail


class BotTooSlow(BotProcessError):
    """The engine runs but did not become ready in time."""

    def __init__(self, waited_s: float, log: Path) -> None:
        super().__init__(f"the dialogue engine was not ready after {waited_s:.0f} s; see {log}")
        self.waited_s, self.log = waited_s, log


def training_texts(*more: Path) -> list[str]:
    """The examples of bot/data/nlu and of `more` files, each once, in order: training wants their embeddings."""
    return list(dict.fromkeys(_examples(more)))


def write_embeddings(path: Path, texts: Sequence[str], vectors: np.ndarray) -> None:
    """Write the file that `train` takes: `vectors`, shape (len(texts), dimensions), as float16.

    Raises ValueError where the shapes do not fit.
    """
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise ValueError(f"{len(texts)} texts need as many vectors, not an array of shape {vectors.shape}")
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f".{path.name}")
    with building.open("wb") as written:
        np.savez(written, texts=np.array(texts, dtype=np.str_), vectors=vectors.astype(np.float16))
    building.replace(path)


def model_path(settings: Settings, embeddings: Path) -> Path:
    """Where the model of bot/ and `embeddings` as they are now is or will be; raises OSError without `embeddings`."""
    return settings.data_dir / "bot" / "models" / f"{_fingerprint(embeddings)}.tar.gz"


def train(settings: Settings, embeddings: Path, *more: Path) -> Path:
    """The model trained from bot/, `more` training data and the `embeddings` of all; at once where it exists already.

    A model is named by what it was trained from; an older one is removed. Raises BotNotInstalled, BotTrainingFailed.
    """
    model = model_path(settings, embeddings)
    if model.is_file():
        return model
    models = model.parent
    models.mkdir(parents=True, exist_ok=True)
    log = _log(settings, "bot-training.log")
    building = models / f".building-{secrets.token_hex(4)}"
    command = [
        *python_command(), "-m", "rasa", "train", "--force", "--config", "bot/config.yml", "--domain", "bot/domain.yml",
        "--data", "bot/data", *map(str, more), "--out", str(building), "--fixed-model-name", model.name,
    ]  # fmt: skip
    # Rasa's cache knows nothing of the embeddings' file: it would reuse what was computed from an older one.
    told = environment() | {"BANGBAN_BOT_EMBEDDINGS": str(embeddings), "RASA_MAX_CACHE_SIZE": "0"}
    try:
        with log.open("wb") as written:
            done = subprocess.run(
                command, cwd=CHECKOUT, env=told, stdin=subprocess.DEVNULL, stdout=written,
                stderr=subprocess.STDOUT, timeout=_TRAIN_TIMEOUT_S, check=False,
            )  # fmt: skip
        if done.returncode or not (building / model.name).is_file():
            raise BotTrainingFailed(log, last_lines(log))
        (building / model.name).replace(model)
    except subprocess.TimeoutExpired as error:
        raise BotTrainingFailed(log, last_lines(log)) from error
    finally:
        _remove(building)
    for older in models.glob("*.tar.gz"):
        if older != model:
            older.unlink(missing_ok=True)
    return model


def start(settings: Settings, model: Path) -> subprocess.Popen[bytes]:
    """The engine's process, started on `settings.bot_port` in a process group of its own; not ready yet.

    It ends by itself when this process does. Its environment holds the door's token and nothing else that is secret.
    Raises BotNotInstalled, BotPortInUse.
    """
    _refuse_used_port(settings.bot_port)
    told = environment() | {
        "BANGBAN_BOT_TOKEN": token(settings),
        "BANGBAN_BOT_TRACKER_DB": str(conversations_path(settings)),
        "BANGBAN_BOT_FOLLOWS_STDIN": "1",
    }
    with _log(settings, "bot.log").open("ab") as written:
        return subprocess.Popen(
            [*python_command(), "-m", "bot.run", str(model), "--port", str(settings.bot_port)],
            cwd=CHECKOUT, env=told, stdin=subprocess.PIPE, stdout=written, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip


def wait_ready(
    settings: Settings,
    process: subprocess.Popen[bytes],
    progress: Callable[[float], None] = lambda waited_s: None,
    timeout_s: float = READY_TIMEOUT_S,
) -> float:
    """Wait until the engine answers; the seconds waited. `progress` is told them twice a second.

    Raises BotDiedEarly, BotPortInUse or BotTooSlow; the process is then still the caller's to stop.
    """
    begun = time.monotonic()
    log = settings.data_dir / "logs" / "bot.log"
    with httpx.Client(headers={"Authorization": f"Bearer {token(settings)}"}, timeout=5.0, trust_env=False) as client:
        while (waited_s := time.monotonic() - begun) < timeout_s:
            if (code := process.poll()) is not None:
                tail = last_lines(log)
                if "Errno 98" in tail or "address already in use" in tail.lower():
                    raise BotPortInUse(settings.bot_port)
                raise BotDiedEarly(code, log, tail)
            try:
                if client.get(f"{settings.bot_url}/webhooks/rest/").status_code == httpx.codes.OK:
                    return time.monotonic() - begun
            except httpx.TransportError:
                pass
            progress(waited_s)
            time.sleep(0.5)
    raise BotTooSlow(timeout_s, log)


def stop(process: subprocess.Popen[bytes], grace_s: float = 10.0) -> None:
    """End the engine with its whole process group: politely, after `grace_s` by force. Nothing where it has ended."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            _signal_group(process, signal.SIGKILL)
            process.wait()
    if process.stdin:
        process.stdin.close()


def token(settings: Settings) -> str:
    """The secret that opens the engine's door: random, made once, in a file that only this user reads."""
    path = settings.data_dir / "bot" / "token"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written beside and linked into place: two processes that start at once both read the same, whole token.
        building = path.with_name(f".token-{secrets.token_hex(4)}")
        with os.fdopen(os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as written:
            written.write(secrets.token_urlsafe(32))
        with contextlib.suppress(FileExistsError):
            os.link(building, path)
        building.unlink()
    return path.read_text()


def conversations_path(settings: Settings) -> Path:
    """Where the engine keeps its conversations (bot/conversations.py)."""
    return settings.data_dir / "bot" / "conversations.db"


def environment() -> dict[str, str]:
    """What Rasa's commands run with: quiet, and nothing of ours, as that may hold the database's password."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return inherited | _QUIET | {"PYTHONPATH": str(CHECKOUT)}


def python_command() -> list[str]:
    """The engine's own Python, to run Rasa with. Raises BotNotInstalled."""
    if not PYTHON.exists():
        raise BotNotInstalled(PYTHON)
    return [str(PYTHON)]


def _examples(more: Sequence[Path]) -> Iterator[str]:
    for path in (*sorted((BOT / "data" / "nlu").glob("*.yml")), *more):
        for block in yaml.safe_load(path.read_text("utf-8"))["nlu"]:
            yield from _EXAMPLE.findall(block["examples"])


def _fingerprint(embeddings: Path) -> str:
    digest = hashlib.sha256(embeddings.read_bytes())
    for pattern in _TRAINED_FROM:
        for path in sorted(BOT.glob(pattern)):
            digest.update(f"\0{path.relative_to(BOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _refuse_used_port(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BotPortInUse(port) from error


def _log(settings: Settings, name: str) -> Path:
    folder = settings.data_dir / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def last_lines(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-_TAIL_LINES:])


def _remove(folder: Path) -> None:
    for path in folder.glob("*"):
        path.unlink()
    if folder.is_dir():
        folder.rmdir()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
