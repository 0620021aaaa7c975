"""The command `bangban`: serve, prepare, ask, kb, user, eval, doctor. Each command imports only what it needs."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.eval_cli import evaluation
from api.kb_cli import kb
from api.terminal import AsJson, quiet_libraries, read_settings, refuse
from api.user_cli import user

if TYPE_CHECKING:
    from knowledge.base import Entry
    from retrieval.evidence import Evidence

app = typer.Typer(
    help="Bangban (帮办), the bilingual permit-help desk. Settings come from the environment: BANGBAN_PORT and so on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(kb, name="kb")
app.add_typer(user, name="user")
app.add_typer(evaluation, name="eval")


class Tongue(StrEnum):
    """The language that the answer is wanted in."""

    AUTO = "auto"
    ZH = "zh"
    EN = "en"


@app.command()
def serve() -> None:
    """Start the bot and the web service; Ctrl-C ends both."""
    from api.exclusive import CannotStart

    settings = read_settings()
    quiet_libraries()
    from api import serve as serving

    try:
        serving.serve(settings, say=lambda line: print(line, flush=True))
    except CannotStart as error:
        refuse(str(error))


@app.command()
def prepare() -> None:
    """Make the model, the index and the trained bot where they are missing, and start nothing."""
    from api.exclusive import CannotStart

    settings = read_settings()
    quiet_libraries()
    from api import serve as serving

    try:
        serving.prepare(settings)
    except CannotStart as error:
        refuse(str(error))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What a visitor would write.")],
    language: Annotated[Tongue, typer.Option(help="Language of the answer; auto: the question's.")] = Tongue.AUTO,
    item: Annotated[str | None, typer.Option(help="The permit item that the conversation is about.")] = None,
    server: Annotated[str | None, typer.Option(help="Ask a running service, such as http://127.0.0.1:8000.")] = None,
    as_json: AsJson = False,
) -> None:
    """Answer one question and say why this answer was chosen."""
    told = _ask_server(server, question, language, item) if server else _ask_here(question, language, item)
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _show_answer(told)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """What is installed, reachable and ready, and what to do where it is not."""
    from api.doctor import State, examine

    findings = examine(read_settings())
    if as_json:
        print(json.dumps([vars(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        from rich.console import Console
        from rich.table import Table

        colours = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red"}
        table = Table("", "what", "seen", "what to do", box=None, pad_edge=False)
        for finding in findings:
            mark = f"[{colours[finding.state]}]{finding.state.value}[/]"
            table.add_row(mark, finding.subject, finding.seen, finding.what_to_do)
        Console(width=None if sys.stdout.isatty() else 160, markup=True, highlight=False).print(table)
    if any(finding.state is State.FAIL for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """What `bangban` runs."""
    app()


def _ask_here(question: str, language: Tongue, item: str | None) -> dict[str, Any]:
    from api.exclusive import CannotStart
    from api.progress import Progress
    from api.serve import open_search, told_in_a_sentence

    settings = read_settings()
    quiet_libraries()
    try:
        with told_in_a_sentence(settings):
            retriever = open_search(settings, Progress())
    except CannotStart as error:
        refuse(str(error))
    if item is not None and item not in retriever.base.items:
        refuse(f"There is no item {item!r}; there are {', '.join(sorted(retriever.base.items))}.")
    wanted = None if language is Tongue.AUTO else language.value
    evidence = retriever.search(question, wanted, (item,) if item else ())
    spoken = wanted or evidence.language
    best = retriever.base.entries[evidence.entries[0].entry_id] if evidence.entries else None
    return {
        "question": question,
        "decision": evidence.decision.value,
        "language": spoken,
        "answer": _answer(best, spoken) if best is not None and evidence.decision.value == "answer" else None,
        "why": _why(evidence, retriever.base.entries, retriever.base.items, spoken),
    }


def _answer(entry: Entry, language: str) -> dict[str, Any]:
    return {
        "entry_id": entry.entry_id,
        "title": getattr(entry.question, language),
        "text": getattr(entry.answer, language),
        "as_of": entry.as_of.isoformat(),
        "to_confirm": entry.to_confirm,
        "sources": [
            {"title": getattr(s.title, language), "reference": getattr(s.reference, language), "url": s.url}
            for s in entry.sources
        ],
    }


def _why(evidence: Evidence, entries: Any, items: Any, language: str) -> dict[str, Any]:
    return {
        "revision": evidence.base.revision,
        "language": evidence.language,
        "topic": evidence.topic.value,
        "item_id": evidence.item_id,
        "facet": evidence.facet.value if evidence.facet else None,
        "facet_confidence": round(evidence.facet_confidence, 3),
        "entries": [
            {
                "entry_id": ranked.entry_id,
                "facet": ranked.facet.value,
                "confidence": round(ranked.confidence, 3),
                "title": getattr(entries[ranked.entry_id].question, language),
            }
            for ranked in evidence.entries
        ],
        "items": [
            {
                "item_id": ranked.item_id,
                "confidence": round(ranked.confidence, 3),
                "name": getattr(items[ranked.item_id].name, language),
            }
            for ranked in evidence.items
        ],
    }


def _ask_server(url: str, question: str, language: Tongue, item: str | None) -> dict[str, Any]:
    """The same, from a running service, through the contract that every client has: the messages are the bot's own."""
    import httpx

    context = {"context": {"item_id": item}} if item else {}
    try:
        with httpx.Client(base_url=url.rstrip("/") + "/api/v1", timeout=30) as client:
            session = _told(client.post("/sessions", json={"language": language.value, "channel": "cli", **context}))
            path = f"/sessions/{session['session_id']}"
            key = {"Authorization": f"Bearer {session['token']}"}
            reply = _told(client.post(f"{path}/messages", json={"text": question}, headers=key))
            found = _told(client.get("/search", params={"q": question, "language": language.value}))
            client.delete(path, headers=key)
    except httpx.HTTPError as error:
        refuse(f"{url} does not answer ({error or type(error).__name__}): is `bangban serve` running there?")
    return {
        "question": question,
        "decision": found["decision"],
        "language": reply["language"],
        "answer": None,
        "messages": reply["messages"],
        "why": {"language": found["language"], "entries": found["results"]},
    }


def _told(response: Any) -> Any:
    if response.is_error:
        refuse(f"{response.request.url} answered {response.status_code}: {response.text[:300]}")
    return response.json()


def _show_answer(told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    console.print(f"Decision: {told['decision']}", style="bold")
    answer = told["answer"]
    if answer:
        console.print(f"\n{answer['title']}", style="bold")
        console.print(Markdown(answer["text"]))
        for source in answer["sources"]:
            console.print(
                f"— {source['title']}, {source['reference']}" + (f" ({source['url']})" if source["url"] else "")
            )
        console.print(f"as of {answer['as_of']}" + ("; has a point to confirm" if answer["to_confirm"] else ""))
    for message in told.get("messages", ()):
        console.print(f"\n[{message['kind']}]")
        console.print(Markdown(message["text"]))
        for option in message["options"]:
            console.print(f"  · {option['title']}")
    why = told["why"]
    console.print("\nWhy", style="bold")
    for name in ("language", "topic", "item_id", "facet", "facet_confidence", "revision"):
        if name in why:
            console.print(f"  {name.replace('_', ' ')}: {why[name]}")
    for title, key in (("entry", "entry_id"), ("item", "item_id")):
        ranked = why.get("entries" if title == "entry" else "items", ())
        if ranked:
            table = Table("confidence", title, "", box=None, pad_edge=False)
            for row in ranked:
                table.add_row(
                    f"{row.get('confidence', row.get('score', 0)):.3f}", row[key], row.get("title") or row.get("name")
                )
            console.print(table)
