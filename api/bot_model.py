"""The trained bot for the files of bot/ and the encoder as they are: found, or trained with the encoder's vectors."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from api import bot_process
from api.settings import Settings

if TYPE_CHECKING:
    from retrieval.encoder import Encoder


def find(settings: Settings) -> Path | None:
    """The model if it is up to date, else None. Quick: neither the encoder nor Rasa is asked."""
    vectors = _embeddings(settings)
    if not vectors.is_file():
        return None
    model = bot_process.model_path(settings, vectors)
    return model if model.is_file() else None


def train(settings: Settings, encoder: Encoder) -> Path:
    """The model, trained if it is not up to date. Raises bot_process.BotProcessError, OSError when the disk is full."""
    return bot_process.train(settings, embeddings(settings, encoder))


def embeddings(settings: Settings, encoder: Encoder) -> Path:
    """The file with the encoder's vectors of everything that the bot is trained on, made if it is not up to date."""
    path = _embeddings(settings)
    if not path.is_file():
        from retrieval.language import normalise

        texts = bot_process.training_texts()
        bot_process.write_embeddings(path, texts, encoder.encode([normalise(text) for text in texts]))
        for older in path.parent.glob("embeddings-*.npz"):
            if older != path:
                older.unlink()
    return path


def _embeddings(settings: Settings) -> Path:
    from retrieval.adapter import PATH as ADAPTER
    from retrieval.packaged_model import WHEEL_SHA256

    made_from = hashlib.sha256((settings.encoder or WHEEL_SHA256).encode())
    if settings.encoder is None and ADAPTER.is_file():
        made_from.update(ADAPTER.read_bytes())
    for path in sorted((bot_process.BOT / "data" / "nlu").glob("*.yml")):
        made_from.update(b"\0" + path.read_bytes())
    return settings.data_dir / "bot" / f"embeddings-{made_from.hexdigest()[:12]}.npz"
