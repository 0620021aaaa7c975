"""Runs in the bot's own environment: what the trained policies choose for every combination of what they look at.

`python -m tests.e2e.inside_agent MODEL` → JSON lines [intent, decision, offered, failures, [acts], conversation], first
each in a conversation of its own ("fresh"), then all of them, shuffled, in one ("long").
"""

import asyncio
import itertools
import json
import random
import sys
from pathlib import Path

from bot.run import leave_out_tensorflow

leave_out_tensorflow()

import structlog  # noqa: E402
from rasa.core.agent import Agent  # noqa: E402
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage  # noqa: E402
from rasa.shared.utils.io import read_yaml_file  # noqa: E402

from bot.components.tracker_store import RecentTurnsTrackerStore  # noqa: E402
from bot.protocol import Decision, Failures, Offered  # noqa: E402


async def main(model):
    """Go through all combinations twice."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    agent = Agent.load(model, tracker_store=RecentTurnsTrackerStore())
    intents = [name for intent in read_yaml_file("bot/domain.yml")["intents"] for name in intent]
    combinations = list(itertools.product(intents, Decision, Offered, Failures))
    shuffled = random.Random(7).sample(combinations, len(combinations))
    for conversation, listed in (("fresh", combinations), ("long", shuffled)):
        for number, (intent, decision, offered, failures) in enumerate(listed):
            told = {"decision": decision.value, "offered": offered.value, "failures": failures.value, "item": "tree"}
            entities = [{"entity": name, "value": value, "start": 0, "end": 0} for name, value in told.items()]
            parsed = {"intent": {"name": intent, "confidence": 1.0}, "entities": entities, "text": "…"}
            sender = f"fresh-{number}" if conversation == "fresh" else "long"
            said = CollectingOutputChannel()
            await agent.handle_message(UserMessage("…", said, sender, parse_data=parsed))
            acts = [message.get("custom", {}).get("act") for message in said.messages]
            print(json.dumps([intent, decision.value, offered.value, failures.value, acts, conversation]))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
