"""Carrying out what the bot decided: one function for each act turns it into a message for the visitor.

An act that cannot be carried out (an answer that the base does not have), or that would only repeat what just failed,
gives way to the next one of INSTEAD, so that a visitor never gets the same useless reply twice in a row.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from api.choices import Kind, Pick, ask_payload, entry_payload, item_payload, pick
from api.clock import SHANGHAI
from api.conversation import Conversation, Option
from api.desk.life import Moment
from api.texts import Texts
from bot.protocol import Act, Choice, Offered, Topic
from knowledge.base import Entry, KnowledgeBase
from knowledge.schema import Facet
from retrieval.evidence import Evidence

MOST_OPTIONS = 5
SEE_ALSO = 4
HOT_TOPICS = 6
HOTLINE = "hotline-12345"
"""The item that says what the hotline can do."""
CANNOT_GET_IT_DONE = "cannot-get-it-done"
"""The item of the windows where people report what they cannot get done."""
LIKELY_INSTEAD = 0.08
"""From which confidence on a candidate is worth an option beside the answer that was given."""
POSSIBLE_ALL_THE_SAME = 0.03
"""The same beside the reply that a message is none of our business: a way back from a misreading."""
LEAST_SHARE = 0.04
"""A candidate with less than this share of the best one's confidence is not worth a visitor's time."""


@dataclass(frozen=True)
class Scene:
    """All that an act may look at. `found` is None where nothing was searched, because an option was chosen."""

    texts: Texts
    base: KnowledgeBase
    language: str
    conversation: Conversation
    choice: Choice
    found: Evidence | None = None
    picked: Pick | None = None
    handed: Handed | None = None


@dataclass(frozen=True)
class Handed:
    """What became of the wish for a person: its ticket, and the place in the queue where somebody is on duty.

    `opens_at` is when the desk opens next; None while it is open.
    """

    number: str
    is_new: bool
    position: int | None = None
    expected_wait_s: int | None = None
    opens_at: dt.datetime | None = None


@dataclass(frozen=True)
class Draft:
    """A message to be sent, and what it leaves the conversation with.

    `offered` is what a bare yes or no would now answer; `entry` the entry given; `failed` says that the visitor still
    has no answer; `event` (api.desk.life.Moment) what a message of the desk itself marks.
    """

    act: Act
    kind: str
    text: str
    options: tuple[Option, ...] = ()
    answer: dict[str, Any] | None = None
    offered: Offered = Offered.NOTHING
    entry: Entry | None = None
    failed: bool = False
    event: str | None = None


def perform(scene: Scene) -> Draft:
    """The message for the bot's choice."""
    act: Act | None = scene.choice.act
    while act is not None:
        draft = PERFORM[act](scene)
        if draft is not None and not _repeats(draft, scene.conversation):
            return draft
        act = INSTEAD.get(act)
    return _offer_human(scene)


def greeting(texts: Texts, base: KnowledgeBase, language: str, item_id: str | None = None) -> Draft:
    """How a conversation starts; on one item where a page or a QR code led to it."""
    if item_id is None:
        options = tuple(islice(_hot_topics(texts, base, language), HOT_TOPICS))
        return Draft(Act.GREET, "text", texts.say("greet", language), options)
    options = tuple(islice(_next_facets(base, item_id, None, (), language), HOT_TOPICS))
    return Draft(Act.GREET, "text", texts.say("greet_item", language, item=base.items[item_id].name[language]), options)


def handed_over(texts: Texts, base: KnowledgeBase, language: str, last: str | None, handed: Handed) -> Draft:
    """What is said when a person was asked for: the place in the queue, or that nobody is on duty and what to do."""
    again = "" if handed.is_new else "_again"
    if handed.position is not None:
        text = texts.say(
            f"queued{again}", language, last, number=handed.number, position=str(handed.position),
            wait=wait_in_words(texts, language, handed.expected_wait_s),
        )  # fmt: skip
        return Draft(Act.HAND_OVER, "handoff", text, event=Moment.QUEUED)
    opens = opening_in_words(texts, language, handed.opens_at)
    text = texts.say(f"hand_over{again}", language, last, number=handed.number, opens=opens)
    return Draft(Act.HAND_OVER, "handoff", text, _hotline(base, language), event=Moment.UNSTAFFED)


def wait_in_words(texts: Texts, language: str, expected_wait_s: int | None) -> str:
    """The expected wait as a sentence, which promises nothing where nothing is known."""
    if expected_wait_s is None:
        return texts.desk["wait_unknown"][language]
    if expected_wait_s < 60:
        return texts.desk["wait_short"][language]
    return texts.desk["wait_known"][language].format(minutes=math.ceil(expected_wait_s / 60))


WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def opening_in_words(texts: Texts, language: str, opens_at: dt.datetime | None) -> str:
    """When the desk opens next, as a sentence to stand after another; "" while it is open.

    It names the day, since it may be read later than it is said.
    """
    if opens_at is None:
        return ""
    local = opens_at.astimezone(SHANGHAI)
    day, time = WEEKDAYS[language][local.weekday()], f"{local.hour}:{local.minute:02}"
    when = {
        "zh": f"{local.month}月{local.day}日（{day}）{time}",
        "en": f"{day}, {local.day} {MONTHS[local.month - 1]} at {time}",
    }[language]
    told = texts.desk["opens"][language].format(when=when)
    return told if language == "zh" else f" {told}"


def _hotline(base: KnowledgeBase, language: str) -> tuple[Option, ...]:
    """What the hotline can do meanwhile, where the base says."""
    item = base.items.get(HOTLINE)
    return (_item_option(base, HOTLINE, item.name[language]),) if item else ()


def answer_of(base: KnowledgeBase, texts: Texts, entry: Entry, language: str, confidence: float) -> dict[str, Any]:
    """What a message that carries the entry says about it."""
    return {
        "entry_id": entry.entry_id,
        "item_id": entry.item_id,
        "facet": entry.facet.value,
        "title": title_of(base, texts, entry, language),
        "confidence": round(confidence, 4),
        "as_of": entry.as_of.isoformat(),
        "revision": base.revision,
        "sources": sources_of(entry, language),
        "to_confirm": entry.to_confirm,
    }


def title_of(base: KnowledgeBase, texts: Texts, entry: Entry, language: str) -> str:
    """What an answer is headed with."""
    return heading(base, texts, entry.item_id, entry.facet, language)


def heading(base: KnowledgeBase, texts: Texts, item_id: str, facet: Facet, language: str) -> str:
    """What an answer to this facet of this item is headed with."""
    return texts.titles.answer[language].format(
        item=base.items[item_id].name[language], facet=base.facets[facet].label[language]
    )


def sources_of(entry: Entry, language: str) -> list[dict[str, str]]:
    """What an answer rests on."""
    return [
        {
            "title": source.title[language],
            "reference": source.reference[language],
            **({"url": source.url} if source.url else {}),
        }
        for source in entry.sources
    ]


def _answer(scene: Scene) -> Draft | None:
    base, choice, language = scene.base, scene.choice, scene.language
    entry = base.entries.get(choice.entry or "") or _found_entry(scene)
    if entry is None:
        item_id, facet = choice.item, _facet(choice.facet)
        if item_id is None or item_id not in base.items or facet is None:
            return None
        entry = base.entry_for(item_id, facet)
        if entry is None:
            return _absent(scene, item_id, facet)
    shown = (*scene.conversation.shown, entry.entry_id)
    answer = answer_of(base, scene.texts, entry, language, _confidence(scene, entry))
    options = tuple(_distinct(_see_also(scene, entry, shown), SEE_ALSO))
    if entry.item_id == CANNOT_GET_IT_DONE:
        options = (*options, _human(scene))  # Whoever was sent from window to window is not left with another window.
    return Draft(Act.ANSWER, "answer", entry.answer[language], options, answer, entry=entry)


def _found_entry(scene: Scene) -> Entry | None:
    """The best entry found of the item and facet that the bot chose, which may be a situation or a comparison."""
    for ranked in scene.found.entries if scene.found else ():
        if (ranked.item_id, ranked.facet) == (scene.choice.item, scene.choice.facet):
            return scene.base.entries.get(ranked.entry_id)
    return None


def _absent(scene: Scene, item_id: str, facet: Facet) -> Draft | None:
    """Why the item has nothing of this facet, which is an answer too."""
    item = scene.base.items[item_id]
    if facet not in item.absent:
        return None
    text = scene.texts.say(
        "absent",
        scene.language,
        item=item.name[scene.language],
        facet=scene.base.facets[facet].label[scene.language],
        reason=item.absent[facet][scene.language],
    )
    options = tuple(islice(_next_facets(scene.base, item_id, facet, (), scene.language), SEE_ALSO))
    return Draft(Act.ANSWER, "text", text, options)


def _clarify(scene: Scene) -> Draft | None:
    options = list(_distinct(_candidates(scene), MOST_OPTIONS))
    if len(options) == 1 and options[0].item_id:
        more = _next_facets(
            scene.base, options[0].item_id, _facet(options[0].facet), (), scene.language, named=scene.texts
        )
        options = list(_distinct([*options, *more], MOST_OPTIONS))
    if len(options) < 2:
        return None
    if len(options) < MOST_OPTIONS:
        options.append(_none(scene))
    return _question(scene, Act.CLARIFY, "clarify", options)


def _ask_item(scene: Scene) -> Draft | None:
    facet = _facet(scene.choice.facet) or (scene.found.facet if scene.found else None)
    if facet is None:
        options = list(_distinct((*_items_as_options(scene), *_hot(scene)), MOST_OPTIONS))
        return _question(scene, Act.ASK_ITEM, "ask_any_item", options) if len(options) > 1 else None
    options = []
    for option in (*_items_as_options(scene), *_hot(scene)):
        if option.item_id and scene.base.entry_for(option.item_id, facet):
            title = scene.base.items[option.item_id].name[scene.language]
            options.append(Option(title, ask_payload(option.item_id, facet), option.item_id, facet.value))
    options = list(_distinct(options, MOST_OPTIONS))
    if len(options) < 2:
        return None
    return _question(scene, Act.ASK_ITEM, "ask_item", options, facet=scene.base.facets[facet].label[scene.language])


def _try_next(scene: Scene) -> Draft | None:
    """What else it could have been: what the last search found and the visitor has not seen yet."""
    shown = set(scene.conversation.shown)
    # "That did not help" is about the question before; only what names something new adds its own candidates.
    new = scene.found.entries if scene.found and scene.found.topic is Topic.NEW and scene.found.item_id else ()
    entries = [
        scene.base.entries[entry_id]
        for entry_id in (*scene.conversation.candidates, *(ranked.entry_id for ranked in new))
        if entry_id in scene.base.entries and entry_id not in shown
    ]
    options = list(_distinct((_entry_option(scene, entry) for entry in entries), MOST_OPTIONS - 2))
    if not options:
        return None
    draft = _question(scene, Act.TRY_NEXT, "try_next", [*options, _human(scene)])
    return replace(draft, failed=True)


def _rephrase(scene: Scene) -> Draft:
    options = (*islice(_hot(scene), MOST_OPTIONS - 1), _human(scene))
    return _said(scene, Act.REPHRASE, "rephrase", options=options, failed=True)


def _offer_human(scene: Scene) -> Draft:
    options = (_human(scene),)
    return _said(scene, Act.OFFER_HUMAN, "offer_human", "handoff", options, offered=Offered.HUMAN, failed=True)


def _hand_over(scene: Scene) -> Draft | None:
    if scene.handed is None:
        return None
    return handed_over(scene.texts, scene.base, scene.language, scene.conversation.last_text, scene.handed)


def _out_of_scope(scene: Scene) -> Draft:
    elsewhere = scene.found is not None and scene.found.elsewhere
    possible = () if elsewhere else islice(_instead(scene, (), POSSIBLE_ALL_THE_SAME), 2)
    options = tuple(_distinct((*possible, *_hot(scene)), SEE_ALSO))
    occasion = "out_of_scope_elsewhere" if elsewhere else "out_of_scope"
    return _said(scene, Act.OUT_OF_SCOPE, occasion, "out_of_scope", options)


def _named_case(scene: Scene) -> Draft:
    return _said(scene, Act.NAMED_CASE, "named_case", options=(_human(scene),), offered=Offered.HUMAN)


def _greet(scene: Scene) -> Draft:
    return _said(scene, Act.GREET, "greet", options=tuple(islice(_hot(scene), HOT_TOPICS)))


def _introduce(scene: Scene) -> Draft:
    return _said(scene, Act.INTRODUCE, "introduce", options=tuple(islice(_hot(scene), HOT_TOPICS)))


def _welcome(scene: Scene) -> Draft:
    return _said(scene, Act.WELCOME, "welcome")


def _goodbye(scene: Scene) -> Draft:
    return _said(scene, Act.GOODBYE, "goodbye")


def _acknowledge(scene: Scene) -> Draft:
    return _said(scene, Act.ACKNOWLEDGE, "acknowledge")


def _soothe(scene: Scene) -> Draft:
    return _said(scene, Act.SOOTHE, "soothe", options=(_human(scene),), offered=Offered.HUMAN)


def _change_language(scene: Scene) -> Draft | None:
    """The last answer again, where that is what was said last; `scene.language` is the one asked for by now."""
    conversation = scene.conversation
    entry = scene.base.entries.get(conversation.shown[-1]) if conversation.shown else None
    if entry is None or conversation.last_act != Act.ANSWER.value:
        return _said(scene, Act.CHANGE_LANGUAGE, "change_language", options=tuple(islice(_hot(scene), HOT_TOPICS)))
    again = pick(_entry_option(scene, entry), scene.base)
    return _answer(replace(scene, choice=Choice(Act.ANSWER, entry=entry.entry_id), found=None, picked=again))


PERFORM: Mapping[Act, Callable[[Scene], Draft | None]] = {
    Act.ANSWER: _answer,
    Act.CLARIFY: _clarify,
    Act.ASK_ITEM: _ask_item,
    Act.REPHRASE: _rephrase,
    Act.TRY_NEXT: _try_next,
    Act.OFFER_HUMAN: _offer_human,
    Act.HAND_OVER: _hand_over,
    Act.OUT_OF_SCOPE: _out_of_scope,
    Act.NAMED_CASE: _named_case,
    Act.GREET: _greet,
    Act.WELCOME: _welcome,
    Act.GOODBYE: _goodbye,
    Act.INTRODUCE: _introduce,
    Act.ACKNOWLEDGE: _acknowledge,
    Act.SOOTHE: _soothe,
    Act.CHANGE_LANGUAGE: _change_language,
}
INSTEAD: Mapping[Act, Act] = {
    Act.ANSWER: Act.CLARIFY,
    Act.CLARIFY: Act.ASK_ITEM,
    Act.ASK_ITEM: Act.REPHRASE,
    Act.REPHRASE: Act.OFFER_HUMAN,
    Act.TRY_NEXT: Act.OFFER_HUMAN,
}
"""What is done where an act cannot be carried out or would repeat itself."""

NEVER_TWICE = frozenset({Act.REPHRASE, Act.TRY_NEXT})
"""Acts that must not follow themselves, whatever their words: they say that the visitor was not helped."""


def _repeats(draft: Draft, conversation: Conversation) -> bool:
    if draft.act in NEVER_TWICE and draft.act == conversation.last_act:
        # Another set of candidates is another reply; the same question to put it differently is not.
        return draft.act is Act.REPHRASE or draft.options == conversation.last_options
    if draft.act in (Act.CLARIFY, Act.ASK_ITEM):
        return draft.options == conversation.last_options and draft.act == conversation.last_act
    return False


def _said(
    scene: Scene,
    act: Act,
    occasion: str,
    kind: str = "text",
    options: tuple[Option, ...] = (),
    offered: Offered = Offered.NOTHING,
    failed: bool = False,
) -> Draft:
    text = scene.texts.say(occasion, scene.language, scene.conversation.last_text)
    return Draft(act, kind, text, options, offered=offered, failed=failed)


def _question(scene: Scene, act: Act, occasion: str, options: list[Option], **shown: str) -> Draft:
    text = scene.texts.say(occasion, scene.language, scene.conversation.last_text, **shown)
    return Draft(act, "clarify", text, tuple(options[:MOST_OPTIONS]), offered=Offered.OPTIONS)


def _confidence(scene: Scene, entry: Entry) -> float:
    """How sure it is that this entry answers: certain where the visitor chose it, else what the search found."""
    if scene.picked is not None:
        return 1.0
    ranked = scene.found.entries if scene.found else ()
    return next((found.confidence for found in ranked if found.entry_id == entry.entry_id), 0.0)


def _facet(name: str | None) -> Facet | None:
    return Facet(name) if name in set(Facet) else None


def _entry_option(scene: Scene, entry: Entry) -> Option:
    """An entry by its item and facet; a situation or a comparison, which have company there, by its question."""
    plain = not entry.is_situation and not entry.compares
    title = title_of(scene.base, scene.texts, entry, scene.language) if plain else entry.question[scene.language]
    return Option(title, entry_payload(entry), entry.item_id, entry.facet.value)


def _candidates(scene: Scene) -> Iterator[Option]:
    """The entries that are plausible, one for each item and facet; without any, the items."""
    if scene.found is None:
        return
    best = max((ranked.confidence for ranked in scene.found.entries), default=0.0)
    seen: set[tuple[str, Facet]] = set()
    for ranked in scene.found.entries:
        pair = ranked.item_id, ranked.facet
        if pair not in seen and ranked.entry_id in scene.base.entries and ranked.confidence >= LEAST_SHARE * best:
            seen.add(pair)
            yield _entry_option(scene, scene.base.entries[ranked.entry_id])
    if not scene.found.entries:
        yield from _items_as_options(scene)


def _items_as_options(scene: Scene) -> Iterator[Option]:
    best = max((ranked.confidence for ranked in scene.found.items), default=0.0) if scene.found else 0.0
    for ranked in scene.found.items if scene.found else ():
        if ranked.item_id in scene.base.items and ranked.confidence >= LEAST_SHARE * best:
            yield _item_option(scene.base, ranked.item_id, scene.base.items[ranked.item_id].name[scene.language])


def _item_option(base: KnowledgeBase, item_id: str, title: str) -> Option:
    return Option(title, item_payload(item_id), item_id, Facet.OVERVIEW.value)


def _hot(scene: Scene) -> Iterator[Option]:
    return _hot_topics(scene.texts, scene.base, scene.language)


def _hot_topics(texts: Texts, base: KnowledgeBase, language: str) -> Iterator[Option]:
    for topic in texts.hot_topics:
        if topic.item in base.items:
            yield _item_option(base, topic.item, topic.title[language])


def _human(scene: Scene) -> Option:
    return human_option(scene.texts, scene.language)


def human_option(texts: Texts, language: str) -> Option:
    """The option that calls a person."""
    return Option(texts.options.human[language], Kind.HUMAN.value)


def _none(scene: Scene) -> Option:
    return Option(scene.texts.options.none[scene.language], Kind.NONE.value)


def _distinct(options: Iterable[Option], most: int) -> Iterator[Option]:
    """The first options, no title and no payload twice."""
    seen: set[str] = set()
    for option in options:
        if not {option.title, option.payload} & seen:
            seen |= {option.title, option.payload}
            yield option
            if (most := most - 1) == 0:
                return


ASKED_NEXT: Mapping[Facet | None, tuple[Facet, ...]] = {
    None: (
        Facet.OVERVIEW,
        Facet.APPLICABILITY,
        Facet.MATERIALS,
        Facet.PROCEDURE,
        Facet.TIME_LIMIT,
        Facet.WHERE,
        Facet.FEE,
    ),
    Facet.OVERVIEW: (Facet.APPLICABILITY, Facet.MATERIALS, Facet.PROCEDURE, Facet.WHERE),
    Facet.APPLICABILITY: (Facet.PROCEDURE, Facet.MATERIALS, Facet.CONDITIONS, Facet.WHERE),
    Facet.CONDITIONS: (Facet.MATERIALS, Facet.PROCEDURE, Facet.APPLICABILITY, Facet.WHERE),
    Facet.MATERIALS: (Facet.PROCEDURE, Facet.WHERE, Facet.TIME_LIMIT, Facet.MISTAKES),
    Facet.PROCEDURE: (Facet.MATERIALS, Facet.TIME_LIMIT, Facet.WHERE, Facet.FEE),
    Facet.WHERE: (Facet.MATERIALS, Facet.PROCEDURE, Facet.TIME_LIMIT, Facet.FEE),
    Facet.TIME_LIMIT: (Facet.PROCEDURE, Facet.MATERIALS, Facet.RESULT, Facet.VALIDITY),
    Facet.FEE: (Facet.MATERIALS, Facet.PROCEDURE, Facet.TIME_LIMIT, Facet.WHERE),
    Facet.RESULT: (Facet.VALIDITY, Facet.DUTIES, Facet.TIME_LIMIT, Facet.WHERE),
    Facet.VALIDITY: (Facet.DUTIES, Facet.PROCEDURE, Facet.MATERIALS, Facet.WHERE),
    Facet.LEGAL_BASIS: (Facet.CONDITIONS, Facet.PENALTIES, Facet.APPLICABILITY, Facet.OVERVIEW),
    Facet.DUTIES: (Facet.PENALTIES, Facet.VALIDITY, Facet.LEGAL_BASIS, Facet.WHERE),
    Facet.PENALTIES: (Facet.LEGAL_BASIS, Facet.WHERE, Facet.APPLICABILITY, Facet.DUTIES),
    Facet.MISTAKES: (Facet.MATERIALS, Facet.PROCEDURE, Facet.CONDITIONS, Facet.WHERE),
    Facet.DIFFERENCES: (Facet.APPLICABILITY, Facet.CONDITIONS, Facet.PROCEDURE, Facet.WHERE),
}
"""What people ask after each facet (None: at the start); the rest follows in the order of the facets."""


def _next_facets(
    base: KnowledgeBase,
    item_id: str,
    after: Facet | None,
    shown: tuple[str, ...],
    language: str,
    named: Texts | None = None,
) -> Iterator[Option]:
    """The item's other facets, those first that people ask next; by label, or with the item's name (`named`)."""
    for facet in dict.fromkeys((*ASKED_NEXT[after], *Facet)):
        entry = base.entry_for(item_id, facet)
        if facet is after or entry is None or entry.entry_id in shown:
            continue
        label = base.facets[facet].label[language]
        title = label if named is None else heading(base, named, item_id, facet, language)
        yield Option(title, ask_payload(item_id, facet), item_id, facet.value)


def _see_also(scene: Scene, entry: Entry, shown: tuple[str, ...]) -> Iterator[Option]:
    """What may have been meant instead, what the entry compares, what people ask next; each item and facet once."""
    offered: set[tuple[str | None, str | None]] = {(entry.item_id, entry.facet.value)}
    for option in (*_instead(scene, shown), *_compared(scene, entry)):
        if (option.item_id, option.facet) not in offered:
            offered.add((option.item_id, option.facet))
            yield option
    for option in _next_facets(scene.base, entry.item_id, entry.facet, shown, scene.language):
        if (option.item_id, option.facet) not in offered:
            yield option


def _instead(scene: Scene, shown: tuple[str, ...], least: float = LIKELY_INSTEAD) -> Iterator[Option]:
    """Other entries that the search thinks possible, where the visitor did not choose."""
    if scene.found is None or scene.picked is not None:
        return
    for ranked in scene.found.entries:
        entry = scene.base.entries.get(ranked.entry_id)
        if ranked.confidence >= least and entry is not None and entry.entry_id not in shown:
            yield _entry_option(scene, entry)


def _compared(scene: Scene, entry: Entry) -> Iterator[Option]:
    for item_id in entry.compares[:2]:
        if item_id in scene.base.items:
            yield _item_option(scene.base, item_id, scene.base.items[item_id].name[scene.language])
