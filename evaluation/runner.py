"""Asks the suites of a running service, as a visitor does, and tells what came of each case."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from evaluation.outcomes import CaseOutcome, DistortedOutcome, QuestionOutcome, Ranked, TurnOutcome
from evaluation.resolution import STEP_OF_KIND, Outcome, outcome
from evaluation.suites import Choose, Dialogue, Distorted, Expectation, Hostile, Outside, Question

VISITORS = 4
MOST_CHOICES = 2
"""How many times a visitor chooses among options before giving up: a good desk narrows a question in at most two."""
SEARCHED = 10
TWO_QUESTIONS = "two-questions"
"""The theme of the dialogues that begin with two questions in one message."""


@dataclass
class Visitor:
    """One conversation over the HTTP contract; `waited_ms` holds how long each reply took, as the visitor saw it."""

    http: httpx.Client
    path: str
    last: dict[str, Any] = field(default_factory=dict)
    state: str = "bot"
    waited_ms: list[float] = field(default_factory=list)

    @classmethod
    def arrive(cls, url: str, language: str) -> Visitor:
        """Open a session in a language ("auto", "zh" or "en")."""
        http = httpx.Client(base_url=f"{url}/api/v1", timeout=60, trust_env=False)
        opened = http.post("/sessions", json={"language": language, "channel": "evaluation"}).raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {opened['token']}"
        return cls(http, f"/sessions/{opened['session_id']}/messages", opened["messages"][-1])

    def send(self, **body: str) -> dict[str, Any]:
        """The last message of the reply. Raises httpx.HTTPStatusError for a refusal."""
        began = time.perf_counter()
        replied = self.http.post(self.path, json=body)
        self.waited_ms.append(1000 * (time.perf_counter() - began))
        told = replied.raise_for_status().json()
        self.last, self.state = told["messages"][-1], told["state"]
        return self.last

    def choose(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        """The reply to the first offered option that is wanted; None where none is."""
        option = next((option for option in self.last["options"] if wanted(option)), None)
        return self.send(payload=option["payload"]) if option else None


def ask_questions(url: str, asked: Sequence[Question]) -> list[QuestionOutcome]:
    """What came of each question, in their order."""
    return _side_by_side(asked, lambda question: _ask(url, question))


def hold_dialogues(url: str, held: Sequence[Dialogue]) -> list[CaseOutcome]:
    """What came of each conversation."""
    return _side_by_side(held, lambda dialogue: _hold(url, dialogue))


def ask_outside(url: str, asked: Sequence[Outside]) -> list[CaseOutcome]:
    """What came of each message that is none of the desk's business."""
    return _side_by_side(asked, lambda case: _ask_outside(url, case))


def ask_hostile(url: str, asked: Sequence[Hostile]) -> list[CaseOutcome]:
    """What came of each odd or hostile message."""
    return _side_by_side(asked, lambda case: _ask_hostile(url, case))


def search_distorted(url: str, asked: Sequence[Distorted]) -> list[DistortedOutcome]:
    """What the search finds for each distorted question; the clean one's findings are in its own outcome."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=60, trust_env=False) as http:
        return _side_by_side(asked, lambda case: DistortedOutcome(case, _search(http, case.text)))


def _side_by_side(cases: Sequence[Any], ask: Callable[[Any], Any]) -> list[Any]:
    with ThreadPoolExecutor(VISITORS) as visitors:
        return list(visitors.map(ask, cases))


def _ask(url: str, question: Question) -> QuestionOutcome:
    visitor = Visitor.arrive(url, "auto")
    message = visitor.send(text=question.text)
    kinds, wrong, choices, confidence = [message["kind"]], False, 0, None
    options_held_it = message["kind"] == "clarify" and any(_leads_to(option, question) for option in message["options"])
    while True:
        answer = message["answer"]
        right = answer is not None and (answer["item_id"], answer["facet"]) in question.accepted
        if answer is not None:
            wrong = wrong or answer["item_id"] not in question.items
            confidence = answer["confidence"] if choices == 0 else confidence
        if right or choices == MOST_CHOICES or message["kind"] != "clarify":
            break
        chosen = _choice(visitor, question)
        if chosen is None:
            break
        message, choices = chosen, choices + 1
        kinds.append(message["kind"])
    given = (answer["item_id"], answer["facet"]) if answer else (None, None)
    language_right = message["language"] == question.language
    resolved = outcome([STEP_OF_KIND[kind] for kind in kinds], right and language_right) is Outcome.CONFIRMED
    return QuestionOutcome(
        question=question,
        resolved=resolved,
        first=resolved and choices == 0,
        wrong=wrong,
        choices=choices,
        kinds=tuple(kinds),
        given=given,
        confidence=confidence,
        ranked=_search(visitor.http, question.text),
        language_right=language_right,
        options_held_it=options_held_it,
        waited_ms=tuple(visitor.waited_ms),
    )


def _search(http: httpx.Client, text: str) -> Ranked:
    found = http.get("/search", params={"q": text, "language": "auto", "limit": SEARCHED}).raise_for_status()
    return tuple((hit["item_id"], hit["facet"]) for hit in found.json()["results"])


def _leads_to(option: dict[str, Any], question: Question) -> bool:
    return (option.get("item_id"), option.get("facet")) in question.accepted


def _choice(visitor: Visitor, question: Question) -> dict[str, Any] | None:
    """What the visitor picks: the option that leads to the right entry, else one that leads to the right item."""
    exact = visitor.choose(lambda option: _leads_to(option, question))
    if exact is not None:
        return exact
    return visitor.choose(lambda option: option.get("item_id") in question.items)


def _hold(url: str, dialogue: Dialogue) -> CaseOutcome:
    """Every turn is held and judged, also after one that went wrong: the later ones are what a visitor meets too."""
    visitor = Visitor.arrive(url, "auto")
    turns: list[TurnOutcome] = []
    first_fault = ("", "")
    both_met = None
    for number, turn in enumerate(dialogue.turns, start=1):
        sent = len(visitor.waited_ms)
        if turn.say is not None:
            message, said = visitor.send(text=turn.say), turn.say
        else:
            assert turn.choose is not None
            # Not offered, because the turn before was answered at once: then what was to come of it counts there.
            message = _pick(visitor, turn.choose) or visitor.last
            said = f"chooses {turn.choose.model_dump(exclude_none=True)}"
        fault = _fault(message, visitor.state, turn.expect)
        waited_ms = visitor.waited_ms[-1] if len(visitor.waited_ms) > sent else None
        turns.append(TurnOutcome(message["kind"], turn.expect.kinds, not fault, waited_ms))
        if number == 1 and dialogue.theme == TWO_QUESTIONS:
            both_met = len(_reached(message, turn.expect)) >= 2
        if fault and not first_fault[1]:
            first_fault = (f"turn {number}: {said}", fault)
    right = not first_fault[1]
    return CaseOutcome(dialogue.id, dialogue.language, dialogue.theme, right, *first_fault, tuple(turns), both_met)


def _pick(visitor: Visitor, choose: Choose) -> dict[str, Any] | None:
    if choose.ordinal is not None:
        options = visitor.last["options"]
        return visitor.send(text=str(choose.ordinal)) if len(options) >= choose.ordinal else None
    return visitor.choose(
        lambda option: (
            (choose.item is None or option.get("item_id") == choose.item)
            and (choose.facet is None or option.get("facet") == choose.facet)
        )
    )


def _fault(message: dict[str, Any], state: str, expect: Expectation) -> str:
    """What of the expectation the reply misses; empty where nothing."""
    answer = message["answer"] or {}
    given = (answer.get("item_id"), answer.get("facet"))
    if expect.kinds and message["kind"] not in expect.kinds:
        return f"{message['kind']} instead of {' or '.join(expect.kinds)} ({given[0]} {given[1]})"
    if expect.language and message["language"] != expect.language:
        return f"in {message['language']} instead of {expect.language}"
    if expect.state and state != expect.state:
        return f"state {state} instead of {expect.state}"
    accepted = [(expect.item, expect.facet), *((one.item, one.facet) for one in expect.also)]
    if message["kind"] == "answer" and (expect.item or expect.facet) and not _met(given, accepted):
        return f"{given[0]}.{given[1]} instead of {expect.item}.{expect.facet}"
    if message["kind"] == "clarify" and expect.item and not _offered(message, accepted):
        return f"the options lack {expect.item}"
    return ""


def _reached(message: dict[str, Any], expect: Expectation) -> set[tuple[str | None, str | None]]:
    """Which of the accepted entries the reply gives or offers."""
    accepted = {(expect.item, expect.facet), *((one.item, one.facet) for one in expect.also)}
    answer = message["answer"] or {}
    return accepted & {(one.get("item_id"), one.get("facet")) for one in (answer, *message["options"])}


def _met(given: tuple[str | None, str | None], accepted: Iterable[tuple[str | None, str | None]]) -> bool:
    return any(item in (None, given[0]) and facet in (None, given[1]) for item, facet in accepted)


def _offered(message: dict[str, Any], accepted: Iterable[tuple[str | None, str | None]]) -> bool:
    items = {item for item, _ in accepted}
    return any(option.get("item_id") in items for option in message["options"])


def _ask_outside(url: str, case: Outside) -> CaseOutcome:
    visitor = Visitor.arrive(url, "auto")
    message = visitor.send(text=case.text)
    answered = (message["answer"] or {}).get("item_id")
    right = message["kind"] in case.accept and (message["kind"] != "answer" or answered == case.item)
    turn = TurnOutcome(message["kind"], case.accept, right, visitor.waited_ms[-1])
    told = f"{message['kind']} {answered or ''}".rstrip()
    return CaseOutcome(case.id, case.language, case.kind, right, case.text, told, (turn,))


def _ask_hostile(url: str, case: Hostile) -> CaseOutcome:
    visitor = Visitor.arrive(url, "auto")
    try:
        message = visitor.send(text=case.text)
    except httpx.HTTPStatusError as error:
        refused = f"refused {error.response.status_code}"
        return CaseOutcome(case.id, case.language, "hostile", False, case.text, refused, ())
    kind, text = message["kind"], message["text"]
    leaked = [word for word in case.must_not if word.lower() in text.lower()]
    told = f"{kind}{', says ' + ', '.join(leaked) if leaked else ''}"
    right = kind in case.accept and not leaked
    turn = TurnOutcome(kind, case.accept, right, visitor.waited_ms[-1])
    return CaseOutcome(case.id, case.language, "hostile", right, case.text, told, (turn,))
