"""The desk's own words, read once from api/web/texts.yaml and checked: every wording in both languages."""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from knowledge.schema import Bilingual, Family, Slug

PATH = Path(__file__).parent / "web" / "texts.yaml"

Wordings = Annotated[tuple[Bilingual, ...], Field(min_length=1)]

PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "greet_item": frozenset({"item"}),
    "ask_item": frozenset({"facet"}),
    "hand_over": frozenset({"number", "opens"}),
    "hand_over_again": frozenset({"number", "opens"}),
    "queued": frozenset({"number", "position", "wait"}),
    "queued_again": frozenset({"number", "position", "wait"}),
    "unstaffed": frozenset({"number", "opens"}),
    "held_unstaffed": frozenset({"opens"}),
    "ended": frozenset({"number"}),
    "callback": frozenset({"number"}),
    "absent": frozenset({"item", "facet", "reason"}),
}
"""What each wording must show, besides the contacts, which any may."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Contacts(_Model):
    """Who else can help."""

    hotline: str
    portal: str


class Says(_Model):
    """What the desk says, by occasion."""

    greet: Wordings
    greet_item: Wordings
    clarify: Wordings
    ask_item: Wordings
    ask_any_item: Wordings
    rephrase: Wordings
    try_next: Wordings
    offer_human: Wordings
    hand_over: Wordings
    hand_over_again: Wordings
    queued: Wordings
    queued_again: Wordings
    unstaffed: Wordings
    joined: Wordings
    transferred: Wordings
    lost: Wordings
    off_duty: Wordings
    returned: Wordings
    ended: Wordings
    callback: Wordings
    held: Wordings
    held_unstaffed: Wordings
    out_of_scope: Wordings
    out_of_scope_elsewhere: Wordings
    named_case: Wordings
    welcome: Wordings
    goodbye: Wordings
    introduce: Wordings
    acknowledge: Wordings
    soothe: Wordings
    change_language: Wordings
    absent: Wordings


class OptionTitles(_Model):
    """The buttons that every conversation may show."""

    human: Bilingual
    none: Bilingual


class Titles(_Model):
    """How things are headed."""

    answer: Bilingual


class HotTopic(_Model):
    """A subject that many people come for, in their words."""

    item: Slug
    title: Bilingual


class Canned(_Model):
    """A reply that a helper has at hand, with {placeholders} as in api/desk/canned.py."""

    title: Bilingual
    text: Bilingual


class Texts(_Model):
    """All of texts.yaml."""

    contacts: Contacts
    says: Says
    options: OptionTitles
    titles: Titles
    desk: Mapping[str, Bilingual]
    canned: Mapping[Slug, Canned]
    hot_topics: tuple[HotTopic, ...]
    families: Mapping[Family, Bilingual]
    item_page: Mapping[str, Bilingual]

    def say(self, occasion: str, language: str, last: str | None = None, **shown: str) -> str:
        """The words for an occasion (a field of Says): the first wording that was not just said (`last`)."""
        wordings: tuple[Bilingual, ...] = getattr(self.says, occasion)
        told = [wording[language].format(**self.contacts.model_dump(), **shown).strip() for wording in wordings]
        return next((words for words in told if words != last), told[0])

    @model_validator(mode="after")
    def _every_family_has_a_name(self) -> Self:
        if missing := set(Family) - self.families.keys():
            raise ValueError(f"families lacks {', '.join(sorted(missing))}")
        return self

    @model_validator(mode="after")
    def _placeholders(self) -> Self:
        for occasion in Says.model_fields:
            needed = PLACEHOLDERS.get(occasion, frozenset())
            for wording in getattr(self.says, occasion):
                for language in ("zh", "en"):
                    shown = {name for _, name, _, _ in string.Formatter().parse(wording[language]) if name}
                    if not needed <= shown or not shown <= needed | set(Contacts.model_fields):
                        raise ValueError(
                            f"says.{occasion} ({language}) shows {sorted(shown)}, should show {sorted(needed)}"
                        )
        return self


@cache
def load(path: Path = PATH) -> Texts:
    """The texts. Raises OSError, yaml.YAMLError or pydantic.ValidationError, which name the place."""
    return Texts.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
