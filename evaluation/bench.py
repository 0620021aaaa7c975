"""How fast the whole service is and how much memory it takes, measured from outside: `make bench`.

Times are told as ratios to Rasa's bare reply in the same run, so that they mean the same on a slow machine and a busy
one. It starts its own service on free ports, over a database of its own and what is prepared in var/.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from evaluation.service import CHECKOUT, Service, free_port, prepare, running

STARTS = 2
TURNS, LONG_CONVERSATION, VISITORS, LOAD_S = 120, 200, 16, 20.0
ENDS = 10
"""How many turns at either end of the long conversation are compared."""
STAGES = ("mask", "search", "bot", "storage")
SEED = 20261124
MEBIBYTE = 1024**2


@dataclass(frozen=True)
class Figure:
    """One measured value; `target` is the bound that it should keep, on the side that `better` names."""

    name: str
    value: float
    unit: str
    better: str
    target: float | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def kept(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        return self.value <= self.target if self.better == "lower" else self.value >= self.target


class Visitor:
    """One conversation over HTTP."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/api/v1", timeout=60, trust_env=False)
        opened = self._http.post("/sessions", json={"language": "auto", "channel": "bench"}).raise_for_status().json()
        self._path = f"/sessions/{opened['session_id']}/messages"
        self._http.headers["Authorization"] = f"Bearer {opened['token']}"

    def say(self, text: str) -> None:
        """One turn, to its end."""
        self._http.post(self._path, json={"text": text}).raise_for_status()


def main() -> None:
    """Measure everything, print the table, write reports/bench.json; status 1 where a target is missed."""
    prepare()
    figures = list(_start_times())
    with tempfile.TemporaryDirectory() as data_dir, running(Path(data_dir)) as service:
        texts = _questions(service.url)
        _warm_up(service, texts)
        for measure in (_turns, _long_conversation, _load, _memory):
            figures += measure(service, texts)
    _write(figures)
    _show(figures)
    if any(figure.kept is False for figure in figures):
        sys.exit(1)


def _start_times() -> Iterator[Figure]:
    """`make run` with everything prepared, against `rasa run` of the same model; in turns, the medians compared."""
    ours, alone = [], []
    with tempfile.TemporaryDirectory() as data_dir:
        for _ in range(STARTS):
            began = time.monotonic()
            with running(Path(data_dir), ["make", "--silent", "run"]):
                ours.append(time.monotonic() - began)
            alone.append(_rasa_run(next((CHECKOUT / "var" / "bot" / "models").glob("*.tar.gz"))))
    detail = {"make_run_s": _rounded(ours), "rasa_run_s": _rounded(alone)}
    yield Figure("second_start", statistics.median(ours), "s", "lower", detail=detail)
    ratio = statistics.median(ours) / statistics.median(alone)
    yield Figure("second_start_to_rasa_run", ratio, "ratio", "lower", 1.5, detail)


def _turns(service: Service, texts: list[str]) -> Iterator[Figure]:
    """Whole turns and the bot's bare replies to the same texts, one after the other, in an order that changes."""
    turn_ms, bare_ms = [], []
    before = _stage_seconds(service.url)
    bare = httpx.Client(headers={"Authorization": f"Bearer {service.bot_token}"}, timeout=60, trust_env=False)
    for count, text in enumerate(itertools.islice(itertools.cycle(texts), TURNS)):
        if count % 5 == 0:
            visitor = Visitor(service.url)
        sender = f"bench-{count // 5}"

        def ask_bot(text: str = text, sender: str = sender) -> None:
            _bare_reply(bare, service.bot_url, sender, text)

        def ask_all(text: str = text, visitor: Visitor = visitor) -> None:
            visitor.say(text)

        jobs: list[tuple[list[float], Callable[[], None]]] = [(turn_ms, ask_all), (bare_ms, ask_bot)]
        for kept, ask in jobs if count % 2 else reversed(jobs):
            kept.append(_ms(ask))
    spent = {stage: seconds - before.get(stage, 0.0) for stage, seconds in _stage_seconds(service.url).items()}
    for name, share in (("p50", 50), ("p95", 95)):
        turn, reply = _percentile(turn_ms, share), _percentile(bare_ms, share)
        detail = {"turns": TURNS, "turn_ms": round(turn, 1), "bare_reply_ms": round(reply, 1)}
        yield Figure(f"turn_{name}", turn, "ms", "lower", detail=detail)
        yield Figure(f"turn_to_bare_reply_{name}", turn / reply, "ratio", "lower", 3.0, detail)
    whole = sum(turn_ms) / 1000
    for stage in STAGES:
        detail = {"mean_ms": round(1000 * spent.get(stage, 0.0) / TURNS, 2)}
        yield Figure(f"share_of_turn_{stage}", spent.get(stage, 0.0) / whole, "share", "lower", detail=detail)
    rest = 1 - sum(spent.get(stage, 0.0) for stage in STAGES) / whole
    yield Figure("share_of_turn_rest", rest, "share", "lower", detail={"what": "HTTP on both sides, rendering, locks"})


def _long_conversation(service: Service, texts: list[str]) -> Iterator[Figure]:
    visitor = Visitor(service.url)
    took_ms = [
        _ms(lambda text=text: visitor.say(text)) for text in itertools.islice(itertools.cycle(texts), LONG_CONVERSATION)
    ]
    first, last = statistics.median(took_ms[:ENDS]), statistics.median(took_ms[-ENDS:])
    detail = {
        f"first_{ENDS}_median_ms": round(first, 1),
        f"last_{ENDS}_median_ms": round(last, 1),
        "turns": LONG_CONVERSATION,
    }
    yield Figure(f"turn_{LONG_CONVERSATION}_to_turn_1", last / first, "ratio", "lower", 1.2, detail)


def _load(service: Service, texts: list[str]) -> Iterator[Figure]:
    """Sixteen visitors who never pause; the clients share the machine's cores with the service."""
    ends = time.monotonic() + LOAD_S

    def visit(number: int) -> list[float]:
        visitor, took_ms = Visitor(service.url), []
        for text in itertools.cycle(texts[number::VISITORS]):
            if time.monotonic() > ends:
                return took_ms
            took_ms.append(_ms(lambda text=text: visitor.say(text)))
        return took_ms

    began = time.monotonic()
    with ThreadPoolExecutor(VISITORS) as visitors:
        took_ms = [each for kept in visitors.map(visit, range(VISITORS)) for each in kept]
    rate = len(took_ms) / (time.monotonic() - began)
    detail = {"visitors": VISITORS, "turns": len(took_ms), "p95_ms": round(_percentile(took_ms, 95), 1)}
    yield Figure(f"turns_per_second_with_{VISITORS}_visitors", rate, "1/s", "higher", 25.0, detail)


def _memory(service: Service, texts: list[str]) -> Iterator[Figure]:
    """Resident memory after all of the above."""
    bots = service.process.children(recursive=True)
    yield Figure("memory_api", service.process.memory_info().rss / MEBIBYTE, "MiB", "lower", 1.3 * 1024)
    yield Figure("memory_bot", sum(bot.memory_info().rss for bot in bots) / MEBIBYTE, "MiB", "lower", 900.0)


def _rasa_run(model: Path) -> float:
    """Seconds from starting `rasa run` with the model until it answers."""
    port = free_port()
    environment = os.environ | {
        "PYTHONPATH": str(CHECKOUT),
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    python = CHECKOUT / "bot" / ".venv" / "bin" / "python"
    with tempfile.TemporaryDirectory() as elsewhere:
        began = time.monotonic()
        command = [str(python), "-m", "rasa", "run", "-m", str(model), "-p", str(port), "-i", "127.0.0.1"]
        rasa = subprocess.Popen(
            command, cwd=elsewhere, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while rasa.poll() is None:
                with contextlib.suppress(httpx.TransportError):
                    httpx.get(f"http://127.0.0.1:{port}/", timeout=5, trust_env=False)
                    return time.monotonic() - began
                time.sleep(0.05)
            raise RuntimeError(f"rasa run ended with status {rasa.returncode}")
        finally:
            rasa.terminate()
            rasa.wait(30)


def _bare_reply(client: httpx.Client, bot_url: str, sender: str, text: str) -> None:
    # The door takes no message without evidence: this is the least there is, a search that found nothing.
    message = {"sender": sender, "message": text, "metadata": {"evidence": {"decision": "abstain"}}}
    client.post(f"{bot_url}/webhooks/rest/webhook", json=message).raise_for_status()


def _questions(url: str) -> list[str]:
    """Every entry's question in both languages, shuffled, the same at every run of one revision."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=60, trust_env=False) as client:
        items = client.get("/items").raise_for_status().json()["items"]
        entries = [
            entry
            for item in items
            for entry in client.get(f"/items/{item['item_id']}").raise_for_status().json()["entries"]
        ]
    texts = sorted({entry["question"][language] for entry in entries for language in ("zh", "en")})
    random.Random(SEED).shuffle(texts)
    return texts


def _warm_up(service: Service, texts: list[str]) -> None:
    visitor = Visitor(service.url)
    for text in texts[:10]:
        visitor.say(text)


def _stage_seconds(url: str) -> dict[str, float]:
    """Seconds that all turns so far have spent in each stage."""
    told = httpx.get(f"{url}/metrics", timeout=10, trust_env=False).text
    found = re.findall(r'^bangban_turn_stage_seconds_sum\{stage="(\w+)"\} (\S+)', told, re.M)
    return {stage: float(seconds) for stage, seconds in found}


def _ms(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def _percentile(values: list[float], share: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def _rounded(values: list[float]) -> list[float]:
    return [round(value, 2) for value in values]


def _write(figures: list[Figure]) -> None:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    report = {
        "figures": [_told(figure) for figure in figures],
        "machine": f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "commit": commit.stdout.strip(),
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }
    path = CHECKOUT / "reports" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _told(figure: Figure) -> dict[str, Any]:
    values = asdict(figure) | {"value": round(figure.value, 4)}
    return {name: value for name, value in values.items() if value not in (None, {})}


def _show(figures: list[Figure]) -> None:
    table = Table("figure", "value", "target", "", "detail", box=None, pad_edge=False)
    for figure in figures:
        bound = "" if figure.target is None else f"{'≤' if figure.better == 'lower' else '≥'} {figure.target:g}"
        mark = {None: "", True: "kept", False: "MISSED"}[figure.kept]
        detail = ", ".join(f"{name} {value}" for name, value in figure.detail.items())
        table.add_row(figure.name, f"{figure.value:.2f} {figure.unit}", bound, mark, detail)
    Console(width=None if sys.stdout.isatty() else 180, highlight=False).print(table)
    load = os.getloadavg()[0]
    print(f"Written to reports/bench.json. Load of the machine over the last minute: {load:.1f}, this run included.")


if __name__ == "__main__":
    main()
