"""A real OpenID Connect provider over real HTTP: oidc-provider-mock, which is held to PKCE here (RFC 7636).

Run as a program it serves until it is ended; its first line is its address.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
from werkzeug.serving import make_server

CLIENT = {"oidc_client_id": "bangban", "oidc_client_secret": "a secret of the two"}
USERS = {
    "7001": {"preferred_username": "li", "groups": ["everyone", "helpers"]},
    "7002": {"preferred_username": "wang", "groups": ["leads", "helpers"]},
    "7003": {"preferred_username": "Somebody Else", "groups": "helpers"},
    "7004": {"preferred_username": "li", "groups": ["everyone"]},
    "7005": {"preferred_username": "zhang", "groups": [f"a group with a long name, number {n}" for n in range(200)]},
}


@dataclass
class Provider:
    """The running provider and what was asked of it. `ends_logins`: it says that one can sign out there too."""

    url: str = ""
    ends_logins: bool = True
    challenges: dict[str, str] = field(default_factory=dict)
    token_requests: list[dict[str, list[str]]] = field(default_factory=list)

    def agree(self, address: str, subject: str) -> str:
        """Sign in there and agree, as a person would; the address that the browser is sent back to."""
        reply = httpx.post(address, data={"sub": subject}, trust_env=False)
        assert reply.status_code == 302, reply.text
        return reply.headers["location"]

    def leave(self, address: str) -> str:
        """Sign out there, as a person would who is asked; the address that the browser is sent to."""
        page = httpx.get(address, trust_env=False)
        assert page.status_code == 200 and "End session" in page.text, page.text
        told = {"redirect_uri": html.unescape(page.text.partition('name="redirect_uri" value="')[2].partition('"')[0])}
        return httpx.post(f"{self.url}/oauth2/end_session/confirm", data=told, trust_env=False).headers["location"]

    def deny(self, address: str) -> str:
        """Refuse there. The mock forgets the state, which RFC 6749, section 4.1.2.1, wants back."""
        state = parse_qs(urlsplit(address).query)["state"][0]
        location = httpx.post(address, data={"action": "deny"}, trust_env=False).headers["location"]
        return f"{location}&state={state}"


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider on a port of its own, until the end of the block."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # It speaks plain HTTP, on loopback.
    users = [oidc_provider_mock.User(sub=subject, claims=claims) for subject, claims in USERS.items()]
    provider = Provider()
    app = oidc_provider_mock.app(user_claims=users, require_nonce=True)
    server = make_server("127.0.0.1", 0, _with_pkce(app, provider), threaded=True)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _with_pkce(app: Callable[..., Iterable[bytes]], provider: Provider) -> Callable[..., Iterable[bytes]]:
    """Refuse to exchange a code for whoever cannot show the verifier of the challenge that the code was given for."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def remember(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            asked = parse_qs(environ["QUERY_STRING"])
            location = dict(headers).get("Location", "")
            for code in parse_qs(urlsplit(location).query).get("code", ()):
                assert asked["code_challenge_method"] == ["S256"]
                provider.challenges[code] = asked["code_challenge"][0]
            return start_response(status, headers, *more)

        if environ["PATH_INFO"] == "/oauth2/token":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            told = parse_qs(body.decode())
            provider.token_requests.append(told)
            digest = hashlib.sha256(told.get("code_verifier", [""])[0].encode()).digest()
            if provider.challenges.pop(told["code"][0], None) != base64.urlsafe_b64encode(digest).rstrip(b"=").decode():
                start_response("400 Bad Request", [("Content-Type", "application/json")])
                return [b'{"error": "invalid_grant"}']
        if environ["PATH_INFO"] == "/.well-known/openid-configuration" and not provider.ends_logins:
            told = json.loads(b"".join(app(environ, lambda *_: None)))
            del told["end_session_endpoint"]
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(told).encode()]
        return app(environ, remember)

    return answer


if __name__ == "__main__":
    with running_provider() as started:
        print(started.url.replace("127.0.0.1", "localhost"), flush=True)
        signal.pause()
