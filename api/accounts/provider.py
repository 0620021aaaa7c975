"""The bureau's own OpenID Connect provider: where to send a browser, and who comes back.

Code flow with PKCE (S256), state and nonce. Authlib speaks the protocol and checks the ID token's signature; what is
stricter here is that only asymmetric signatures count and that issuer and audience must be ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import StarletteOAuth2App
from joserfc.errors import JoseError

from api.settings import Settings

PATIENCE_S = 10.0
LEEWAY_S = 120
"""How far the provider's clock and ours may be apart."""
ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


class ProviderFailed(Exception):
    """The provider does not answer, or what it answers cannot be trusted; the message is for the log."""


@dataclass(frozen=True)
class Journey:
    """A browser's way to the provider: the address, and what must come back with it."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Arrival:
    """What the provider says about whoever came back: the checked claims, and the ID token that holds them."""

    claims: Mapping[str, Any]
    id_token: str


class Provider:
    """The provider of the settings. Its metadata is fetched when it is first needed, its keys when they change."""

    def __init__(self, settings: Settings) -> None:
        assert settings.oidc_issuer is not None and settings.oidc_client_secret is not None
        self._issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._app = StarletteOAuth2App(
            None,
            name="provider",
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret.get_secret_value(),
            server_metadata_url=f"{self._issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "timeout": PATIENCE_S},
        )

    async def journey(self, callback_url: str) -> Journey:
        """Where to send a browser that shall come back to `callback_url`. Raises ProviderFailed."""
        try:
            await self._know_provider()
            told = await self._app.create_authorization_url(callback_url)
        except (httpx2.HTTPError, AuthlibBaseError, ValueError, RuntimeError) as error:
            raise ProviderFailed(f"{self._issuer}: {error!r}") from error
        return Journey(told["url"], told["state"], told["nonce"], told["code_verifier"])

    async def arrival(self, callback_url: str, code: str, nonce: str, verifier: str) -> Arrival:
        """Who came back with the code, by the checked ID token. Raises ProviderFailed."""
        try:
            await self._know_provider()
            token = await self._app.fetch_access_token(callback_url, code=code, code_verifier=verifier)
            wanted = {
                "iss": {"essential": True, "value": self._app.server_metadata["issuer"]},
                "aud": {"essential": True, "value": self._client_id},
                "nonce": {"essential": True, "value": nonce},
            }
            claims = await self._app.parse_id_token(token, nonce=nonce, claims_options=wanted, leeway=LEEWAY_S)
        except (httpx2.HTTPError, AuthlibBaseError, JoseError, ValueError, KeyError, RuntimeError) as error:
            raise ProviderFailed(f"{self._issuer}: {error!r}") from error
        if not claims or not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise ProviderFailed(f"{self._issuer}: no ID token with a subject")
        return Arrival(dict(claims), token["id_token"])

    async def parting(self, return_url: str, id_token: str | None) -> str | None:
        """Where to send a browser whose login at the provider shall end, and that shall come to `return_url` then.

        None where the provider offers no such thing. Without the ID token it may ask the person. Raises ProviderFailed.
        """
        try:
            await self._know_provider()
            if not self._app.server_metadata.get("end_session_endpoint"):
                return None
            told = await self._app.create_logout_url(return_url, id_token, client_id=self._client_id)
        except (httpx2.HTTPError, AuthlibBaseError, ValueError, RuntimeError) as error:
            raise ProviderFailed(f"{self._issuer}: {error!r}") from error
        return str(told["url"])

    async def _know_provider(self) -> None:
        """Fetch the metadata once, and trust of it only what cannot weaken the check of the ID token."""
        metadata = await self._app.load_server_metadata()
        if str(metadata.get("issuer", "")).rstrip("/") != self._issuer.rstrip("/"):
            metadata.pop("_loaded_at", None)
            raise ProviderFailed(f"{self._issuer} calls itself {metadata.get('issuer')!r}")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [name for name in offered if name in ASYMMETRIC]
