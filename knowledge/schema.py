"""What a knowledge file may hold: pydantic models of facts, entries and items.

One YAML file describes one permit item. A figure, date, article or name stands once, as a fact; answers are Jinja
templates over facts, in both languages side by side. docs/writing-guide.md explains the format to writers.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, field_validator, model_validator

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=80)]
FactName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
SourceKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]

OFFICIAL_HOST_SUFFIX = ".gov.cn"
"""Only pages of Chinese government bodies may appear as links; everything else is cited by title and number."""


class Facet(StrEnum):
    """The questions that can be asked about every item (api-contract.md)."""

    OVERVIEW = "overview"
    APPLICABILITY = "applicability"
    CONDITIONS = "conditions"
    MATERIALS = "materials"
    PROCEDURE = "procedure"
    WHERE = "where"
    TIME_LIMIT = "time_limit"
    FEE = "fee"
    RESULT = "result"
    VALIDITY = "validity"
    LEGAL_BASIS = "legal_basis"
    DUTIES = "duties"
    PENALTIES = "penalties"
    MISTAKES = "mistakes"
    DIFFERENCES = "differences"


class Language(StrEnum):
    """The two languages of the desk."""

    ZH = "zh"
    EN = "en"


class Confidence(StrEnum):
    """How far a fact can be trusted, from a text that says so to something that must be looked up elsewhere."""

    VERIFIED = "verified"
    LIKELY = "likely"
    TO_CONFIRM = "to-confirm"


class Family(StrEnum):
    """Groups of items that one desk or one specialist usually handles together."""

    GREENING = "greening"
    TREES = "trees"
    PARKS = "parks"
    CONSTRUCTION_WASTE = "construction-waste"
    DOMESTIC_WASTE = "domestic-waste"
    CITY_APPEARANCE = "city-appearance"
    FORESTRY = "forestry"
    PLANT_HEALTH = "plant-health"
    WILDLIFE = "wildlife"
    CHANNELS = "channels"


class Model(BaseModel):
    """Base of every model: unknown fields are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Bilingual(Model):
    """The same thing said in Chinese and in English."""

    zh: Text
    en: Text

    def __getitem__(self, language: str) -> str:
        """The text in the given language ("zh" or "en")."""
        return self.zh if language == Language.ZH else self.en


class Phrasings(Model):
    """Ways in which people say something, per language."""

    zh: tuple[Text, ...] = ()
    en: tuple[Text, ...] = ()

    def __getitem__(self, language: str) -> tuple[str, ...]:
        """The phrasings in the given language ("zh" or "en")."""
        return self.zh if language == Language.ZH else self.en


class Source(Model):
    """A text that facts rest on; cited by title and number, linked only where the page is official."""

    title: Bilingual
    number: Bilingual | None = None
    date: dt.date | None = None
    url: HttpUrl | None = None

    @field_validator("url")
    @classmethod
    def _official(cls, url: HttpUrl | None) -> HttpUrl | None:
        if url is not None and not (url.host or "").endswith(OFFICIAL_HOST_SUFFIX):
            raise ValueError(f"only official pages (…{OFFICIAL_HOST_SUFFIX}) may be linked; cite this source by title")
        return url


Bound = Annotated[float, Field(ge=0)] | None
Amount = Annotated[float, Field(ge=0)] | tuple[Bound, Bound]
"""A number, or [from, to] where either end may be null (open)."""

QUANTITIES = (
    "working_days", "calendar_days", "days", "hours", "months", "years", "percent", "cny", "times",
    "centimetres", "metres", "square_metres", "cubic_metres", "trees", "count",
)  # fmt: skip
OTHER_VALUES = ("fraction", "date", "articles", "text", "link", "phone")


class Link(Model):
    """An official page with the words that lead to it."""

    label: Bilingual
    url: HttpUrl

    _official = field_validator("url")(Source._official.__func__)  # type: ignore[attr-defined]


class Fact(Model):
    """One figure, date, article, name or statement: exactly one value, with where it comes from.

    `days` is for laws that say 日 without saying whether working days are meant. `cny` takes `per`. `times` is a
    multiple of a standard ("三至五倍"). `articles` cites articles of `source`. `text` is a name or a statement.
    `same_as` names another item's fact (ITEM.FACT) that this one repeats and must agree with.
    """

    working_days: Amount | None = None
    calendar_days: Amount | None = None
    days: Amount | None = None
    hours: Amount | None = None
    months: Amount | None = None
    years: Amount | None = None
    percent: Amount | None = None
    cny: Amount | None = None
    times: Amount | None = None
    centimetres: Amount | None = None
    metres: Amount | None = None
    square_metres: Amount | None = None
    cubic_metres: Amount | None = None
    trees: Amount | None = None
    count: Amount | None = None
    fraction: tuple[Annotated[int, Field(gt=0)], Annotated[int, Field(gt=1)]] | None = None
    date: dt.date | None = None
    articles: tuple[Annotated[int, Field(gt=0)], ...] | None = Field(default=None, min_length=1)
    text: Bilingual | None = None
    link: Link | None = None
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9-]{3,20}$")] | None = None

    per: Literal["square_metre", "square_metre_day", "tree", "day", "vehicle", "cubic_metre"] | None = None
    source: tuple[SourceKey, ...] = ()
    confidence: Confidence = Confidence.VERIFIED
    checked: dt.date | None = None
    effective: dt.date | None = None
    expires: dt.date | None = None
    same_as: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+\.[a-z0-9_]+$")] | None = None

    @field_validator("source", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @property
    def kind(self) -> str:
        """The name of the value that this fact holds."""
        return next(name for name in (*QUANTITIES, *OTHER_VALUES) if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        held = [name for name in (*QUANTITIES, *OTHER_VALUES) if getattr(self, name) is not None]
        if len(held) != 1:
            raise ValueError(f"a fact holds exactly one value, this one holds {held or 'none'}")
        if self.per is not None and self.cny is None:
            raise ValueError("`per` goes with `cny` only")
        if self.confidence is Confidence.VERIFIED and not self.source:
            raise ValueError("a verified fact names its source; otherwise its confidence is `likely` or `to-confirm`")
        if self.articles is not None and len(self.source) != 1:
            raise ValueError("`articles` cites exactly one source")
        return self


class EntrySpec(Model):
    """One answer to one question about one item, as written; `facet` may be left out where the slug names it."""

    facet: Facet
    question: Bilingual
    similar: Phrasings
    answer: Bilingual
    basis: tuple[str, ...] = ()
    unconfirmed: Bilingual | None = None
    compares: tuple[Slug, ...] = ()

    @model_validator(mode="after")
    def _comparisons(self) -> Self:
        if bool(self.compares) != (self.facet is Facet.DIFFERENCES):
            raise ValueError("`compares` names the other items of a `differences` entry, and only of such an entry")
        return self


class ItemSpec(Model):
    """One permit, filing, public service or channel: the content of knowledge/items/<id>.yaml."""

    id: Slug
    kind: Literal["permit", "filing", "public-service", "channel"]
    family: Family
    name: Bilingual
    aliases: Phrasings
    checked: dt.date
    facts: dict[FactName, Fact]
    entries: dict[Slug, EntrySpec]
    absent: dict[Facet, Bilingual] = {}

    def names(self, language: str) -> tuple[str, ...]:
        """Everything that it is called in the given language ("zh" or "en"), its name first."""
        return self.name[language], *self.aliases[language]

    @field_validator("entries", mode="before")
    @classmethod
    def _facet_from_slug(cls, entries: object) -> object:
        if not isinstance(entries, dict):
            return entries
        return {
            slug: {"facet": slug, **entry} if isinstance(entry, dict) and slug in set(Facet) else entry
            for slug, entry in entries.items()
        }

    @model_validator(mode="after")
    def _every_facet_is_accounted_for(self) -> Self:
        # A situation may serve a facet without being the plain answer to it.
        present = {
            entry.facet
            for slug, entry in self.entries.items()
            if slug == entry.facet or entry.facet is Facet.DIFFERENCES
        }
        if both := present & self.absent.keys():
            raise ValueError(f"written and declared absent at once: {', '.join(sorted(both))}")
        if missing := set(Facet) - present - self.absent.keys():
            raise ValueError(f"neither written nor declared absent with a reason: {', '.join(sorted(missing))}")
        return self


class CommonSpec(Model):
    """Facts that every item may use as `{{ common.NAME }}`: the content of knowledge/common.yaml."""

    checked: dt.date
    facts: dict[FactName, Fact]


class FacetSpec(Model):
    """How one facet is named and asked: a label for people, and phrases that ask for it without naming an item."""

    label: Bilingual
    asked: Phrasings


class GlossaryTerm(Model):
    """One concept of knowledge/glossary.yaml: its official term, and words that answers must not use for it.

    `paired` says that where one language of an answer uses the term, the other must use it too.
    """

    term: Bilingual
    also: Phrasings = Phrasings()
    avoid: Phrasings = Phrasings()
    paired: bool = False
    note: Bilingual | None = None
