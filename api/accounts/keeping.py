"""Keeping accounts: adding, changing, disabling, enabling, giving a new password. Each is one unit of work."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from api.accounts import audit, throttle
from api.accounts.identity import Role, User
from api.clock import now
from api.storage.account_models import AccountRow
from api.storage.database import Database, Work
from knowledge.schema import Family

LANGUAGES = ("zh", "en")
MOST_NAME_CHARACTERS, MOST_SUBJECT_CHARACTERS = 80, 255
_USERNAME = re.compile(r"[\w.@-]{1,40}")


class AccountError(Exception):
    """What is asked of the accounts cannot be; the sentence says why and what to do."""


class UnknownAccount(AccountError):
    """There is no such account."""

    def __init__(self, username: str) -> None:
        super().__init__(f"There is no account {username!r}. `bangban user list` shows all of them.")


class AccountExists(AccountError):
    """The name is taken."""

    def __init__(self, username: str) -> None:
        super().__init__(
            f"There is an account {username!r} already. Change it with `bangban user change {username}`, "
            f"or give it a new password with `bangban user reset {username}`."
        )


class TooLong(AccountError):
    """A text does not fit."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"The {what} may have at most {most} characters. Give a shorter one.")


class UnknownFamily(AccountError):
    """A skill is no item family."""

    def __init__(self, skill: str) -> None:
        super().__init__(f"There is no item family {skill!r}; there are {', '.join(Family)}, or `all`.")


class SubjectTaken(AccountError):
    """Another account has this subject of the provider."""

    def __init__(self, subject: str, holder: str) -> None:
        super().__init__(f"The provider's subject {subject!r} belongs to the account {holder!r} already.")


class UnfitUsername(AccountError):
    """The name cannot be told from something else."""

    def __init__(self, username: str) -> None:
        super().__init__(
            f"{username!r} cannot be a username: take 1 to 40 letters, digits, dots, hyphens, underscores or @, "
            f"and none of the item families ({', '.join(Family)}), which name groups of helpers."
        )


@dataclass(frozen=True)
class Profile:
    """What an account says about somebody; None leaves it as it is (or, in a new account, at its default).

    `skills` are item families, `languages` "zh" and "en"; none of either means all of them.
    """

    display_name: str | None = None
    role: Role | None = None
    skills: Collection[str] | None = None
    languages: Collection[str] | None = None
    oidc_subject: str | None = None


def normal_username(username: str) -> str:
    """The name as it is stored: people write it with capitals, blanks and full-width letters."""
    return unicodedata.normalize("NFKC", username).strip().lower()


async def add(
    database: Database, by: User, username: str, role: Role, profile: Profile, password_hash: str | None
) -> AccountRow:
    """A new account under its normal name. Raises AccountError."""
    name, moment = normal_username(username), now()
    if not _USERNAME.fullmatch(name) or name in set(Family):
        raise UnfitUsername(username)
    _refuse_long(profile)
    async with database.writing() as work:
        if await work.accounts.get(name) is not None:
            raise AccountExists(name)
        await _refuse_taken_subject(work, profile.oidc_subject, name)
        row = AccountRow(
            username=name,
            display_name=profile.display_name or name,
            role=role.value,
            skills=_families(profile.skills),
            languages=_languages(profile.languages),
            password_hash=password_hash,
            oidc_subject=profile.oidc_subject,
            enabled=True,
            created_at=moment,
            changed_at=moment,
        )
        await work.accounts.add(row)
        await audit.record(work, by, "account_added", name)
        await work.commit()
    return row


async def change(database: Database, by: User, username: str, profile: Profile) -> AccountRow:
    """Another role, name, skills, languages or subject, from the next call on. Raises AccountError."""
    _refuse_long(profile)
    async with database.writing() as work:
        row = await _hold(work, username)
        await _refuse_taken_subject(work, profile.oidc_subject, row.username)
        row.display_name = profile.display_name or row.display_name
        row.role = profile.role.value if profile.role is not None else row.role
        row.skills = _families(profile.skills) if profile.skills is not None else row.skills
        row.languages = _languages(profile.languages) if profile.languages is not None else row.languages
        row.oidc_subject = profile.oidc_subject or row.oidc_subject
        return await _changed(work, by, row, "account_changed")


async def disable(database: Database, by: User, username: str) -> AccountRow:
    """Let nobody in by this account, and end its logins. Raises UnknownAccount."""

    def close(row: AccountRow) -> None:
        row.enabled = False

    return await _close(database, by, username, close, "account_disabled")


async def enable(database: Database, by: User, username: str) -> AccountRow:
    """Let a disabled account in again. Raises UnknownAccount."""
    async with database.writing() as work:
        row = await _hold(work, username)
        row.enabled = True
        return await _changed(work, by, row, "account_enabled")


async def reset(database: Database, by: User, username: str, password_hash: str) -> AccountRow:
    """A new password; the account's logins end, and a lock after failed sign-ins too. Raises UnknownAccount."""

    def replace(row: AccountRow) -> None:
        row.password_hash = password_hash

    return await _close(database, by, username, replace, "password_reset")


async def everyone(database: Database) -> Sequence[AccountRow]:
    """All accounts, by name."""
    async with database.reading() as work:
        return await work.accounts.everyone()


async def _close(
    database: Database, by: User, username: str, alter: Callable[[AccountRow], None], what: str
) -> AccountRow:
    async with database.writing() as work:
        row = await _hold(work, username)
        alter(row)
        await work.accounts.end_logins_of(row.username)
        await throttle.forgive(work, row.username)
        return await _changed(work, by, row, what)


async def _changed(work: Work, by: User, row: AccountRow, what: str) -> AccountRow:
    row.changed_at = now()
    await audit.record(work, by, what, row.username)
    await work.commit()
    return row


async def _hold(work: Work, username: str) -> AccountRow:
    row = await work.accounts.hold(normal_username(username))
    if row is None:
        raise UnknownAccount(username)
    return row


async def _refuse_taken_subject(work: Work, subject: str | None, username: str) -> None:
    holder = await work.accounts.by_subject(subject) if subject else None
    if subject and holder is not None and holder.username != username:
        raise SubjectTaken(subject, holder.username)


def _refuse_long(profile: Profile) -> None:
    for what, told, most in (
        ("display name", profile.display_name, MOST_NAME_CHARACTERS),
        ("provider's subject", profile.oidc_subject, MOST_SUBJECT_CHARACTERS),
    ):
        if told is not None and len(told) > most:
            raise TooLong(what, most)


def _families(skills: Collection[str] | None) -> list[str]:
    for skill in skills or ():
        if skill not in set(Family):
            raise UnknownFamily(skill)
    return sorted(set(skills or ()))


def _languages(languages: Collection[str] | None) -> list[str]:
    return [language for language in LANGUAGES if language in (languages or ())]
