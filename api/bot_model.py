"""The trained bot for the files of bot/, the told situations and the encoder as they are: found, or trained.

What bot/data teaches of questions is joined by a share of the knowledge: what people tell about our items is a
question, however it sounds, as is every way to ask for a facet alone ("who approves"); what is none of ours is out of
scope.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from api import bot_process
from api.settings import Settings

if TYPE_CHECKING:
    from retrieval.encoder import Encoder

ONE_IN = {"ask": 3, "out_of_scope": 2}
"""Which share of what the knowledge tells of an intent is taught: all of it would outweigh every other act."""


def find(settings: Settings) -> Path | None:
    """The model if it is up to date, else None. Quick: neither the encoder nor Rasa is asked."""
    vectors = embeddings_path(settings)
    if not vectors.is_file():
        return None
    model = bot_process.model_path(settings, vectors)
    return model if model.is_file() else None


def train(settings: Settings, encoder: Encoder) -> Path:
    """The model, trained if it is not up to date. Raises bot_process.BotProcessError, OSError when the disk is full."""
    return bot_process.train(settings, *lessons(settings, encoder))


def lessons(settings: Settings, encoder: Encoder) -> tuple[Path, Path]:
    """What the bot is trained on beside bot/, made if it is not up to date: the encoder's vectors of all texts, and
    what the knowledge tells as Rasa's training data."""
    embeddings = embeddings_path(settings)
    told = embeddings.with_suffix(".yml")
    if not embeddings.is_file() or not told.is_file():
        from retrieval.language import normalise

        told.parent.mkdir(parents=True, exist_ok=True)
        told.write_text(_told(settings, bot_process.training_texts()), encoding="utf-8")
        texts = bot_process.training_texts(told)
        bot_process.write_embeddings(embeddings, texts, encoder.encode([normalise(text) for text in texts]))
        for older in embeddings.parent.glob("embeddings-*"):
            if older not in (embeddings, told):
                older.unlink()
    return embeddings, told


def _told(settings: Settings, known: list[str]) -> str:
    """Situations and bare facet questions as Rasa's training data, without what bot/data teaches already."""
    from knowledge.loader import load
    from knowledge.schema import Language

    base = load(settings.knowledge_dir)
    told: dict[str, list[str]] = defaultdict(list)
    for one in base.situations:
        told["out_of_scope" if one.item_id is None else "ask"].append(" ".join(one.text.split()))
    for facet in base.facets.values():
        told["ask"] += [text for language in Language for text in facet.asked[language]]
    # Square and curly brackets would be annotations to Rasa.
    taught = {
        intent: sorted(set(texts[:: ONE_IN[intent]]) - set(known) - {t for t in texts if set(t) & set("[]{}")})
        for intent, texts in told.items()
    }
    nlu = [{"intent": name, "examples": "".join(f"- {text}\n" for text in texts)} for name, texts in taught.items()]
    return yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True, width=10_000)


def embeddings_path(settings: Settings) -> Path:
    """Where the vectors of what the bot is trained on are or will be: named by the texts and the encoder."""
    from retrieval.adapter import PATH as ADAPTER
    from retrieval.packaged_model import WHEEL_SHA256

    made_from = hashlib.sha256((settings.encoder or WHEEL_SHA256).encode())
    if settings.encoder is None and ADAPTER.is_file():
        made_from.update(ADAPTER.read_bytes())
    told = [settings.knowledge_dir / "facets.yaml", *(settings.knowledge_dir / "situations").glob("*.jsonl")]
    for path in sorted([*(bot_process.BOT / "data" / "nlu").glob("*.yml"), *told]):
        made_from.update(b"\0" + path.read_bytes())
    return settings.data_dir / "bot" / f"embeddings-{made_from.hexdigest()[:12]}.npz"
