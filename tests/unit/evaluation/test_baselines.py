"""The baselines rank the base's own texts, and every method is counted alike."""

import html
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import report
from evaluation.baselines import haystack_fusion, run, searches
from evaluation.baselines.corpus import DEPTH, corpora, entries_in_order
from evaluation.baselines.measures import RANKING_MEASURES
from evaluation.baselines.response_selector import RasaFailed, response_selector
from evaluation.outcomes import QuestionOutcome, Run
from evaluation.suites import Gold, Part, Question, part_of
from knowledge.loader import revision_of
from retrieval.forms import Form

PAIRS = st.tuples(st.sampled_from(["felling", "sign", "green"]), st.sampled_from(["fee", "materials", "time_limit"]))
QUESTION = Question(
    id="q", language="zh", text="砍树多少钱", item="felling", facet="fee", also=(Gold(item="sign", facet="fee"),),
    style="plain",
)  # fmt: skip


def letters(texts):
    """Unit vectors that say which characters a text has: enough to find a text by itself."""
    rows = np.zeros((len(texts), 512), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for character in text:
            row[ord(character) % 512] += 1
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("rank", [searches.lexical, searches.dense, haystack_fusion.hybrid])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_search_finds_an_entry_by_its_own_question(base, rank, language):
    corpus = corpora(base, letters)[language]
    asked = corpus.questions[::60]
    ranked = rank(corpus, [form.text for form in asked])
    assert all(form.entry_id in found[:3] for form, found in zip(asked, ranked, strict=True))
    assert all(len(found) <= DEPTH and len(set(found)) == len(found) for found in ranked)


def test_words_that_the_base_lacks_find_nothing(base):
    assert searches.lexical(corpora(base, letters)["en"], ["xyzzy"]) == [[]]


def test_an_entry_stands_where_its_best_text_does():
    texts = [Form(str(place), "zh", "item", entry_id) for place, entry_id in enumerate(["b", "a", "b", "c"])]
    assert entries_in_order(texts) == ["b", "a", "c"]


def test_any_accepted_alternative_counts_and_an_entry_counts_once():
    ranked = (("green", "fee"), ("green", "fee"), ("green", "materials"), ("sign", "fee"))
    hit = {name: measure(ranked, QUESTION) for name, measure in RANKING_MEASURES.items()}
    assert hit == {
        "item_first": False, "item_in_3": True, "entry_first": False, "entry_in_3": True, "entry_in_5": True,
    }  # fmt: skip


@given(st.lists(PAIRS, max_size=12))
def test_what_is_right_within_few_is_right_within_more(ranked):
    hit = {name: measure(tuple(ranked), QUESTION) for name, measure in RANKING_MEASURES.items()}
    assert hit["entry_first"] <= hit["entry_in_3"] <= hit["entry_in_5"]
    assert hit["entry_first"] <= hit["item_first"] <= hit["item_in_3"]


def outcome(question):
    return QuestionOutcome(
        question=question, resolved=True, first=False, wrong=False, choices=1, kinds=("clarify", "answer"),
        given=(question.item, question.facet), confidence=None, ranked=((question.item, question.facet),),
        language_right=True,
    )  # fmt: skip


def of_part(part):
    name = next(f"q-{number}" for number in range(99) if part_of(f"q-{number}") is part)
    return Question(
        id=name, language="en", text="what does felling a tree cost?", item="urban-tree-felling", facet="fee",
        style="plain",
    )  # fmt: skip


def test_another_revision_is_not_compared_with(knowledge_dir, tmp_path):
    told = []
    assert run.measure([outcome(of_part(Part.TEST))], "another", tmp_path, knowledge_dir, told.append) == ()
    assert revision_of(knowledge_dir) in told[0]


def test_rankings_are_made_once_and_anew_for_other_questions(base, tmp_path):
    told = []
    lexical = next(one for one in run.baselines(tmp_path, told.append) if one.id == "lexical")
    searched = corpora(base, letters)
    first = run.rankings(lexical, base, searched, [of_part(Part.TEST)], tmp_path, told.append)
    assert len(told) == 2  # one a language
    assert run.rankings(lexical, base, searched, [of_part(Part.TEST)], tmp_path, told.append) == first
    assert len(told) == 2
    run.rankings(lexical, base, searched, [of_part(Part.TUNE)], tmp_path, told.append)
    assert [
        line for line in told[2:] if "(en)" in line
    ] == []  # the same text in the same language is the same question
    changed = of_part(Part.TUNE).model_copy(update={"text": "how long does felling take?"})
    run.rankings(lexical, base, searched, [changed], tmp_path, told.append)
    assert len(told) == 3


def test_rows_tell_ours_by_measure_and_language():
    asked = [outcome(of_part(Part.TEST))]
    [row] = run.rows([("bangban", run.OURS, [one.ranked for one in asked])], asked)
    assert (row["part"], row["method"]) == ("test", "bangban")
    told = row["rates"]
    assert (told["entry_first"]["en"]["value"], told["entry_first"]["zh"]["denominator"]) == (1.0, 0)
    assert (told["resolved"]["all"]["value"], told["resolved_in_first_reply"]["all"]["value"]) == (1.0, 0.0)
    json.dumps(row)


def test_the_report_shows_every_method_by_name_in_both_languages(tmp_path):
    asked = [outcome(of_part(Part.TEST))]
    ranked = [one.ranked for one in asked]
    methods = [("bangban", run.OURS, ranked), *((one.id, one.name, ranked) for one in run.baselines(tmp_path, print))]
    told = Run("revision", "now", tuple(asked), {}, baselines=tuple(run.rows(methods, asked)))
    report.write(told, tmp_path)
    page = (tmp_path / "eval.html").read_text()
    for _, name, _ in methods:
        assert name["zh"] in page and html.escape(name["en"], quote=False).replace("'", "&#39;") in page
    assert json.loads((tmp_path / "eval.json").read_text())["baselines"][1]["method"] == "lexical"


def test_rasas_selector_learns_one_items_questions_and_is_trained_once(base, tmp_path):
    whole = corpora(base, letters)["en"]
    corpus = replace(whole, texts=tuple(form for form in whole.texts if form.item_id == "urban-tree-felling"))
    asked = corpus.questions[::20]
    told = []
    ranked = response_selector(corpus, [form.text for form in asked], tmp_path, told.append, epochs=40)
    found = [form.entry_id in own[:3] for form, own in zip(asked, ranked, strict=True)]
    assert sum(found) / len(found) > 0.6
    folder = next(tmp_path.glob("en-*"))
    (folder / "model.tar.gz").write_bytes(b"")
    with pytest.raises(RasaFailed, match=r"rank\.log"):
        response_selector(corpus, ["felling"], tmp_path, told.append, epochs=40)
    assert len(told) == 1  # what was trained is taken as it is, also where it is damaged: the sentence says what to do
