"""The accounts' tables: accounts, login sessions, failed attempts, sign-ins under way at a provider, the audit log."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from api.storage.models import SHORT, Base

HASH = String(64)


class AccountRow(Base):
    """A helper's account. Without `password_hash` (argon2) it opens only through the OpenID Connect provider."""

    __tablename__ = "accounts"

    username: Mapped[str] = mapped_column(SHORT, primary_key=True)
    display_name: Mapped[str] = mapped_column(SHORT)
    role: Mapped[str] = mapped_column(String(20))
    skills: Mapped[list[str]]
    languages: Mapped[list[str]]
    password_hash: Mapped[str | None] = mapped_column(String(300))
    oidc_subject: Mapped[str | None] = mapped_column(String(255), unique=True)
    enabled: Mapped[bool]
    created_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime]


class LoginRow(Base):
    """A login session, by the SHA-256 of its token. Both moments are of the steady clock (api.clock.steady_now)."""

    __tablename__ = "login_sessions"

    token_hash: Mapped[str] = mapped_column(HASH, primary_key=True)
    username: Mapped[str] = mapped_column(ForeignKey("accounts.username", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime]


class AttemptsRow(Base):
    """Failed sign-ins of one account or address since `began_at` (steady clock).

    `key` is a hash: people type passwords into the wrong field, and an address is nobody's business later.
    """

    __tablename__ = "login_attempts"

    key: Mapped[str] = mapped_column(HASH, primary_key=True)
    failures: Mapped[int]
    began_at: Mapped[dt.datetime]


class OidcFlowRow(Base):
    """A sign-in that is under way at the provider, by the SHA-256 of the cookie that binds it to one browser."""

    __tablename__ = "oidc_flows"

    cookie_hash: Mapped[str] = mapped_column(HASH, primary_key=True)
    state: Mapped[str] = mapped_column(String(100))
    nonce: Mapped[str] = mapped_column(String(100))
    verifier: Mapped[str] = mapped_column(String(128))
    began_at: Mapped[dt.datetime]


class AuditRow(Base):
    """One entry of the audit log. `username` and `role` are as they were then; no account need exist any more."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[dt.datetime]
    username: Mapped[str | None] = mapped_column(SHORT, index=True)
    role: Mapped[str | None] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(String(40))
    target: Mapped[str | None] = mapped_column(SHORT, index=True)
    address: Mapped[str | None] = mapped_column(SHORT)
