"""Variants of the search, for the learning curve and the ablation, are the product's own search over changed parts."""

import json
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from evaluation import ablation, learning_curve, proxies
from evaluation.ablation import SIGNALS, without
from evaluation.plots import Line, line_chart
from evaluation.proxies import Found, follow_ups, resolved
from evaluation.rates import rate
from evaluation.suites import Alternative, Choose, Dialogue, Expectation, Part, Question, Turn, part_of
from evaluation.variants import scratch, with_situations
from knowledge.loader import load
from knowledge.schema import Facet
from retrieval.forms import SILENT, forms
from retrieval.lexical import Segmenter
from retrieval.reading import ENTRY_FEATURES, ITEM_FEATURES, entry_features, item_features
from retrieval.signals import Layout, Signals
from retrieval.training import JoinLessons, fit_joins
from tests import small_base

QUESTION = Question(id="q", language="en", text="fee?", item="felling", facet="fee", style="plain")
RIGHT, OTHER = ("felling", "fee"), ("felling", "materials")


def told(base):
    return Counter((one.item_id, bool(one.also) or one.facet is None, one.language) for one in base.situations)


def test_a_base_keeps_at_most_so_many_situations_and_a_smaller_one_is_part_of_a_larger(knowledge_dir, base, tmp_path):
    few, more = (load(with_situations(knowledge_dir, tmp_path / str(count), count)) for count in (3, 7))
    assert set(few.situations) < set(more.situations) < set(base.situations)
    whole = told(base)
    for group, count in told(few).items():
        assert count == (whole[group] if group[0] is None else min(3, whole[group]))


def test_as_many_situations_as_there_are_is_the_base_itself(knowledge_dir, base, tmp_path):
    assert load(with_situations(knowledge_dir, tmp_path / "all", 10_000)).situations == base.situations


def found(decision, *ranked, items=(), facet=None):
    return Found(QUESTION, ranked, decision, items, facet)


@pytest.mark.parametrize(
    ("case", "right"),
    [
        (found("answer", RIGHT), True),
        (found("answer", OTHER, RIGHT), False),
        (found("clarify", OTHER, OTHER, RIGHT), True),
        (found("clarify", *[("felling", facet.value) for facet in Facet if facet != Facet.FEE][:4], RIGHT), False),
        (found("ask_item", items=("sign", "felling"), facet="fee"), True),
        (found("ask_item", items=("sign", "felling"), facet="materials"), False),
        (found("abstain", RIGHT), False),
    ],
)
def test_a_question_counts_as_resolved_where_its_entry_is_given_or_offered(case, right):
    assert resolved(case) is right


def test_a_later_turn_follows_what_the_turns_before_asked_for():
    name = next(f"d-{number}" for number in range(99) if part_of(f"d-{number}") is Part.TUNE)
    turns = (
        Turn(say="felling?", expect=Expectation(kinds=("answer",), item="felling", facet="overview")),
        Turn(choose=Choose(ordinal=1), expect=Expectation()),
        Turn(say="and how much?", expect=Expectation(item="felling", facet="fee", also=(Alternative(item="sign"),))),
    )
    (turn,) = follow_ups([Dialogue(id=name, language="en", theme="follow-up", turns=turns)], Part.TUNE)
    assert (turn.context_item, turn.context_facet) == ("felling", "overview")
    assert (turn.question.text, turn.question.style) == ("and how much?", "follow-up")
    assert ("felling", "fee") in turn.question.accepted and ("sign", "materials") in turn.question.accepted
    assert list(follow_ups([Dialogue(id=name, language="en", theme="x", turns=turns)], Part.TEST)) == []


def features(layout, facets, **signals):
    """The features of one message whose signals are all alike but for those that are named."""
    items, entries = len(layout.item_ids), len(layout.entry_ids)
    alike = {
        "item_dense": np.ones(items), "item_lexical": np.ones(items), "item_named": np.ones(items), "asking": 0.5,
        "elsewhere": 0.0, "here": 0.0,
        "entry_dense": np.ones(entries), "entry_lexical": np.ones(entries),
    }  # fmt: skip
    head = signals.pop("head", np.zeros(items + 1))
    said = Signals(**{**alike, **signals})
    classes = (*layout.item_ids, SILENT)
    return item_features(head, classes, said, layout), entry_features(facets, said, layout)


def test_each_signals_columns_are_those_that_it_moves(base):
    own = tuple(form for form in forms(base) if form.language == "en")
    layout = Layout(base, own, "en", Segmenter(()))
    items, entries = len(layout.item_ids), len(layout.entry_ids)
    quiet = np.zeros((len(Facet), 2))
    moved = {
        "item head": {"head": np.arange(items + 1.0)},
        "facet head": {"facets": quiet + np.array([1.0, 0.0])},
        "n-gram head": {"facets": quiet + np.array([0.0, 1.0])},
        "dense similarity": {"item_dense": np.arange(2.0, items + 2), "entry_dense": np.arange(2.0, entries + 2)},
        "BM25": {"item_lexical": np.arange(2.0, items + 2), "entry_lexical": np.arange(2.0, entries + 2)},
        "items' names": {"item_named": np.arange(2.0, items + 2)},
    }
    still = features(layout, quiet)
    for signal in SIGNALS:
        changed = moved[signal.name]
        after = features(layout, changed.pop("facets", quiet), **changed)
        columns = [set(np.flatnonzero((a != b).any(axis=0))) for a, b in zip(still, after, strict=True)]
        # Every item has entries here, so that the item head's mass of other items (column 7) does not move.
        assert columns == [set(signal.of_items) - {7}, set(signal.of_entries)], signal.name


def test_a_signal_that_is_left_out_gets_no_weight_and_the_others_are_as_they_were():
    chance = np.random.default_rng(0)
    gold = np.eye(4, dtype=bool)[chance.integers(4, size=200)]
    facet = np.tile(np.arange(4), (200, 1))
    lessons = JoinLessons(
        chance.normal(size=(200, 4, ITEM_FEATURES)), gold, ("told",) * 199 + ("composed",),
        chance.normal(size=(200, 4, ENTRY_FEATURES)), gold, np.ones((200, 4), dtype=bool), facet, ("told",) * 200,
    )  # fmt: skip
    for signal in SIGNALS:
        less = without(signal, lessons)
        item_join, entry_join, _ = fit_joins(less)
        assert set(np.flatnonzero(item_join.weights == 0)) == set(signal.of_items)
        assert set(np.flatnonzero(entry_join.weights == 0)) == set(signal.of_entries)
    assert np.all(lessons.item_x != 0)


def test_a_chart_is_an_svg_with_a_line_for_each_curve_and_a_bar_for_each_interval():
    points = tuple((x, rate([True] * x + [False])) for x in (0, 10, 40))
    drawn = ElementTree.fromstring(line_chart([Line("zh, a < b", points), Line("en", points, dashed=True)], "x", "y"))
    lines = drawn.findall("{http://www.w3.org/2000/svg}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [3, 3]
    assert ["stroke-dasharray" in line.attrib for line in lines] == [False, True]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    data_dir = small_base.share_embeddings(tmp_path_factory.mktemp("variants"))
    with scratch(data_dir, adapted=True) as place:
        yield place


ASKED = [
    Question(id=str(n), language="en", text=text, item="urban-tree-felling", facet="fee", style="plain")
    for n, text in enumerate(["how much does a tree felling permit cost", "tree felling permit fee"])
]


def test_a_variant_is_searched_as_the_product_and_without_pinyin_letters_are_letters(place, knowledge_dir):
    built = place.build_whole(knowledge_dir, lambda step: None)
    whole = place.searching(built)
    assert proxies.rates(proxies.ask(whole, ASKED))["answered_right"]["en"].value == 1.0
    assert whole.search("kanshu xuke yao duoshao qian").read_as is not None
    changed = place.searching(place.changed(built, "pinyin", pinyin=False))
    assert changed.search("kanshu xuke yao duoshao qian").read_as is None


def test_an_index_that_too_few_situations_make_unfit_is_told_of_and_not_measured(place, knowledge_dir):
    data_dir = place.kept.parent
    (none,) = learning_curve.points(data_dir, knowledge_dir, ASKED, (0,), lambda step: None, {"adapted": True})
    assert "standard questions" in none.refused and not none.rates


def test_what_is_written_names_every_point_and_every_part(tmp_path):
    rates = proxies.rates([found("answer", RIGHT)])
    points = [learning_curve.Point("plain", 10, rates), learning_curve.Point("plain", 0, {}, "unfit")]
    learning_curve.write(points, "revision", tmp_path)
    written = json.loads((tmp_path / learning_curve.REPORT).read_text())
    assert written["points"][0]["rates"]["resolved"]["en"]["numerator"] == 1
    assert all(path.read_text().count("<polyline") == 2 for path in tmp_path.glob("*.svg"))  # one a language
    assert len(list(tmp_path.glob("learning-curve-*.svg"))) == len(learning_curve.CHARTED)
    part = ablation.Ablation("BM25", "questions", rates, 0.5)
    ablation.write([part, replace(part, without="adapter")], "revision", tmp_path)
    assert [one["without"] for one in json.loads((tmp_path / ablation.REPORT).read_text())["ablations"]] == [
        "BM25", "adapter",
    ]  # fmt: skip
    assert ablation.table([part]).splitlines()[2].startswith("| questions | BM25 | 100.0 %")
