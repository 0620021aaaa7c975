"""Runs in the bot's environment (Python 3.10): trains Rasa's ResponseSelector, then lets it rank a file of questions.

`python evaluation/baselines/inside_rasa.py train FOLDER` makes FOLDER/model.tar.gz of FOLDER/config.json, domain.json
and nlu.json; `… rank FOLDER` reads FOLDER/questions.json (a list of texts) and writes FOLDER/ranked.json (for each, the
names of the likeliest responses, best first). response_selector.py writes the former and reads the latter.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

INTENT = "faq"


def train(folder: Path) -> None:
    """Train what the folder describes, as `rasa train nlu` does."""
    from rasa.model_training import train_nlu

    train_nlu(
        config=str(folder / "config.json"),
        nlu_data=str(folder / "nlu.json"),
        domain=str(folder / "domain.json"),
        output=str(folder),
        fixed_model_name="model",
    )


def rank(folder: Path) -> None:
    """Parse every question with the trained model."""
    from rasa.core.agent import Agent

    agent = Agent.load(folder / "model.tar.gz")
    questions = json.loads((folder / "questions.json").read_text(encoding="utf-8"))

    async def ask() -> list[list[str]]:
        ranked = []
        for question in questions:
            parsed = await agent.parse_message(question)
            ranking = parsed["response_selector"]["default"]["ranking"]
            ranked.append([told["intent_response_key"].split("/", 1)[1] for told in ranking])
        return ranked

    (folder / "ranked.json").write_text(json.dumps(asyncio.run(ask())), encoding="utf-8")


if __name__ == "__main__":
    {"train": train, "rank": rank}[sys.argv[1]](Path(sys.argv[2]))
