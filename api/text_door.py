"""What a visitor may type: one way to clean it, and the reasons why something cannot be taken."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

TEXT_LIMIT = 1_000
# Soft hyphen, zero-width marks, direction overrides, BOM: they show nothing, and would hide a number from masking.
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def clean(text: str) -> str:
    """The text as people see it: trimmed, line ends as \\n, without invisible marks. Raises for what is not text."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise PydanticCustomError("broken_text", "this needs whole characters; half of a surrogate pair is in it")
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if any(character not in "\n\t" and unicodedata.category(character) == "Cc" for character in text):
        raise PydanticCustomError("control_character", "this needs plain text; a control character is in it")
    return text.strip()


def _whole(value: object) -> object:
    """Refuse lone surrogates in our own words, before pydantic meets them."""
    return clean(value) if isinstance(value, str) else value


def limited(least: int, most: int) -> object:
    """The annotations of a cleaned text of `least` to `most` characters."""

    def check(text: str) -> str:
        if len(text) < least:
            raise PydanticCustomError("text_too_short", "this needs at least {least} character", {"least": least})
        if len(text) > most:
            raise PydanticCustomError(
                "text_too_long", "this needs at most {most} characters; it has {has}", {"most": most, "has": len(text)}
            )
        return text

    return AfterValidator(check)


_PLAIN = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$"
"""For the OpenAPI document: no control characters but line ends and tabs."""


def _documented(least: int, most: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": least, "maxLength": most, "pattern": _PLAIN})


VisitorText = Annotated[
    str,
    BeforeValidator(_whole),
    limited(1, TEXT_LIMIT),
    Field(description="1 to 1,000 characters after trimming; no control characters but line ends and tabs"),
    _documented(1, TEXT_LIMIT),
]
Comment = Annotated[str, BeforeValidator(_whole), limited(0, TEXT_LIMIT), _documented(0, TEXT_LIMIT)]
Key = Annotated[str, BeforeValidator(_whole), limited(1, 100), _documented(1, 100)]
Contact = Annotated[str, BeforeValidator(_whole), limited(3, 200), _documented(3, 200)]
Convenient = Annotated[str, BeforeValidator(_whole), limited(1, 200), _documented(1, 200)]
LongKey = Annotated[str, BeforeValidator(_whole), limited(1, 300), _documented(1, 300)]
"""Ids and payloads: short texts that we made ourselves."""


def is_phone(text: str) -> bool:
    """Whether it can be dialled from Shanghai."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text, "CN"))
    except phonenumbers.NumberParseException:
        return False


def is_email(text: str) -> bool:
    """Whether it has the shape of an e-mail address; only sending can tell more."""
    return re.fullmatch(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+", text) is not None
