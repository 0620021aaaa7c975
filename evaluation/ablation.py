"""What each part of the search is worth: the measures on `tune` with one part taken out at a time. `make ablation`.

A signal is taken out by making it zero in what the joins are fitted on: they then give it no weight, and the thresholds
are set anew for what is left. Other parts are left out where the product lets them be: the adapter of the encoder, the
told situations of the base, the pinyin words of the index, the conversation that a message is part of.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from evaluation import proxies, report, suites
from evaluation.proxies import FollowUp, Found
from evaluation.rates import Rate, better_or_worse
from evaluation.service import CHECKOUT
from evaluation.suites import Part, Question, part_of
from evaluation.variants import Scratch, scratch, with_situations
from knowledge import loader
from retrieval import index
from retrieval.embedding_cache import EmbeddingCache
from retrieval.reading import Reader
from retrieval.training import JoinLessons, fit_joins, join_lessons

REPORT = "ablation.json"
WHOLE = "nothing"


@dataclass(frozen=True)
class Signal:
    """A kind of evidence by its columns in retrieval.reading's item_features and entry_features."""

    name: str
    of_items: tuple[int, ...] = ()
    of_entries: tuple[int, ...] = ()


SIGNALS = (
    Signal("item head", of_items=(0, 4, 7)),
    Signal("facet head", of_entries=(0,)),
    Signal("n-gram head", of_entries=(1,)),
    Signal("dense similarity", of_items=(1, 8), of_entries=(2,)),
    Signal("BM25", of_items=(2,), of_entries=(3,)),
    Signal("items' names", of_items=(3,)),
)


@dataclass(frozen=True)
class Ablation:
    """The measures without one part: proxy → language → rate.

    `p_value` is McNemar's for "resolved" against the whole search, over all questions; 1 for the whole search itself.
    """

    without: str
    asked: str
    rates: Mapping[str, Mapping[str, Rate]]
    p_value: float


def without(signal: Signal, lessons: JoinLessons) -> JoinLessons:
    """The lessons with the signal's columns at zero."""
    item_x, entry_x = lessons.item_x.copy(), lessons.entry_x.copy()
    item_x[..., list(signal.of_items)] = 0.0
    entry_x[..., list(signal.of_entries)] = 0.0
    return replace(lessons, item_x=item_x, entry_x=entry_x)


def ablations(
    data_dir: Path,
    knowledge_dir: Path,
    questions: Sequence[Question],
    turns: Sequence[FollowUp],
    say: Callable[[str], None],
) -> list[Ablation]:
    """The whole search first, then without each part. Raises what retrieval.index.build raises."""
    with scratch(data_dir, adapted=True) as place, tempfile.TemporaryDirectory() as bases:
        say("the whole search")
        built = place.build_whole(knowledge_dir, lambda step: say(f"  {step}"))
        retriever = place.searching(built)
        whole = proxies.ask(retriever, questions)
        told = [_told(WHOLE, "questions", whole, whole)]
        for name, changed in _changed(place, built, say):
            told.append(_told(name, "questions", proxies.ask(place.searching(changed), questions), whole))
        say("without situations")
        untold = place.build(with_situations(knowledge_dir, Path(bases) / "untold", 0), lambda step: say(f"  {step}"))
        told.append(_told("situations", "questions", proxies.ask(place.searching(untold), questions), whole))
        following = proxies.go_on(retriever, turns)
        alone = proxies.ask(retriever, [turn.question for turn in turns])
        told.append(_told(WHOLE, "later turns", following, following))
        told.append(_told("conversation", "later turns", alone, following))
    with scratch(data_dir, adapted=False) as place:
        say("without the adapter")
        plain = place.searching(place.build_whole(knowledge_dir, lambda step: say(f"  {step}")))
        told.insert(1, _told("adapter", "questions", proxies.ask(plain, questions), whole))
    return told


def _changed(place: Scratch, built: Path, say: Callable[[str], None]) -> Iterator[tuple[str, Path]]:
    """The name of each part that the index itself can do without, and the folder of an index without it."""
    live = index.load(built)
    cache = EmbeddingCache(place.folder / "embeddings", place.encoder)
    lessons = join_lessons(live.base, live.languages, live.segmenter, cache)
    for signal in SIGNALS:
        say(f"without {signal.name}")
        yield signal.name, place.changed(built, signal.name.replace(" ", "-"), _refitted(live.reader, signal, lessons))
    say("without reading pinyin")
    yield "pinyin", place.changed(built, "pinyin", pinyin=False)


def _refitted(reader: Reader, signal: Signal, lessons: JoinLessons) -> Reader:
    item_join, entry_join, thresholds = fit_joins(without(signal, lessons))
    assert not np.any(item_join.weights[list(signal.of_items)]), "a column of zeros must get no weight"
    return replace(reader, item_join=item_join, entry_join=entry_join, thresholds=thresholds)


def _told(name: str, asked: str, found: Sequence[Found], whole: Sequence[Found]) -> Ablation:
    before, after = ([proxies.resolved(one) for one in group] for group in (whole, found))
    return Ablation(name, asked, proxies.rates(found), better_or_worse(before, after)[2])


def write(told: Sequence[Ablation], revision: str, folder: Path) -> None:
    """Write ablation.json below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    content: dict[str, Any] = {"revision": revision, "at": report.now(), "ablations": [asdict(one) for one in told]}
    (folder / REPORT).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def table(told: Sequence[Ablation]) -> str:
    """A Markdown table: what was left out, and each proxy over both languages."""
    names = list(proxies.PROXIES)
    head = f"| asked | without | {' | '.join(name.replace('_', ' ') for name in names)} | p (resolved) |"
    lines = [head, "|" + "---|" * (len(names) + 3)]
    for one in told:
        shown = " | ".join(str(one.rates[name]["all"]) for name in names)
        lines.append(f"| {one.asked} | {one.without} | {shown} | {one.p_value:.3f} |")
    return "\n".join(lines)


def main(out: Path = Path("reports")) -> None:
    """Measure, write, print the table."""
    knowledge_dir = CHECKOUT / "knowledge"
    questions = [one for one in suites.questions() if part_of(one.id) is Part.TUNE]
    turns = list(proxies.follow_ups(suites.dialogues(), Part.TUNE))
    told = ablations(CHECKOUT / "var", knowledge_dir, questions, turns, lambda step: print(step, file=sys.stderr))
    write(told, loader.revision_of(knowledge_dir), out)
    print(table(told))
    print(f"Written to {out / REPORT}.")


if __name__ == "__main__":
    main()
