"""`bangban serve`: get everything ready, start the bot and the web service, and end both together.

The slow parts overlap. Rasa takes longest to load, so it is started first, unless it must be trained; meanwhile this
process loads the encoder and the index.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import logging.handlers
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import psutil
import uvloop

from api import bot_model, bot_process, logs
from api.bot_keeper import BotDied, BotKeeper
from api.exclusive import CannotStart, hold_data_dir, listening_socket, refuse_taken_port
from api.progress import Progress
from api.settings import Settings

if TYPE_CHECKING:
    from retrieval.encoder import Encoder
    from retrieval.retriever import Retriever


LOG_BYTES, LOGS_KEPT = 10_000_000, 5


class _Ended(BaseException):
    """SIGTERM or SIGINT came before the web service took the signals over."""


def serve(settings: Settings, say: Callable[[str], None], progress: Progress | None = None) -> None:
    """Run until SIGINT or SIGTERM. `say` gets the one line that tells the address when everything is ready.

    Raises CannotStart with one sentence; whatever was started by then has ended.
    """
    progress = progress or Progress()
    _refuse_unsupported(settings)
    with _signals_end(), _no_child_left(), told_in_a_sentence(settings), hold_data_dir(settings.data_dir):
        refuse_taken_port(settings.host, settings.port, "BANGBAN_PORT")
        refuse_taken_port("127.0.0.1", settings.bot_port, "BANGBAN_BOT_PORT")
        _log_to_file(settings)
        _run(settings, say, progress)


def prepare(settings: Settings, progress: Progress | None = None) -> None:
    """Make the model, the index and the trained bot, as far as they are missing; starts nothing.

    Raises CannotStart with one sentence.
    """
    progress = progress or Progress()
    with _signals_end(), _no_child_left(), told_in_a_sentence(settings), hold_data_dir(settings.data_dir):
        encoder = _open_encoder(settings, progress)
        with _training(settings, progress, encoder) as model:
            _open_index(settings, progress, encoder)
            model.result()


def _run(settings: Settings, say: Callable[[str], None], progress: Progress) -> None:
    with contextlib.ExitStack() as until_the_end:
        model = bot_model.find(settings)
        keeper = _keep_bot(settings, model, until_the_end) if model is not None else None
        # The first import of torch is most of this step: it runs beside the bot's start on the second core.
        encoder = _open_encoder(settings, progress)
        if keeper is not None:
            retriever = _open_index(settings, progress, encoder)
        else:
            with _training(settings, progress, encoder) as training:
                retriever = _open_index(settings, progress, encoder)
                keeper = _keep_bot(settings, training.result(), until_the_end)
        # What was loaded stays until the end. Looking through it for garbage held every visitor up for 0.4 s at a time.
        gc.collect()
        gc.freeze()
        uvloop.run(_run_web(settings, retriever, keeper, say, progress))


def _keep_bot(settings: Settings, model: Path, until_the_end: contextlib.ExitStack) -> BotKeeper:
    keeper = BotKeeper(lambda: bot_process.start(settings, model), bot_process.stop)
    until_the_end.callback(keeper.stop)
    keeper.start()
    return keeper


async def _run_web(
    settings: Settings, retriever: Retriever, keeper: BotKeeper, say: Callable[[str], None], progress: Progress
) -> None:
    import uvicorn

    from api.app import create_app
    from api.bot_client import BotClient

    listening = listening_socket(settings.host, settings.port, "BANGBAN_PORT")
    bot = BotClient(settings)
    app = create_app(settings, retriever, bot)
    patience_ends = time.monotonic() + bot_process.READY_TIMEOUT_S
    # Who is a trusted proxy is BANGBAN_TRUSTED_PROXIES' business, not uvicorn's, which trusts 127.0.0.1.
    config = uvicorn.Config(app, log_config=None, access_log=False, proxy_headers=False, timeout_graceful_shutdown=10)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        with progress.step("Waiting for the bot"):
            while not serving.done() and not (server.started and await bot.ready()):
                keeper.refuse_dead()
                if time.monotonic() > patience_ends:
                    raise CannotStart(
                        f"The bot is not ready after {bot_process.READY_TIMEOUT_S:.0f} s: {_logs(settings)}"
                    )
                await asyncio.sleep(0.1)
        if not serving.done():
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            say(f"Bangban is ready: http://{host}:{settings.port} ({time.monotonic() - progress.began:.1f} s)")
        elif not server.started:
            raise CannotStart(f"The web service could not start. {_logs(settings)}")
        await asyncio.shield(serving)
    finally:
        if not serving.done():
            server.should_exit = True
            await serving


def open_search(settings: Settings, progress: Progress) -> Retriever:
    """The retriever over the knowledge as it is, its model and index made first where they are missing."""
    return _open_index(settings, progress, _open_encoder(settings, progress))


def _open_encoder(settings: Settings, progress: Progress) -> Encoder:
    with progress.step("Loading the language model"):
        from retrieval.encoder import open_encoder

        return open_encoder(settings.data_dir, settings.encoder)


def _open_index(settings: Settings, progress: Progress, encoder: Encoder) -> Retriever:
    from knowledge.loader import BrokenBase
    from retrieval import index, revisions
    from retrieval.retriever import Retriever

    built = index.root(settings.data_dir) / index.name_of(settings.knowledge_dir, encoder.fingerprint)
    with progress.step("Loading the search index" if built.is_dir() else "Building the search index"):
        try:
            revisions.resume(
                settings.data_dir, settings.knowledge_dir, encoder, lambda told: progress.note(f"  {told}")
            )
        except BrokenBase as error:
            # A service that is restarted while somebody edits goes on with what was live.
            live = revisions.live_revision(settings.data_dir)
            if live is None:
                raise
            progress.note(
                f"  The knowledge has {len(error.faults)} fault(s); revision {live} stays live. "
                "`bangban kb check` lists them."
            )
        live = revisions.live_revision(settings.data_dir)
        if live is not None and revisions.is_withdrawn(settings.data_dir, settings.knowledge_dir):
            progress.note(
                f"  The knowledge in {settings.knowledge_dir} was rolled back; revision {live} is live. "
                "`bangban kb publish` makes it live again."
            )
        retriever = Retriever(settings.data_dir, encoder)
        retriever.search("帮办")  # The first search loads the word lists; no visitor shall wait for them.
    return retriever


@contextlib.contextmanager
def _training(settings: Settings, progress: Progress, encoder: Encoder) -> Iterator[Future[Path]]:
    """The bot's model, in the making beside the block where it is not up to date."""

    def train() -> Path:
        found = bot_model.find(settings)
        if found is not None:
            return found
        with progress.step("Training the bot"):
            return bot_model.train(settings, encoder)

    # Not waited for when the block fails: what the trainer started ends with the service, and so does its thread.
    trainer = ThreadPoolExecutor(1, thread_name_prefix="trainer")
    try:
        yield trainer.submit(train)
    finally:
        trainer.shutdown(wait=False, cancel_futures=True)


def _refuse_unsupported(settings: Settings) -> None:
    if settings.redis_url:
        raise CannotStart(
            "BANGBAN_REDIS_URL is set, but several api processes are not supported yet: unset it and start one process."
        )


@contextlib.contextmanager
def told_in_a_sentence(settings: Settings) -> Iterator[None]:
    """Turn what may go wrong while everything is prepared into CannotStart with what to do."""
    try:
        yield
    except CannotStart:
        raise
    except Exception as error:
        sentence = _sentence(error, settings)
        if sentence is None:
            raise
        raise CannotStart(sentence) from error


def _sentence(error: Exception, settings: Settings) -> str | None:
    """What to tell the operator about `error`; None where only its traceback can."""
    # Imported here: the bot's start shall not wait for the search's libraries.
    from knowledge.loader import KnowledgeError
    from retrieval.index import IndexMissing, IndexUnfit
    from retrieval.packaged_model import ModelUnavailable

    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"The disk of {settings.data_dir} is full: free 2 GB there and start again."
    if isinstance(error, BotDied | bot_process.BotDiedEarly):
        return f"The bot ended before it was ready. {_logs(settings)}"
    if isinstance(error, KnowledgeError | IndexMissing | IndexUnfit | ModelUnavailable | bot_process.BotProcessError):
        told = str(error)
        return told[:1].upper() + told[1:]
    return None


def _log_to_file(settings: Settings) -> None:
    """The log goes to logs/api.log, errors to the terminal too, where else only the steps and the address stand."""
    logs.configure(settings.log_level)
    root = logging.getLogger()
    formatter = root.handlers[0].formatter
    path = settings.data_dir / "logs" / "api.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    everything = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8")
    errors = logging.StreamHandler(sys.stderr)
    errors.setLevel(logging.ERROR)
    for handler in (everything, errors):
        handler.setFormatter(formatter)
    root.handlers[:] = [everything, errors]


def _logs(settings: Settings) -> str:
    return f"The files in {settings.data_dir / 'logs'} say why."


@contextlib.contextmanager
def _signals_end() -> Iterator[None]:
    """The first SIGINT or SIGTERM leaves the block as if it had ended; later ones find the leaving under way.

    What the block raises from then on is not told: libraries turn the interruption into errors of their own.
    """
    left = False
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def leave(number: int, frame: FrameType | None) -> None:
        nonlocal left
        left = True
        for ending in before:
            signal.signal(ending, signal.SIG_IGN)
        raise _Ended

    for number in before:
        signal.signal(number, leave)
    try:
        yield
    except BaseException:
        if not left:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _no_child_left() -> Iterator[None]:
    """Whatever this process started and has not ended, a trainer that was interrupted say, ends with the block."""
    try:
        yield
    finally:
        left = psutil.Process().children(recursive=True)
        for child in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.terminate()
        for child in psutil.wait_procs(left, timeout=5)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
