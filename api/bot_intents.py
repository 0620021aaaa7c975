"""How well the bot tells intents: `rasa test nlu --cross-validation` in the bot's own environment."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from api import bot_model, bot_process
from api.settings import CHECKOUT, Settings
from evaluation import intents

_TIMEOUT_S = 1800.0


def cross_validate(settings: Settings, folds: int) -> dict[str, Any]:
    """evaluation.intents.figures of the bot's training data, with the vectors that the bot is trained with.

    Raises bot_process.BotNotInstalled, BotTrainingFailed, or packaged_model.ModelUnavailable.
    """
    from retrieval.encoder import open_encoder

    vectors, told_situations = bot_model.lessons(settings, open_encoder(settings.data_dir, settings.encoder))
    log = settings.data_dir / "logs" / "bot-intents.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    told = bot_process.environment() | {"BANGBAN_BOT_EMBEDDINGS": str(vectors), "RASA_MAX_CACHE_SIZE": "0"}
    with tempfile.TemporaryDirectory() as own, tempfile.TemporaryDirectory() as lessons:
        # Rasa takes one folder.
        taught = shutil.copytree(bot_process.BOT / "data" / "nlu", Path(lessons) / "nlu")
        shutil.copy(told_situations, taught)
        command = [
            *bot_process.python_command(), "-m", "rasa", "test", "nlu", "--cross-validation", "--folds", str(folds),
            "--nlu", str(taught), "--config", "bot/config.yml", "--domain", "bot/domain.yml", "--out", own,
            "--successes", "--no-plot", "--no-warnings",
        ]  # fmt: skip
        with log.open("wb") as written:
            done = subprocess.run(
                command, cwd=CHECKOUT, env=told, stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT,
                timeout=_TIMEOUT_S, check=False,
            )  # fmt: skip
        if done.returncode or not (Path(own) / intents.REPORT).is_file():
            raise bot_process.BotTrainingFailed(log, bot_process.last_lines(log))
        return intents.figures(Path(own), folds)
