"""The commands below `bangban user`: helpers' accounts, kept by whoever runs the service."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from api.accounts.identity import Role
from api.terminal import AsJson, on_database, operator, refuse

if TYPE_CHECKING:
    from api.storage.database import Database

T = TypeVar("T")

user = typer.Typer(help="Helpers' accounts.", no_args_is_help=True)


class Tongue(StrEnum):
    """A language that a helper answers in."""

    ZH = "zh"
    EN = "en"


Name = Annotated[str, typer.Argument(metavar="NAME", help="The username; capitals make no difference.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it.")
]
Skills = Annotated[
    list[str] | None,
    typer.Option(
        "--skill", help="An item family that they answer for, or `all` (also when none is given). Repeatable."
    ),
]
Languages = Annotated[
    list[Tongue] | None, typer.Option("--language", help="A language that they answer in; none: both. Repeatable.")
]
Subject = Annotated[
    str | None, typer.Option("--oidc-subject", help="What the OpenID Connect provider calls them (the claim `sub`).")
]
DisplayName = Annotated[str | None, typer.Option("--display-name", help="What colleagues see; visitors never do.")]


@user.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What they are here for.")],
    password_stdin: PasswordStdin = False,
    display_name: DisplayName = None,
    skill: Skills = None,
    language: Languages = None,
    oidc_subject: Subject = None,
) -> None:
    """Add an account. With --oidc-subject and without --password-stdin it opens only through the provider."""
    from api.accounts import keeping

    only_provider = oidc_subject is not None and not password_stdin
    password_hash = None if only_provider else _hashed(_password(password_stdin))
    profile = keeping.Profile(
        display_name=display_name, skills=_families(skill), languages=language, oidc_subject=oidc_subject
    )
    row = _run(lambda database: keeping.add(database, operator(), name, role, profile, password_hash))
    print(f"Added {row.username} as {row.role}.")


@user.command()
def change(
    name: Name,
    role: Annotated[Role | None, typer.Option(help="Another role.")] = None,
    display_name: DisplayName = None,
    skill: Skills = None,
    language: Languages = None,
    oidc_subject: Subject = None,
) -> None:
    """Change what is named, from the account's next call on; all of a list is replaced."""
    from api.accounts import keeping

    profile = keeping.Profile(
        display_name=display_name, role=role, skills=_families(skill), languages=language, oidc_subject=oidc_subject
    )
    if profile == keeping.Profile():
        refuse("Say what to change: --role, --display-name, --skill, --language or --oidc-subject.")
    row = _run(lambda database: keeping.change(database, operator(), name, profile))
    print(f"Changed {row.username}; they are {row.role}.")


@user.command()
def disable(name: Name) -> None:
    """Let nobody in by this account, and end its logins at once. The account and its history stay."""
    from api.accounts import keeping

    row = _run(lambda database: keeping.disable(database, operator(), name))
    print(f"Disabled {row.username}; every login of theirs has ended.")


@user.command()
def enable(name: Name) -> None:
    """Let a disabled account in again."""
    from api.accounts import keeping

    row = _run(lambda database: keeping.enable(database, operator(), name))
    print(f"Enabled {row.username}.")


@user.command()
def reset(name: Name, password_stdin: PasswordStdin = False) -> None:
    """Set a new password, end the account's logins, and lift a lock after failed sign-ins."""
    from api.accounts import keeping

    password_hash = _hashed(_password(password_stdin))
    row = _run(lambda database: keeping.reset(database, operator(), name, password_hash))
    print(f"{row.username} has a new password; every login of theirs has ended.")


@user.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """All accounts: role, skills, languages, whether enabled, how they sign in."""
    from api.accounts import keeping

    rows = _run(keeping.everyone)
    if as_json:
        told = [
            {
                "username": row.username,
                "display_name": row.display_name,
                "role": row.role,
                "skills": row.skills,
                "languages": row.languages,
                "enabled": row.enabled,
                "password": row.password_hash is not None,
                "oidc_subject": row.oidc_subject,
            }
            for row in rows
        ]
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("username", "name", "role", "skills", "languages", "state", box=None, pad_edge=False)
    for row in rows:
        skills, languages = ", ".join(row.skills) or "all", ", ".join(row.languages) or "both"
        state = "enabled" if row.enabled else "disabled"
        table.add_row(row.username, row.display_name, row.role, skills, languages, state)
    Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False).print(table)


def _run(command: Callable[[Database], Awaitable[T]]) -> T:
    """Carry the command out; ends with a sentence where an account cannot be kept so."""
    from api.accounts.keeping import AccountError

    try:
        return on_database(command)
    except AccountError as error:
        refuse(str(error))


def _families(skills: list[str] | None) -> list[str] | None:
    return [] if skills == ["all"] else skills


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        refuse("There is no terminal to ask for the password: give it on standard input, with --password-stdin.")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt="The same again"))


def _hashed(password: str) -> str:
    from api.accounts.passwords import UnfitPassword, hashed

    try:
        return hashed(password)
    except UnfitPassword as error:
        refuse(str(error))
