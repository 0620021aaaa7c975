"""Each rule finds the base that breaks it, at the line where it is broken, and leaves the sound base alone."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.lint import RULES, lint
from knowledge.lint.written import sentences
from knowledge.loader import read
from knowledge.schema import Language

TODAY = dt.date(2026, 11, 24)


def found(folder, rule, today=TODAY, embed=None):
    return [fault for fault in lint(read(folder.path), today, embed) if fault.rule == rule]


def only(folder, rule, **more):
    (fault,) = found(folder, rule, **more)
    return fault


def answer(folder, slug, language, text):
    folder.change(lambda spec: spec["entries"][slug]["answer"].update({language: text}))


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in ("references", "placement")])
def test_the_model_item_breaks_no_rule(folder, rule):
    assert found(folder, rule) == []


# --- figures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text", "figure"),
    [
        ("zh", "自受理之日起15个工作日内作出决定。", "15"),
        ("zh", "自受理之日起{{ decision_days }}内决定，最长十五日。", "十五日"),
        ("zh", "依据第三十一条。{{ decision_days }}", "第三十一条"),
        ("zh", "{{ decision_days }}，要三分之二的业主同意。", "三分之二"),
        ("en", "The decision takes 15 working days, {{ decision_days }}.", "15"),
        ("en", "{{ decision_days }}, and ten days for delivery.", "ten days"),
    ],
)
def test_a_figure_typed_by_hand_is_told_at_its_line(folder, language, text, figure):
    answer(folder, "time_limit", language, text)
    told = found(folder, "figures")
    assert [fault.field for fault in told] == [f"entries.time_limit.answer.{language}"]
    assert repr(figure) in told[0].message
    line = folder.item.read_text(encoding="utf-8").splitlines()[told[0].line - 1]
    assert line.strip().startswith(f"{language}:")


def test_list_markers_and_words_such_as_once_are_no_figures(folder):
    answer(folder, "time_limit", "zh", "1. 先看{{ decision_days }}。\n2. 材料一次告知，分两类。")
    answer(folder, "time_limit", "en", "1. See {{ decision_days }}.\n2. Both are told at once.")
    assert found(folder, "figures") == []


# --- languages -------------------------------------------------------------------------------------------------------


def test_a_fact_that_one_language_leaves_out_is_told_for_that_language(folder):
    answer(folder, "time_limit", "en", "It depends on the papers.")
    told = found(folder, "languages")
    assert {fault.field for fault in told} == {"entries.time_limit.answer.en"}
    assert "decision_days" in told[0].message


# --- glossary --------------------------------------------------------------------------------------------------------


def test_a_word_that_is_not_the_official_one_is_told_with_the_one_that_is(folder):
    answer(folder, "time_limit", "en", "Within {{ decision_days }}; {{ common.correction_days }} business days count.")
    told = only(folder, "glossary")
    assert "business day" in told.message and "working day" in told.message


def test_similar_questions_may_use_any_word(folder):
    folder.change(lambda spec: spec["entries"]["fee"]["similar"]["en"].append("how many business days until I pay"))
    assert found(folder, "glossary") == []


def test_a_paired_term_in_one_language_alone_is_told(folder):
    answer(folder, "fee", "zh", "打 {{ common.hotline }} 问。")
    answer(folder, "fee", "en", "Ask by telephone. {{ common.online_guide }}")
    assert "12345" in only(folder, "glossary").message


# --- phrasings -------------------------------------------------------------------------------------------------------


def test_too_few_ways_to_ask_are_told(folder):
    folder.change(lambda spec: spec["entries"]["fee"]["similar"].update(zh=["多少钱", "收费吗"]))
    assert "at least 6" in only(folder, "phrasings").message


def test_the_same_question_under_two_entries_is_told_where_it_stands_second(folder):
    def twice(spec):
        spec["entries"]["result"]["similar"]["en"][2] = spec["entries"]["fee"]["similar"]["en"][0].upper() + "?"

    folder.change(twice)
    told = only(folder, "phrasings")
    assert told.field == "entries.result.similar.en.2"
    assert "temporary-green-space-use.fee" in told.message


# --- placement -------------------------------------------------------------------------------------------------------


def _second_item(folder):
    other = folder.item.with_name("other-item.yaml")
    text = folder.item.read_text(encoding="utf-8").replace("id: temporary-green-space-use", "id: other-item", 1)
    other.write_text(text, encoding="utf-8")


def _embed(stray):
    """Vectors of an item's questions lie around its own axis, each a little apart; `stray` lies with the other's."""
    chance = np.random.default_rng(0)

    def embed(texts):
        vectors = 0.1 * chance.standard_normal((len(texts), 64)).astype(np.float32)
        own = np.arange(len(texts)) >= len(texts) // 2  # other-item stands first, as its file does
        vectors[np.arange(len(texts)), own.astype(int)] += 1
        for row in (row for row, text in enumerate(texts) if text == stray):
            vectors[row, :2] = 1, 0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    return embed


def test_a_question_nearer_to_another_items_entry_is_told_with_that_entry(folder):
    _second_item(folder)
    stray = "where do I hang my shop sign"
    folder.change(lambda spec: spec["entries"]["fee"]["similar"]["en"].insert(0, stray))
    told = only(folder, "placement", embed=_embed(stray))
    assert told.field == "entries.fee.similar.en.0" and "nearer to other-item." in told.message


def test_nearly_the_same_question_under_two_entries_is_told_once(folder):
    def embed(texts):
        vectors = np.eye(len(texts), 400, dtype=np.float32)
        vectors[len(texts) - 1] = vectors[0] + 0.05 * vectors[1]
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    told = found(folder, "placement", embed=embed)
    assert len(told) == 2 and all("is nearly" in fault.message for fault in told)  # one in each language


# --- references ------------------------------------------------------------------------------------------------------


def test_a_comparison_with_an_item_that_does_not_exist_is_told(folder):
    assert {fault.field.rsplit(".", 1)[1] for fault in found(folder, "references")} == {"compares"}


def test_a_fact_that_nothing_uses_is_told(folder):
    folder.change(lambda spec: spec["facts"].update(forgotten={"days": 3, "source": "licensing-law"}))
    assert any(fault.field == "facts.forgotten" for fault in found(folder, "references"))


# --- hedging ---------------------------------------------------------------------------------------------------------


def test_what_is_only_likely_and_said_as_certain_is_told(folder):
    answer(folder, "result", "zh", "拿到{{ usual_decision }}。")
    told = only(folder, "hedging")
    assert told.field == "entries.result.answer.zh" and "usual_decision" in told.message


# --- expiry ----------------------------------------------------------------------------------------------------------


def test_facts_past_their_date_are_told(folder):
    folder.change(lambda spec: spec["facts"]["fine"].update(expires=dt.date(2026, 11, 23)))
    assert "expired" in only(folder, "expiry").message


def test_facts_that_nobody_looked_at_for_a_year_are_told(folder):
    told = found(folder, "expiry", today=TODAY + dt.timedelta(days=370))
    assert told and all("look at its source again" in fault.message for fault in told)


# --- contradiction ---------------------------------------------------------------------------------------------------


def test_a_fact_that_repeats_another_with_another_value_is_told(folder):
    _second_item(folder)
    folder.change(
        lambda spec: spec["facts"]["decision_days"].update(working_days=20, same_as="other-item.decision_days")
    )
    assert "contradicts other-item.decision_days" in only(folder, "contradiction").message


def test_statements_of_one_source_that_differ_in_their_figures_are_told(folder):
    told = {"text": {"zh": "费用按2元计", "en": "the fee is CNY 2 for each square metre"}, "source": "licensing-law"}
    other = {"text": {"zh": "费用按3元计", "en": "the fee is CNY 3 for each square metre"}, "source": "licensing-law"}
    folder.change(lambda spec: spec["facts"].update(a=told, b=other))
    assert "settle which is right" in only(folder, "contradiction").message


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["https://www.sh.gov.cn", "www.sh.gov.cn", "[here](https://sh.gov.cn)"])
def test_a_link_typed_by_hand_is_told(folder, typed):
    answer(folder, "time_limit", "en", f"Within {{{{ decision_days }}}}, see {typed} {{{{ common.correction_days }}}}")
    assert "link" in found(folder, "links")[0].message


# --- length ----------------------------------------------------------------------------------------------------------


def test_a_sentence_and_an_answer_that_are_too_long_are_told(folder):
    answer(folder, "time_limit", "zh", "很长的一句话" * 14 + "，{{ decision_days }}，{{ common.correction_days }}。")
    answer(folder, "time_limit", "en", "Short words here. " * 80 + "{{ decision_days }} {{ common.correction_days }}")
    told = found(folder, "length")
    assert any("sentence" in fault.message and fault.field.endswith("zh") for fault in told)
    assert any("cut it" in fault.message and fault.field.endswith("en") for fault in told)


@given(st.text(alphabet="甲乙。；！？\n-1. ", max_size=60))
def test_sentences_lose_nothing_but_marks(text):
    kept = "".join("".join(sentences(text, Language.ZH)).split())
    assert set(kept) <= set(text)
    assert kept.count("甲") == text.count("甲")
