"""The commands below `bangban kb drafts`: replies that helpers proposed for the base, and what became of them."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from textwrap import indent
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.clock import SHANGHAI
from api.terminal import AsJson, on_database, operator, read_settings, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.settings import Settings
    from api.storage.database import Database
    from api.storage.desk_models import PromotionRow
    from knowledge.base import Entry

drafts = typer.Typer(help="Replies that helpers proposed for the base.", invoke_without_command=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="A draft's id (see drafts), or the beginning of it.")]
SHOWN_ID = 8


class Which(StrEnum):
    """Which drafts are listed."""

    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"
    ALL = "all"


@drafts.callback()
def list_drafts(
    context: typer.Context,
    state: Annotated[Which, typer.Option(help="Only those in this state.")] = Which.OPEN,
    as_json: AsJson = False,
) -> None:
    """List them, newest first: what each answers, what it lacks, and how many entries speak against it."""
    if context.invoked_subcommand is not None:
        return
    rows = _read(None if state is Which.ALL else state.value)
    if as_json:
        print(json.dumps([_told(row) for row in rows], ensure_ascii=False, indent=2))
        return
    if not rows:
        print(f"There is no {state.value} draft." if state is not Which.ALL else "Nobody has proposed a reply yet.")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "proposed", "about", "question", "lacks", "warnings", "state", box=None, pad_edge=False)
    for row in rows:
        question = row.question.get("zh") or row.question.get("en") or ""
        cells = (row.id[:SHOWN_ID], _day(row), f"{row.item_id}.{row.facet}", question[:60], ", ".join(lacking(row)))
        table.add_row(*cells, str(len(row.warnings["warnings"])), row.state)
    Console(width=None if sys.stdout.isatty() else 200, markup=False, highlight=False).print(table)


@drafts.command()
def show(draft: Id) -> None:
    """Print one as YAML to paste into the item's file, after what is to be done with it."""
    print(as_yaml(_find(draft)))


@drafts.command()
def take(
    draft: Id,
    entry: Annotated[str, typer.Option(help="The entry that says it now: ITEM.SLUG in the knowledge files.")],
    note: Annotated[str, typer.Option("--note", help="What was changed, or why.")] = "",
) -> None:
    """Note that an entry of the files says it now, in both languages and with a source. Publishes nothing."""
    row = _find_open(draft)
    written = _entry(read_settings(), entry)
    if not written.sources:
        refuse(f"{entry} cites no source: let its answer use a fact that has one, or name that fact in `basis`.")
    _close(row, "taken", f"{entry}: {note}" if note else entry)
    print(f"Draft {row.id[:SHOWN_ID]} is taken as {entry}; `bangban kb publish` makes the entry live.")


@drafts.command()
def decline(draft: Id, note: Annotated[str, typer.Option("--note", help="Why.")]) -> None:
    """Note why one will not become an entry."""
    if not note.strip():
        refuse("Say why with --note: whoever proposed it will ask.")
    row = _find_open(draft)
    _close(row, "declined", note)
    print(f"Draft {row.id[:SHOWN_ID]} is declined.")


def lacking(row: PromotionRow) -> list[str]:
    """What a draft lacks to become an entry: a language of question or answer, the source."""
    missing = [language for language in ("zh", "en") if not (row.question.get(language) and row.answer.get(language))]
    return missing if row.source else [*missing, "source"]


def as_yaml(row: PromotionRow) -> str:
    """The draft as an entry of the knowledge files; what nobody has written is empty, which no check passes."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes texts of several lines as people do."""

    Dumper.add_representer(
        str, lambda to, text: to.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)
    )
    entry = {
        "facet": row.facet,
        "question": {language: row.question.get(language) or "" for language in ("zh", "en")},
        "similar": {"zh": [], "en": []},
        "answer": {language: row.answer.get(language) or "" for language in ("zh", "en")},
        "basis": [],
    }
    slug = f"situation-{row.id[:SHOWN_ID]}"
    written = yaml.dump({slug: entry}, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=10_000)
    return "\n".join(f"# {line}" for line in _to_do(row)) + "\nentries:\n" + indent(written.rstrip(), "  ")


def _to_do(row: PromotionRow) -> list[str]:
    source = _one_line(row.source) if row.source else "nothing; find the source first"
    lines = [
        f"Draft {row.id}, proposed by {row.helper} on {_day(row)}, {row.state}.",
        f"For knowledge/items/{row.item_id}.yaml, below `entries`. Give it a slug of its own.",
        f"Rests on, in the helper's words: {source}.",
        "Figures, dates and articles become facts with `source`; name in `basis` what the answer does not show.",
    ]
    if row.effective or row.expires:
        lines.append(f"`effective: {row.effective or ''}`, `expires: {row.expires or ''}` belong to these facts.")
    if missing := [language for language in lacking(row) if language != "source"]:
        lines.append(f"Still to be written: {', '.join(missing)}.")
    for warning in row.warnings["warnings"]:
        kind, detail = warning["kind"].replace("_", " ").capitalize(), _one_line(warning["detail"]["en"])
        lines.append(f"{kind}, {warning['entry_id']}: {detail}")
    return lines


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _day(row: PromotionRow) -> str:
    return row.at.astimezone(SHANGHAI).date().isoformat()


def _told(row: PromotionRow) -> dict[str, Any]:
    from api.desk.promotions import promotion_out

    told = promotion_out(row).model_dump(mode="json")
    return {**told, "lacks": lacking(row), "closed_by": row.closed_by, "note": row.closing_note}


def _read(state: str | None) -> Sequence[PromotionRow]:
    async def read(database: Database) -> Sequence[PromotionRow]:
        async with database.reading() as work:
            return await work.desk.promotions(state)

    return on_database(read)


def _find(draft: str) -> PromotionRow:
    found = [row for row in _read(None) if draft and row.id.startswith(draft)]
    if not found:
        refuse(f"There is no draft {draft!r}; `bangban kb drafts --state all` lists them.")
    if len(found) > 1:
        refuse(f"{draft!r} begins the ids of {len(found)} drafts; give more of it.")
    return found[0]


def _find_open(draft: str) -> PromotionRow:
    row = _find(draft)
    if row.state != "open":
        why = f" ({row.closing_note})" if row.closing_note else ""
        refuse(f"Draft {row.id[:SHOWN_ID]} was {row.state} already, by {row.closed_by}{why}.")
    return row


def _entry(settings: Settings, entry_id: str) -> Entry:
    """The entry as the knowledge files have it, complete in both languages as every entry of theirs."""
    from knowledge import loader

    try:
        base = loader.load(settings.knowledge_dir)
    except loader.BrokenBase as error:
        faults = "\n".join(map(str, error.faults))
        refuse(f"{faults}\nThe draft is still open: mend the files first; `bangban kb check` lists what is wrong.")
    if entry_id not in base.entries:
        refuse(f"The files in {settings.knowledge_dir} have no entry {entry_id}; write it first (see drafts show).")
    return base.entries[entry_id]


def _close(row: PromotionRow, state: str, note: str) -> None:
    from pydantic import ValidationError

    from api.desk import promotions
    from api.desk.schemas import ClosingIn
    from api.problems import AlreadyDecided

    try:
        wish = ClosingIn.model_validate({"state": state, "note": note})
    except ValidationError as error:
        refuse(f"The note cannot be kept: {error.errors()[0]['msg']}.")

    async def close(database: Database) -> None:
        async with database.writing() as work:
            await promotions.closed(work, operator(), row.id, wish)
            await work.commit()

    try:
        on_database(close)
    except AlreadyDecided:
        refuse(f"Somebody else decided on draft {row.id[:SHOWN_ID]} in this moment; list the drafts again.")
