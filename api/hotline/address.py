"""What can be dialled: a Chinese telephone number, an extension of the bureau's exchange, a SIP address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers

_EXTENSION = re.compile(r"[0-9]{3,6}")
# Only what needs no quoting in a dial string: nothing that somebody types may become a part of the exchange's command.
_SIP = re.compile(r"sips?:[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[0-9]{2,5})?")
_DEAR = frozenset({phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST})


class AddressKind(StrEnum):
    """How it is dialled."""

    PHONE = "phone"
    EXTENSION = "extension"
    SIP = "sip"


@dataclass(frozen=True)
class Address:
    """Something to dial. `text` is E.164 ("+862112345678") for a telephone, else as it was written."""

    kind: AddressKind
    text: str

    @property
    def hint(self) -> str:
        """Enough to recognise it by, and not enough to dial it."""
        return f"sip:…@{self.text.rpartition('@')[2]}" if self.kind is AddressKind.SIP else f"…{self.text[-2:]}"


def parse(text: str) -> Address:
    """What the text dials. Raises ValueError for everything that is not on the list above, also numbers abroad."""
    told = text.strip()
    if _EXTENSION.fullmatch(told):
        return Address(AddressKind.EXTENSION, told)
    if _SIP.fullmatch(told):
        return Address(AddressKind.SIP, told)
    try:
        number = phonenumbers.parse(told, "CN")
    except phonenumbers.NumberParseException:
        number = None
    if (
        number is None
        or number.country_code != 86
        or not phonenumbers.is_possible_number(number)
        or phonenumbers.number_type(number) in _DEAR
        or number.extension
    ):
        raise ValueError("this needs a Chinese telephone number, an extension of 3 to 6 digits, or sip:name@host")
    return Address(AddressKind.PHONE, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
