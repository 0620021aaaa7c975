"""The one door to the dialogue engine: a message with its evidence in, one act out."""

import hmac
import os
from http import HTTPStatus
from typing import Any, Awaitable, Callable, Dict, Optional

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.protocol import Evidence, plain_text

TOKEN_VARIABLE = "BANGBAN_BOT_TOKEN"


class EvidenceChannel(InputChannel):
    """Rasa's REST channel, made strict: the token is asked for, evidence is required, text is never a command.

    Rasa's own `--auth-token` guards its HTTP API alone and leaves the channels open.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    @classmethod
    def name(cls) -> str:
        """The same address as Rasa's own channel: /webhooks/rest/webhook."""
        return "rest"

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[str, Any]]) -> "EvidenceChannel":
        """The channel with the token of the environment. Raises KeyError where there is none."""
        return cls(os.environ[TOKEN_VARIABLE])

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """GET / tells that the engine is up; POST /webhook takes {sender, message, metadata}, both with the token."""
        routes = Blueprint("evidence_channel", url_prefix=None)

        @routes.on_request
        async def admit(request: Request) -> Optional[HTTPResponse]:
            given = request.token or ""
            if hmac.compare_digest(given.encode(), self._token.encode()):
                return None
            return _refusal(HTTPStatus.UNAUTHORIZED, "the bearer token is missing or wrong")

        @routes.get("/")
        async def up(request: Request) -> HTTPResponse:
            return json({"status": "ok"})

        @routes.post("/webhook")
        async def receive(request: Request) -> HTTPResponse:
            told = request.json
            try:
                sender, text, metadata = told["sender"], plain_text(told["message"]), told["metadata"]
                evidence = Evidence.from_metadata(metadata)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                return _refusal(HTTPStatus.BAD_REQUEST, f"not a message of the protocol: {error!r}")
            if evidence is None:
                return _refusal(HTTPStatus.BAD_REQUEST, "the metadata holds no evidence")
            said = CollectingOutputChannel()
            # A failing turn ends in Sanic's 500, which api tells apart from an act; Rasa's channel would answer [].
            await on_new_message(UserMessage(text, said, sender, input_channel=self.name(), metadata=metadata))
            return json(said.messages)

        return routes


def _refusal(status: HTTPStatus, reason: str) -> HTTPResponse:
    return json({"error": reason}, status=status.value)
