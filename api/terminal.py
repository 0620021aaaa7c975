"""What the commands of the command line share: settings, the database, who runs them, refusals, quiet libraries."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from api.accounts.identity import Role, User

if TYPE_CHECKING:
    from api.settings import Settings
    from api.storage.database import Database

T = TypeVar("T")

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


def on_database(command: Callable[[Database], Awaitable[T]]) -> T:
    """Carry the command out on the database of the settings; ends with a sentence where it cannot be used."""
    from sqlalchemy.exc import SQLAlchemyError

    from api.storage.database import Database

    settings = read_settings()

    async def carry_out() -> T:
        database = Database(settings.database)
        try:
            await database.migrate()
            return await command(database)
        finally:
            await database.close()

    try:
        return asyncio.run(carry_out())
    except (SQLAlchemyError, OSError) as error:
        refuse(f"The database cannot be used ({error}): check BANGBAN_DATABASE_URL and BANGBAN_DATA_DIR.")


def operator() -> User:
    """Whoever may run a command may do everything; the audit log gets their name on this machine."""
    return User(username=f"cli:{getpass.getuser()}", display_name="", role=Role.ADMIN)


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
