"""Every setting, read once from the environment (BANGBAN_…), listed in the README."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from api.accounts.identity import Role
from api.desk.hours import OfficeHours

LOOPBACK = ("127.0.0.1", "localhost", "::1")
CHECKOUT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """The environment's settings; made once at start and handed in."""

    model_config = SettingsConfigDict(env_prefix="BANGBAN_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    data_dir: Path = Path("var")
    database_url: str | None = None
    redis_url: str | None = None
    knowledge_dir: Path = CHECKOUT / "knowledge"
    bot_port: int = Field(default=5005, ge=1, le=65535)
    encoder: str | None = None
    rate_limits: Literal["on", "off"] = "on"
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    desk_hours: str = "9:00-17:00"
    desk_days: Literal["working", "every"] = "working"
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_role_claim: str | None = None
    oidc_roles: Annotated[dict[str, Role], NoDecode] = Field(default_factory=dict)
    contact_key: SecretStr | None = None
    contact_days: int = Field(default=30, ge=0, le=3650)
    exchange_url: str | None = None
    exchange_user: str = "bangban"
    exchange_password: SecretStr | None = None
    exchange_trunk: str = Field(default="bangban", pattern=r"^[A-Za-z0-9_-]{1,40}$")
    follow_up_days: int = Field(default=3, ge=1, le=30)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("oidc_issuer")
    @classmethod
    def _encrypted(cls, issuer: str | None) -> str | None:
        return _encrypted_url(issuer, "the provider's")

    @field_validator("exchange_url")
    @classmethod
    def _encrypted_exchange(cls, url: str | None) -> str | None:
        return _encrypted_url(url, "the exchange's")

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.rpartition("=") for part in value.split(",") if part.strip()]
        return {claimed.strip(): role.strip() for claimed, _, role in pairs}

    @model_validator(mode="after")
    def _whole_provider(self) -> Self:
        """A provider that is told by half would lock everyone out, or let the wrong ones in."""
        told = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(told) and not all(told):
            raise ValueError("BANGBAN_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET are needed together")
        if (self.oidc_role_claim is None) != (not self.oidc_roles):
            raise ValueError("BANGBAN_OIDC_ROLE_CLAIM and BANGBAN_OIDC_ROLES are needed together")
        return self

    @model_validator(mode="after")
    def _whole_exchange(self) -> Self:
        if (self.exchange_url is None) != (self.exchange_password is None):
            raise ValueError("BANGBAN_EXCHANGE_URL and _PASSWORD are needed together")
        return self

    @field_validator("data_dir", "knowledge_dir")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().resolve()

    @field_validator("desk_hours")
    @classmethod
    def _hours(cls, told: str) -> str:
        OfficeHours.of(told)
        return told

    @property
    def office_hours(self) -> OfficeHours:
        """When this desk is open; a setting of the desk, not a fact about the bureau."""
        return OfficeHours.of(self.desk_hours, self.desk_days == "every")

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database: SQLite in the data dir unless told otherwise."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'bangban.db'}"

    @property
    def bot_url(self) -> str:
        """Where the dialogue engine listens; always loopback."""
        return f"http://127.0.0.1:{self.bot_port}"


def _encrypted_url(told: str | None, whose: str) -> str | None:
    """The address, unless a password would go over the network in the clear."""
    url = urlsplit(told or "")
    if told and not (url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK)):
        raise ValueError(f"{whose} address must begin with https://")
    return told or None
