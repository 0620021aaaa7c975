"""What is counted of a ranking of entries; every method is measured by these, ours too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evaluation.outcomes import Ranked
from evaluation.suites import Question

LANGUAGES = ("zh", "en", "all")


def distinct(ranked: Ranked) -> Ranked:
    """The ranking with every (item, facet) once, where its best entry stands."""
    return tuple(dict.fromkeys(ranked))


def right_item_within(count: int) -> Callable[[Ranked, Question], bool]:
    """Whether one of the first `count` different items is right."""

    def judge(ranked: Ranked, question: Question) -> bool:
        items = list(dict.fromkeys(item for item, _ in ranked))
        return not question.items.isdisjoint(items[:count])

    return judge


def right_entry_within(count: int) -> Callable[[Ranked, Question], bool]:
    """Whether one of the first `count` different entries (item and facet) is right."""
    return lambda ranked, question: not question.accepted.isdisjoint(distinct(ranked)[:count])


RANKING_MEASURES: Mapping[str, Callable[[Ranked, Question], bool]] = {
    "item_first": right_item_within(1),
    "item_in_3": right_item_within(3),
    "entry_first": right_entry_within(1),
    "entry_in_3": right_entry_within(3),
    "entry_in_5": right_entry_within(5),
}


def of_language(questions: Sequence[Question], language: str) -> list[int]:
    """The places of the questions in a language, or of all of them for "all"."""
    return [place for place, one in enumerate(questions) if language in ("all", one.language)]
