"""The same messages put to two searches, before a publish: which answers would change, and whether for the better.

Both searches run in this process, without bot or service: what is compared is what the base and its index decide.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from evaluation.proxies import found_of, resolved
from evaluation.rates import Rate, better_or_worse, rate
from evaluation.suites import Outside, Part, Question, part_of
from retrieval import index
from retrieval.encoder import Encoder
from retrieval.evidence import Evidence
from retrieval.retriever import Retriever


@dataclass(frozen=True)
class Asked:
    """A message; `case` is the suite's case that knows what is right, None for what a visitor once asked."""

    text: str
    language: str | None = None
    context_item: str | None = None
    case: Question | Outside | None = None

    @property
    def may_be_shown(self) -> bool:
        """Whether people may look at it: of the suites only the part that is there to improve by."""
        return self.case is None or part_of(self.case.id) is Part.TUNE


@dataclass(frozen=True)
class Answer:
    """What a search makes of a message. `entry_id` and `text` are of the entry given, None where none was.

    `right` is None where nobody knows; `wrong`: an entry of another item was given, or one where none should be.
    """

    decision: str
    entry_id: str | None
    text: str | None
    right: bool | None
    wrong: bool

    def __str__(self) -> str:
        """As people read it."""
        return self.entry_id or self.decision


class Verdict(StrEnum):
    """What a change does to one message."""

    BETTER = "better"
    WORSE = "worse"
    OTHER = "other"
    EDITED = "edited"
    SAME = "same"


@dataclass(frozen=True)
class Replayed:
    """One message with what it was and would be answered; `before` is None where nothing was live."""

    asked: Asked
    before: Answer | None
    after: Answer

    @property
    def verdict(self) -> Verdict:
        """Better and worse where the suite knows; "edited" is the same entry with another text."""
        before, after = self.before, self.after
        if before is None or before == after:
            return Verdict.SAME
        if before.right is not None and before.right != after.right:
            return Verdict.BETTER if after.right else Verdict.WORSE
        if (before.decision, before.entry_id) == (after.decision, after.entry_id):
            return Verdict.EDITED if before.text != after.text else Verdict.SAME
        return Verdict.OTHER


@contextlib.contextmanager
def opened(folder: Path, encoder: Encoder) -> Iterator[Retriever]:
    """The product's search over an index that need not be live. Raises index.IndexMissing."""
    with tempfile.TemporaryDirectory() as own:
        data_dir = Path(own)
        index.root(data_dir).mkdir()
        (index.root(data_dir) / folder.name).symlink_to(folder.resolve(), target_is_directory=True)
        index.switch(data_dir, folder)
        yield Retriever(data_dir, encoder)


def replay(before: Retriever | None, after: Retriever, asked: Sequence[Asked]) -> list[Replayed]:
    """Every message put to both, in order. An item that a base does not have is no context for it."""
    return [Replayed(one, _answer(before, one) if before is not None else None, _answer(after, one)) for one in asked]


def measures(told: Sequence[Replayed]) -> dict[str, dict[str, Rate]]:
    """Measure → language → rate: what gates.toml's [[publish]] limits, with `before` in front for how it was.

    resolved and wrong: of the suites' questions, by the search alone. outside: of messages that are none of the desk's
    business, those handled rightly. lost: of what was right, what no longer is. changed: of visitors' messages, those
    that would be met with another entry or decision.
    """
    return {
        name: {
            language: rate(hits([one for one in told if language in ("all", _language(one))]))
            for language in ("zh", "en", "all")
        }
        for name, hits in _MEASURES.items()
    }


@dataclass(frozen=True)
class Difference:
    """Of the cases whose right answer is known, how many got better and worse, and McNemar's exact p value."""

    better: int
    worse: int
    p_value: float


def difference(told: Sequence[Replayed]) -> Difference:
    """Over the suites' cases."""
    known = [(bool(one.before.right), bool(one.after.right)) for one in told if one.before and one.asked.case]
    return Difference(*better_or_worse([old for old, _ in known], [new for _, new in known]))


def _questions(told: Sequence[Replayed]) -> list[Replayed]:
    return [one for one in told if isinstance(one.asked.case, Question)]


_MEASURES = {
    "resolved": lambda told: [bool(one.after.right) for one in _questions(told)],
    "resolved_before": lambda told: [bool(one.before.right) for one in _questions(told) if one.before],
    "wrong": lambda told: [one.after.wrong for one in _questions(told)],
    "wrong_before": lambda told: [one.before.wrong for one in _questions(told) if one.before],
    "outside": lambda told: [bool(one.after.right) for one in told if isinstance(one.asked.case, Outside)],
    "lost": lambda told: [not one.after.right for one in told if one.before and one.before.right],
    "changed": lambda told: [
        one.verdict not in (Verdict.SAME, Verdict.EDITED) for one in told if one.before and one.asked.case is None
    ],
}


def _language(one: Replayed) -> str | None:
    return one.asked.case.language if one.asked.case else one.asked.language


def _answer(retriever: Retriever, asked: Asked) -> Answer:
    about = (asked.context_item,) if asked.context_item else ()
    evidence = retriever.search(asked.text, asked.language, about)
    given = evidence.entries[0].entry_id if evidence.decision.value == "answer" and evidence.entries else None
    return Answer(
        decision=evidence.decision.value,
        entry_id=given,
        text=evidence.base.entries[given].answer[evidence.language] if given else None,
        right=_right(asked.case, evidence),
        wrong=given is not None and _wrong(asked.case, evidence),
    )


def _right(case: Question | Outside | None, evidence: Evidence) -> bool | None:
    if case is None:
        return None
    if isinstance(case, Question):
        return resolved(found_of(case, evidence))
    if evidence.decision.value == "answer":
        return not _wrong(case, evidence)
    return "clarify" in case.accept or evidence.decision.value in ("abstain", "outside")


def _wrong(case: Question | Outside | None, evidence: Evidence) -> bool:
    given = evidence.entries[0].item_id
    if isinstance(case, Question):
        return given not in case.items
    return case is not None and ("answer" not in case.accept or given != case.item)
