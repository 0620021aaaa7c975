"""The report says everything in both languages, needs nothing from outside, and shows no case of the test part."""

import json
import re

import pytest

from evaluation import outcomes, report, suites
from evaluation.outcomes import CaseOutcome, Catalogue, DistortedOutcome, QuestionOutcome, Run, TurnOutcome
from evaluation.run import compare
from evaluation.suites import Distorted, Part, part_of


def asked(question, right):
    return QuestionOutcome(
        question=question, resolved=right, first=right, wrong=not right, choices=0, kinds=("answer",),
        given=(question.item, question.facet), confidence=0.8, ranked=((question.item, question.facet),),
        language_right=True, waited_ms=(20.0,),
    )  # fmt: skip


@pytest.fixture(scope="module")
def run():
    """A run in which every case fails, so that whatever may be shown is shown."""
    questions = suites.questions()[::6]
    tuned = next(one for one in questions if part_of(one.id) is Part.TUNE)
    dialogues = tuple(
        CaseOutcome(one.id, one.language, one.theme, False, f"turn 1: {one.turns[0].say}", "text instead of answer",
                    (TurnOutcome("text", ("answer",), False, 30.0),))
        for one in suites.dialogues()[::3]
    )  # fmt: skip
    return Run(
        revision="0123456789ab",
        at="2026-11-24T12:00:00+00:00",
        questions=tuple(asked(one, False) for one in questions),
        cases={"dialogues": dialogues, "outside": (), "hostile": ()},
        distorted=(DistortedOutcome(Distorted(id="r", kind="typo", language="en", of=tuned.id, text="tpyo"), ()),),
        catalogue=Catalogue({one.item: "trees" for one in questions}, {"trees": {"zh": "树木", "en": "Trees"}}),
    )


@pytest.fixture(scope="module")
def written(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    report.write(run, folder)
    return folder


def test_a_run_read_back_is_the_run_that_was_kept(run, written):
    assert outcomes.load(written / "outcomes.json") == run


def test_the_report_written_again_is_the_report(run, written, tmp_path):
    report.write_again(outcomes.load(written / "outcomes.json"), tmp_path)
    for name in ("eval.html", "eval.json"):
        assert (tmp_path / name).read_text() == (written / name).read_text()


def test_the_page_asks_no_other_file_and_no_other_host(written):
    page = (written / "eval.html").read_text()
    assert not re.search(r'(?:src|href)="(?!#)', page) and "@import" not in page and "url(" not in page


def test_every_sentence_stands_in_both_languages(written):
    page = (written / "eval.html").read_text()
    assert page.count('class="t" lang="zh-Hans"') == page.count('class="t" lang="en"') > 100


def test_failures_are_shown_of_the_tuning_part_alone(run, written):
    page = (written / "eval.html").read_text()
    shown = {part_of(one.question.id) for one in run.questions if f">{one.question.text}</td>" in page}
    assert shown == {Part.TUNE}
    texts = {part: [one.said for one in run.cases["dialogues"] if part_of(one.id) is part] for part in Part}
    assert any(text in page for text in texts[Part.TUNE])
    assert not any(text in page for text in texts[Part.TEST] + texts[Part.CALIBRATE])


def test_figures_without_cases_are_null_so_that_every_program_can_read_them(written):
    told = json.loads((written / "eval.json").read_text(), parse_constant=pytest.fail)
    assert told["figures"]["test"]["hostile"]["all"] == {
        "value": None, "low": None, "high": None, "numerator": 0, "denominator": 0,
    }  # fmt: skip
    assert told["groups"]["family"]["trees"]["resolved"]["numerator"] == 0
    assert told["robustness"]["typo"]["item_clean"]["numerator"] == 1


def test_two_runs_are_compared_case_by_case(run, written, tmp_path):
    better = Run(run.revision, run.at, tuple(asked(one.question, True) for one in run.questions), run.cases)
    report.write(better, tmp_path)
    told = compare(written / "outcomes.json", tmp_path / "outcomes.json")
    assert (told.better, told.worse) == (len(run.questions), 0) and told.p_value < 0.001


def test_outcomes_of_another_version_are_refused_in_a_sentence(tmp_path):
    (tmp_path / "outcomes.json").write_text('{"revision": "x", "cases": {}}')
    with pytest.raises(outcomes.UnreadableOutcomes, match="holds no outcomes"):
        outcomes.load(tmp_path / "outcomes.json")
