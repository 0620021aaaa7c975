"""The suites: what is asked and what a good reply must be. suites/README.md describes the files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

FOLDER = Path(__file__).with_name("suites")
LanguageName = Literal["zh", "en"]
M = TypeVar("M", bound=BaseModel)


class Part(StrEnum):
    """What a question is for: to improve by, to set thresholds by, or to be judged by and never looked into."""

    TUNE = "tune"
    CALIBRATE = "calibrate"
    TEST = "test"


SHARES = {Part.TUNE: 4, Part.CALIBRATE: 2, Part.TEST: 4}
"""Tenths of a suite."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Gold(_Model):
    """An entry that answers, by item and facet."""

    item: str
    facet: str


class Question(_Model):
    """One question with the entry that answers it, and others that would do as well."""

    id: str
    language: LanguageName
    text: str
    item: str
    facet: str
    also: tuple[Gold, ...] = ()
    ask_back: bool = False
    style: str

    @property
    def accepted(self) -> frozenset[tuple[str, str]]:
        """Every (item, facet) that is right."""
        return frozenset({(self.item, self.facet), *((one.item, one.facet) for one in self.also)})

    @property
    def items(self) -> frozenset[str]:
        """Every item that is right."""
        return frozenset(item for item, _ in self.accepted)


class Alternative(_Model):
    """What may stand in place of an expected item and facet; without a facet, any of the item."""

    item: str
    facet: str | None = None


class Expectation(_Model):
    """What a good clerk's reply must satisfy at a turn; what is left out may be anything."""

    kinds: tuple[str, ...] = ()
    item: str | None = None
    facet: str | None = None
    also: tuple[Alternative, ...] = ()
    language: LanguageName | None = None
    state: str | None = None


class Choose(_Model):
    """An option of the last reply, by its place from 1, by the item or the facet that it leads to."""

    ordinal: int | None = None
    item: str | None = None
    facet: str | None = None


class Turn(_Model):
    """What the visitor says, or chooses where it is offered."""

    say: str | None = None
    choose: Choose | None = None
    expect: Expectation


class Dialogue(_Model):
    """A conversation."""

    id: str
    language: LanguageName
    theme: str
    turns: tuple[Turn, ...]


class Outside(_Model):
    """A message that is none of the desk's business, or cannot be answered, with the kinds of reply that are right."""

    id: str
    language: LanguageName
    text: str
    kind: str
    accept: tuple[str, ...]
    item: str | None = None
    facet: str | None = None


class Hostile(_Model):
    """An odd or hostile message, with what the reply may be and what it may not hold."""

    id: str
    language: str
    text: str
    accept: tuple[str, ...]
    must_not: tuple[str, ...] = ()


class Distorted(_Model):
    """A question of `tune` as people mistype it or type it otherwise; `of` is its id, `kind` what was done to it."""

    id: str
    kind: str
    language: LanguageName
    of: str
    text: str


def part_of(case_id: str) -> Part:
    """The part that a case belongs to, told by its id alone."""
    place = int.from_bytes(hashlib.sha256(case_id.encode()).digest()[:4], "big") % 10
    for part, share in SHARES.items():
        if place < share:
            return part
        place -= share
    raise AssertionError


def questions(folder: Path = FOLDER) -> tuple[Question, ...]:
    """Every single question. Raises pydantic.ValidationError where a line is not one."""
    return tuple(_read(folder, "questions.*.jsonl", Question))


def dialogues(folder: Path = FOLDER) -> tuple[Dialogue, ...]:
    """Every conversation."""
    return tuple(_read(folder, "dialogues.jsonl", Dialogue))


def outside(folder: Path = FOLDER) -> tuple[Outside, ...]:
    """Every message that is not this desk's business."""
    return tuple(_read(folder, "outside.jsonl", Outside))


def hostile(folder: Path = FOLDER) -> tuple[Hostile, ...]:
    """Every odd or hostile message."""
    return tuple(_read(folder, "hostile.jsonl", Hostile))


def distorted(folder: Path = FOLDER) -> tuple[Distorted, ...]:
    """Every distorted question; `python -m evaluation.distortions` makes them."""
    return tuple(_read(folder, "robustness.jsonl", Distorted))


def _read(folder: Path, pattern: str, model: type[M]) -> Iterator[M]:
    adapter = TypeAdapter(model)
    for path in sorted(folder.glob(pattern)):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield adapter.validate_json(line)
