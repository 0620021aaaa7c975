"""Serve a trained model on loopback: `python -m bot.run MODEL --port PORT`. Ready as soon as the port answers.

`rasa run` would do as well, but imports TensorFlow (7 of its 15 s and 350 of its 540 MB at start), which nothing in our
pipeline uses, and serves more than the one door that we need.
"""

import argparse
import logging
import os
import signal
import sys
import threading
import types
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanic import Sanic

FOLLOW_VARIABLE = "BANGBAN_BOT_FOLLOWS_STDIN"
_KEEP_ALIVE_S = 75  # longer than api keeps an idle connection, so that api is the one to drop it
_LARGEST_REQUEST_BYTES = 64 * 1024


def main() -> None:
    """Load the model, then serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--port", type=int, required=True)
    told = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    if os.environ.get(FOLLOW_VARIABLE):
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    leave_out_tensorflow()
    app = serve(told.model)
    app.run(host="127.0.0.1", port=told.port, access_log=False, motd=False)


def serve(model: Path) -> "Sanic":
    """The Sanic app with the model loaded. Raises rasa.exceptions.ModelNotFound where `model` is none."""
    import structlog

    # Rasa's structured log writes every message's text at debug level, and to stdout.
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet, logger_factory=structlog.PrintLoggerFactory(sys.stderr))

    from rasa.core.agent import Agent
    from rasa.core.channels import channel
    from sanic import Sanic

    from bot.components.channel import EvidenceChannel
    from bot.components.tracker_store import RecentTurnsTrackerStore

    app = Sanic("bangban_bot", configure_logging=False)
    app.config.KEEP_ALIVE_TIMEOUT = _KEEP_ALIVE_S
    app.config.REQUEST_MAX_SIZE = _LARGEST_REQUEST_BYTES
    app.ctx.agent = Agent.load(model, tracker_store=RecentTurnsTrackerStore())
    channel.register([EvidenceChannel.from_credentials(None)], app, route="/webhooks/")
    return app


def leave_out_tensorflow() -> None:
    """Stand in for the three modules through which Rasa imports TensorFlow; call before anything of Rasa is imported.

    They serve training alone: helpers of neural components, and the validator that a model's training schema names.
    Should the pipeline get a neural component, its import fails at once, by name.
    """
    absent = {
        "rasa.utils.tensorflow.callback": ("RasaTrainingLogger", "RasaModelCheckpoint"),
        "rasa.utils.tensorflow.data_generator": ("RasaBatchDataGenerator",),
        "rasa.graph_components.validators.default_recipe_validator": ("DefaultV1RecipeValidator",),
    }
    for module, names in absent.items():
        stand_in = types.ModuleType(module)
        for name in names:
            setattr(stand_in, name, type(name, (), {}))
        sys.modules[module] = stand_in


def _end_with_stdin() -> None:
    # The other end is api's: it closes however api ends, so that no bot is left behind on the port.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
