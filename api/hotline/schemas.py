"""What the hotline's page sends and gets, exactly as docs/hotline-guide.md says."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from api.desk.hours import OfficeHours
from api.hotline import address
from api.hotline.life import CallFailure, CallState, LegFailure, LegState, Party
from api.schemas import BothOut, ItemId
from api.text_door import Comment, Key, VisitorText, clean
from knowledge.schema import Family

MOST_ON_ROSTER = 200
Attempt = Literal["connected", "no_answer", "busy", "declined", "unreachable"]
"""What came of ringing somebody by hand."""


def _cleaned(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


def _dialled(kinds: tuple[address.AddressKind, ...], refusal: str) -> AfterValidator:
    def check(text: str) -> str:
        try:
            found = address.parse(text)
        except ValueError as error:
            raise PydanticCustomError("address", str(error)) from None  # type: ignore[arg-type]
        if found.kind not in kinds:
            raise PydanticCustomError("address", refusal)  # type: ignore[arg-type]
        return found.text

    return AfterValidator(check)


def _hours(text: str) -> str:
    OfficeHours.of(text)
    return text


_DIALLED = WithJsonSchema({"type": "string", "minLength": 3, "maxLength": 320})
_PHONES = (address.AddressKind.PHONE, address.AddressKind.EXTENSION)
AnyAddress = Annotated[str, BeforeValidator(_cleaned), _dialled(tuple(address.AddressKind), ""), _DIALLED]
OwnPhone = Annotated[
    str,
    BeforeValidator(_cleaned),
    # A SIP address can lead to any machine: only the roster, which supervisors keep, may hold one.
    _dialled(_PHONES, "this needs a telephone number or an extension"),
    _DIALLED,
]
CallerPhone = Annotated[
    str,
    BeforeValidator(_cleaned),
    _dialled((address.AddressKind.PHONE,), "this needs the caller's telephone number"),
    _DIALLED,
]
Name = Annotated[Key, Field(max_length=80)]


class DutyIn(BaseModel):
    """Somebody at a window. Without `address` an entry that is there (`id`) keeps its own."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    window: Name
    person: Name
    address: AnyAddress | None = None
    families: Annotated[list[Family], Field(max_length=len(Family))] = Field(
        default_factory=list, description="item families; none: every family"
    )
    hours: Annotated[
        str,
        AfterValidator(_hours),
        WithJsonSchema({"type": "string", "pattern": r"^(?:0?[0-9]|1[0-2]):[0-5][0-9]-(?:1[3-9]|2[0-3]):[0-5][0-9]$"}),
    ] = "9:00-17:00"
    every_day: Annotated[bool, Field(strict=True)] = False
    on_duty: Annotated[bool, Field(strict=True)] = True


class RosterIn(BaseModel):
    """The whole roster, in the order in which it is rung. `revision` is that of the roster which was changed."""

    revision: Key
    duties: Annotated[list[DutyIn], Field(max_length=MOST_ON_ROSTER)]

    @model_validator(mode="after")
    def _each_once(self) -> RosterIn:
        ids = [duty.id for duty in self.duties if duty.id]
        if len(set(ids)) < len(ids):
            raise ValueError("an id stands twice in the roster")
        return self


class DutyOut(BaseModel):
    """Somebody at a window. `address` only for who keeps the roster; `address_hint` for everyone."""

    id: str
    window: str
    person: str
    address: str | None
    address_hint: str
    families: list[Family]
    hours: str
    every_day: bool
    on_duty: bool
    open_now: bool


class RosterOut(BaseModel):
    """Everyone who can be rung, in order, and whether an exchange does the ringing."""

    revision: str
    exchange: bool
    may_change: bool
    duties: list[DutyOut]


class CallIn(BaseModel):
    """A caller wants a window. With an exchange and `operator_phone`, the exchange rings; otherwise by hand."""

    item_id: ItemId | None = None
    family: Family | None = None
    reason: VisitorText
    callback_number: CallerPhone | None = None
    operator_phone: OwnPhone | None = None
    ring_caller: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _caller_has_a_number(self) -> CallIn:
        if self.ring_caller and self.callback_number is None:
            raise ValueError("ring_caller needs callback_number")
        return self


class LogIn(BaseModel):
    """What happened by hand: to the next in line (or `duty_id`), to the call, or when the caller was called back."""

    outcome: Attempt | Literal["ended", "given_up", "called_back"]
    duty_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    note: Comment | None = None


class LegOut(BaseModel):
    """One telephone of a call, as it is now."""

    id: str
    party: Party
    window: str | None
    person: str | None
    state: LegState
    failure: LegFailure | None
    began_at: dt.datetime
    moved_at: dt.datetime
    note: str | None


class PlaceOut(BaseModel):
    """Somebody who is still to be rung. `address` only where the operator rings by hand."""

    duty_id: str
    window: str
    person: str
    address: str | None


class CallbackOut(BaseModel):
    """Whether the caller is to be called back; `number` only for the call's operator and for supervisors."""

    wanted: bool
    number: str | None
    called_back_at: dt.datetime | None


class CallOut(BaseModel):
    """A call, its telephones in the order in which they were rung, and who comes next."""

    id: str
    state: CallState
    failure: CallFailure | None
    by_hand: bool
    operator: str
    reason: str
    item_id: str | None
    item: BothOut | None
    family: Family | None
    started_at: dt.datetime
    ended_at: dt.datetime | None
    legs: list[LegOut]
    line: list[PlaceOut]
    callback: CallbackOut


class CallsOut(BaseModel):
    """Calls, newest first."""

    calls: list[CallOut]


class ConnectionOut(BaseModel):
    """`connected` of `asked`: the calls that are over and in which a window was to be rung.

    Where there is none, the rest is null. `low` and `high`: 95 % interval of the rate.
    """

    connected: int
    asked: int
    rate: float | None
    low: float | None
    high: float | None


class RateOut(ConnectionOut):
    """The connection rate of the calls that began on these days (Shanghai), both included, against the target."""

    from_day: dt.date = Field(serialization_alias="from")
    to_day: dt.date = Field(serialization_alias="to")
    target: float
    is_met: bool | None
    still_open: int
    not_counted: int = Field(description="calls in which the operator's own telephone did not answer")
    failures: dict[CallFailure, int]
