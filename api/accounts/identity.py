"""Who somebody is at the desk, and what each role may do: the one table of permissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What somebody is here for; each account has exactly one."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    MAINTAINER = "maintainer"
    ADMIN = "admin"


class Permission(StrEnum):
    """What a call may need."""

    HANDLE_TICKETS = "handle_tickets"
    USE_HOTLINE = "use_hotline"
    FOLLOW_UP = "follow_up"
    SEE_SUPERVISION = "see_supervision"
    KEEP_KNOWLEDGE = "keep_knowledge"
    KEEP_ACCOUNTS = "keep_accounts"
    READ_AUDIT = "read_audit"


_OF_AGENTS = frozenset({Permission.HANDLE_TICKETS, Permission.USE_HOTLINE, Permission.FOLLOW_UP})

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.AGENT: _OF_AGENTS,
    Role.SUPERVISOR: _OF_AGENTS | {Permission.SEE_SUPERVISION},
    # Whoever writes the knowledge has no need of what visitors said.
    Role.MAINTAINER: frozenset({Permission.KEEP_KNOWLEDGE}),
    Role.ADMIN: frozenset(Permission),
}


@dataclass(frozen=True)
class User:
    """Somebody who is signed in.

    No `skills` (item families) means every family, no `languages` ("zh", "en") both. `address` is where this request
    came from, for the audit log; it is no part of who somebody is.
    """

    username: str
    display_name: str
    role: Role
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    address: str | None = field(default=None, compare=False)


def may(role: Role, permission: Permission) -> bool:
    """Whether the role includes the permission."""
    return permission in PERMISSIONS[role]
