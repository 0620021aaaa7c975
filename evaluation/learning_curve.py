"""What told situations are worth: the search's measures on `tune` as more of them teach it. `make learning-curve`.

The heads, joins and thresholds learn from 0, 10, 20 or 40 situations of each item and language. The adapted encoder has
learnt from all of them but the held-out fifth, whatever the heads are taught then, so that its curve starts too high;
the plain encoder has seen none, and its curve is the clean one.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluation import proxies, report, suites
from evaluation.plots import Line, line_chart
from evaluation.rates import Rate
from evaluation.service import CHECKOUT
from evaluation.suites import Part, Question, part_of
from evaluation.variants import scratch, with_situations
from knowledge import loader
from retrieval.index import IndexUnfit

COUNTS = (40, 20, 10, 0)
"""Situations of each item and language; the whole base first, because the smaller ones are parts of it."""
ENCODERS = {"adapted": True, "plain": False}
REPORT, PLOT = "learning-curve.json", "learning-curve-{measure}.svg"
CHARTED = ("resolved", "answered_right", "entry_first")
"""Without told situations nothing is answered at once: "resolved" alone would hide how often one must choose."""


@dataclass(frozen=True)
class Point:
    """The measures with so many situations of each item and language: proxy → language → rate.

    `refused` says why the index of so few cannot go live, "" where it can; there are no rates then.
    """

    encoder: str
    situations: int
    rates: Mapping[str, Mapping[str, Rate]]
    refused: str = ""


def points(
    data_dir: Path,
    knowledge_dir: Path,
    questions: Sequence[Question],
    counts: Sequence[int],
    say: Callable[[str], None],
    encoders: Mapping[str, bool] = ENCODERS,
) -> list[Point]:
    """A point for each encoder and count; `counts` fall. Raises knowledge.loader.BrokenBase or OSError."""
    found = []
    for encoder, adapted in encoders.items():
        with scratch(data_dir, adapted) as place, tempfile.TemporaryDirectory() as bases:
            for count in counts:
                say(f"{encoder} encoder, {count} situations an item and language")
                base = with_situations(knowledge_dir, Path(bases) / str(count), count)
                build = place.build_whole if count == counts[0] else place.build
                try:
                    retriever = place.searching(build(base, lambda step: say(f"  {step}")))
                except IndexUnfit as refused:
                    found.append(Point(encoder, count, {}, str(refused)))
                else:
                    found.append(Point(encoder, count, proxies.rates(proxies.ask(retriever, questions))))
    return found


def chart(found: Sequence[Point], measure: str) -> str:
    """The curves of one measure as an SVG, a line for each encoder and language."""
    lines = []
    for encoder in dict.fromkeys(point.encoder for point in found):
        for language in ("zh", "en"):
            measured = [point for point in found if point.encoder == encoder and point.rates]
            own = sorted(measured, key=lambda point: point.situations)
            lines.append(
                Line(
                    f"{language}, {encoder}",
                    tuple((point.situations, point.rates[measure][language]) for point in own),
                    dashed=encoder == "plain",
                )
            )
    return line_chart(lines, "situations of each item and language", f"{measure.replace('_', ' ')} (tune)")


def write(found: Sequence[Point], revision: str, folder: Path) -> None:
    """Write learning-curve.json, and a chart of each of CHARTED, below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    told: dict[str, Any] = {"revision": revision, "at": report.now(), "points": [asdict(point) for point in found]}
    (folder / REPORT).write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    for measure in CHARTED:
        (folder / PLOT.format(measure=measure)).write_text(chart(found, measure), encoding="utf-8")


def main(out: Path = Path("reports")) -> None:
    """Measure, write, print a line a point."""
    knowledge_dir = CHECKOUT / "knowledge"
    questions = [one for one in suites.questions() if part_of(one.id) is Part.TUNE]
    found = points(CHECKOUT / "var", knowledge_dir, questions, COUNTS, lambda step: print(step, file=sys.stderr))
    write(found, loader.revision_of(knowledge_dir), out)
    for point in found:
        told = ", ".join(f"{name} {100 * by['all'].value:.1f} %" for name, by in point.rates.items())
        print(f"{point.encoder} encoder, {point.situations} situations: {told or point.refused}")
    print(f"Written to {out / REPORT} and {out / PLOT.format(measure='*')}.")


if __name__ == "__main__":
    main()
