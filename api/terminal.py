"""What every command of the command line shares: settings, one-sentence refusals, quiet libraries."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from api.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def read_settings() -> Settings:
    """The settings; a wrong one ends the command with a sentence that names it."""
    from pydantic import ValidationError

    from api.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        told = fault["msg"].removeprefix("Value error, ")
        if not fault["loc"]:  # Several settings together; their values may be secret.
            refuse(f"{told}.")
        name = "BANGBAN_" + str(fault["loc"][0]).upper()
        refuse(f"{name} is {fault['input']!r}: {told}.")


def quiet_libraries() -> None:
    """What libraries print about themselves belongs in no terminal; set before they are imported."""
    for name, value in {
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
    }.items():
        os.environ.setdefault(name, value)


def refuse(sentence: str) -> NoReturn:
    """End the command with one sentence that says what to do."""
    print(sentence, file=sys.stderr, flush=True)
    raise typer.Exit(1)
