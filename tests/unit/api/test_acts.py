import datetime as dt
import re
from dataclasses import replace

import numpy as np
import pytest

from api import texts
from api.acts import INSTEAD, PERFORM, Scene, greeting, opening_in_words, perform
from api.choices import pick
from api.conversation import Conversation, Option
from api.settings import CHECKOUT
from bot.protocol import Act, Choice, Decision, Offered, Topic
from knowledge.loader import load
from knowledge.schema import Facet
from retrieval.evidence import Evidence, RankedEntry, RankedItem

FELLING, MOVING = "urban-tree-felling", "tree-relocation"


@pytest.fixture(scope="module")
def base():
    return load(CHECKOUT / "knowledge")


@pytest.fixture
def scene(base):
    def make(act, *, entries=(), items=(), facet=None, language="zh", picked=None, choice=None, **conversation):
        found = Evidence(
            "…", None, language, base, Decision.CLARIFY, Topic.NEW, None, facet, 0.9,
            tuple(RankedEntry(name, base.entries[name].item_id, base.entries[name].facet, c) for name, c in entries),
            tuple(RankedItem(name, confidence) for name, confidence in items),
            np.zeros(4, np.float32),
        )  # fmt: skip
        talk = Conversation("s", language, "bot", **conversation)
        return Scene(texts.load(), base, language, talk, choice or Choice(act), found, picked)

    return make


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("act", list(Act))
def test_every_act_says_something_whatever_is_missing(scene, act, language):
    draft = perform(scene(act, language=language))
    assert draft.text and "{" not in draft.text
    assert draft.kind != "clarify" or 2 <= len(draft.options) <= 5
    payloads = [option.payload for option in draft.options]
    assert len(set(payloads)) == len(payloads) <= 6


def test_every_act_can_be_performed_and_every_retreat_ends():
    assert set(PERFORM) == set(Act)
    for act in Act:
        seen = [act]
        while seen[-1] in INSTEAD:
            seen.append(INSTEAD[seen[-1]])
            assert len(seen) == len(set(seen))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_answer_is_the_entry_in_the_visitors_language(scene, base, language):
    entry = base.entries[f"{FELLING}.fee"]
    draft = perform(
        scene(Act.ANSWER, language=language, entries=[(entry.entry_id, 0.87)],
              choice=Choice(Act.ANSWER, FELLING, "fee", entry.entry_id))
    )  # fmt: skip
    assert draft.text == entry.answer[language] and draft.kind == "answer"
    assert draft.answer["confidence"] == 0.87
    assert draft.answer["title"] == f"{base.items[FELLING].name[language]} · {base.facets[Facet.FEE].label[language]}"
    assert len(draft.answer["sources"]) == len(entry.sources)
    assert 1 <= len(draft.options) <= 4 and all(option.facet != "fee" for option in draft.options)


@pytest.mark.parametrize("facet", ["overview", "time_limit"])
def test_whoever_could_not_get_it_done_is_offered_a_person_last_beside_the_answer(scene, base, facet):
    draft = perform(scene(Act.ANSWER, choice=Choice(Act.ANSWER, "cannot-get-it-done", facet)))
    *others, person = draft.options
    assert draft.kind == "answer" and person.payload == "human" and draft.offered is Offered.NOTHING
    assert others and all(option.item_id for option in others)


def test_an_answer_by_item_and_facet_prefers_the_situation_that_was_found(scene, base):
    situation = next(entry for entry in base.entries.values() if entry.is_situation)
    chosen = Choice(Act.ANSWER, situation.item_id, situation.facet.value)
    draft = perform(scene(Act.ANSWER, entries=[(situation.entry_id, 0.9)], choice=chosen))
    assert draft.entry == situation


def test_a_facet_that_does_not_arise_is_answered_with_the_reason(scene, base):
    item = next(item for item in base.items.values() if item.absent)
    facet, reason = next(iter(item.absent.items()))
    draft = perform(scene(Act.ANSWER, choice=Choice(Act.ANSWER, item.id, facet.value)))
    assert draft.kind == "text" and reason.zh in draft.text and draft.options


def test_entries_that_were_shown_are_not_offered_again_as_see_also(scene):
    shown = (f"{FELLING}.procedure", f"{FELLING}.materials")
    draft = perform(scene(Act.ANSWER, choice=Choice(Act.ANSWER, FELLING, "fee", f"{FELLING}.fee"), shown=shown))
    assert not {"procedure", "materials"} & {option.facet for option in draft.options}


def test_a_comparison_offers_the_items_that_it_compares(scene, base):
    entry = next(entry for entry in base.entries.values() if set(entry.compares) & set(base.items))
    draft = perform(scene(Act.ANSWER, choice=Choice(Act.ANSWER, entry.item_id, "differences", entry.entry_id)))
    assert draft.options[0].item_id in entry.compares


def test_clarifying_offers_up_to_five_candidates_and_where_room_is_left_none_of_them(scene):
    facets = ("fee", "materials", "where", "procedure", "validity", "result")
    entries = [(f"{FELLING}.{facet}", 0.16) for facet in facets]
    full, short = (perform(scene(Act.CLARIFY, entries=entries[:count])) for count in (6, 3))
    assert [option.facet for option in full.options] == list(facets[:5])
    assert [option.facet for option in short.options] == [*facets[:3], None]
    assert short.options[-1].payload == "none" and full.offered is Offered.OPTIONS


def test_one_candidate_left_is_joined_by_the_items_other_facets(scene):
    draft = perform(scene(Act.CLARIFY, entries=[(f"{FELLING}.fee", 0.9)]))
    assert draft.kind == "clarify" and draft.options[0].payload == f"entry:{FELLING}.fee"
    assert len(draft.options) >= 3 and {option.item_id for option in draft.options[:-1]} == {FELLING}


def test_asking_for_the_item_keeps_the_facet_in_every_option(scene, base):
    draft = perform(
        scene(Act.ASK_ITEM, items=[(FELLING, 0.3), (MOVING, 0.2)], choice=Choice(Act.ASK_ITEM, None, "fee"))
    )
    assert draft.options[0] == Option(base.items[FELLING].name.zh, f"ask:{FELLING}/fee", FELLING, "fee")
    assert all(option.facet == "fee" for option in draft.options) and 2 <= len(draft.options) <= 5
    assert all(pick(option, base).entry for option in draft.options)


def test_the_next_best_is_what_has_not_been_shown(scene):
    draft = perform(scene(Act.TRY_NEXT, candidates=(f"{FELLING}.fee", f"{FELLING}.where"), shown=(f"{FELLING}.fee",)))
    assert [option.payload for option in draft.options] == [f"entry:{FELLING}.where", "human"]
    assert draft.failed


def test_with_nothing_left_to_try_a_person_is_offered(scene):
    draft = perform(scene(Act.TRY_NEXT, candidates=(f"{FELLING}.fee",), shown=(f"{FELLING}.fee",)))
    assert draft.act is Act.OFFER_HUMAN and draft.offered is Offered.HUMAN


@pytest.mark.parametrize("act", [Act.REPHRASE, Act.TRY_NEXT, Act.CLARIFY, Act.ASK_ITEM, Act.OFFER_HUMAN])
def test_what_failed_is_not_repeated(scene, act):
    entries = [(f"{FELLING}.{facet}", 0.2) for facet in ("fee", "where")]
    first_scene = scene(act, entries=entries, candidates=tuple(name for name, _ in entries))
    first = perform(first_scene)
    after = replace(
        first_scene.conversation, last_act=first.act.value, last_text=first.text, last_options=first.options
    )
    second = perform(replace(first_scene, conversation=after))
    assert (second.act, second.text) != (first.act, first.text)


def test_what_may_be_ours_all_the_same_is_offered_beside_the_reply_that_it_is_not(scene):
    likely, unlikely = f"{FELLING}.fee", f"{MOVING}.fee"
    outside = scene(Act.OUT_OF_SCOPE, entries=[(likely, 0.1), (unlikely, 0.01)])
    payloads = [option.payload for option in perform(outside).options]
    assert payloads[0] == f"entry:{likely}" and f"entry:{unlikely}" not in payloads and len(payloads) == 4
    in_another_city = replace(outside, found=replace(outside.found, elsewhere=True))
    assert f"entry:{likely}" not in [option.payload for option in perform(in_another_city).options]


def test_the_greeting_leads_on_everywhere(base):
    for language in ("zh", "en"):
        for option in greeting(texts.load(), base, language).options:
            assert pick(option, base).entry
        for item_id in base.items:
            assert len(greeting(texts.load(), base, language, item_id).options) >= 2


def test_no_wording_repeats_itself_at_once():
    said = texts.load()
    for occasion in ("rephrase", "try_next", "offer_human", "clarify", "ask_any_item", "greet", "out_of_scope"):
        for language in ("zh", "en"):
            first = said.say(occasion, language)
            assert said.say(occasion, language, last=first) != first


def test_the_words_keep_the_house_rules():
    said = texts.load().model_dump_json()
    assert not any(mark in said for mark in ("！", "!", "您", "请您", "kindly"))


def test_when_the_desk_opens_is_told_with_its_day_and_nothing_while_it_is_open():
    monday_nine = dt.datetime(2026, 11, 30, 1, 0, tzinfo=dt.UTC)
    assert opening_in_words(texts.load(), "zh", monday_nine) == "下次办公时间：11月30日（周一）9:00起。"
    assert (
        opening_in_words(texts.load(), "en", monday_nine) == " Office hours begin again on Monday, 30 November at 9:00."
    )
    assert opening_in_words(texts.load(), "en", None) == ""


@pytest.mark.parametrize("occasion", ["hand_over", "hand_over_again", "unstaffed", "held_unstaffed"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_words_about_nobody_on_duty_read_well_with_and_without_the_next_opening(occasion, language):
    shown = {"number": "BB-1"} if occasion != "held_unstaffed" else {}
    for opens_at in (None, dt.datetime(2026, 11, 30, 1, 0, tzinfo=dt.UTC)):
        opens = opening_in_words(texts.load(), language, opens_at)
        said = texts.load().say(occasion, language, opens=opens, **shown)
        assert "  " not in said and opens in said and not re.search(r"[a-z]\.[A-Z]|[。；] ", said)
