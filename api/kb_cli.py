"""The commands below `bangban kb`: everything a maintainer does to the knowledge."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from api.drafts_cli import drafts
from api.terminal import AsJson, quiet_libraries, read_settings, refuse

if TYPE_CHECKING:
    from api.publish_check import Check
    from api.settings import Settings
    from knowledge.base import KnowledgeBase
    from knowledge.diff import EntryChange
    from knowledge.lint.written import Embed
    from knowledge.loader import Fault

kb = typer.Typer(help="The knowledge base.", no_args_is_help=True)
kb.add_typer(drafts, name="drafts")

Note = Annotated[str, typer.Option("--note", help="Why; kept in the history.")]


@kb.command()
def check(
    as_json: AsJson = False,
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the rule that needs the language model.")] = False,
    coverage: Annotated[
        Path | None, typer.Option(help="Write the matrix of items and facets to this HTML file.")
    ] = None,
) -> None:
    """Check the knowledge by every rule; list each fault as file:line: field: what to do, or count what is there."""
    from knowledge import loader
    from knowledge.lint import lint

    settings = read_settings()
    try:
        read = loader.read(settings.knowledge_dir)
        faults = lint(read, dt.date.today(), None if quick else _embed(settings))
    except loader.BrokenBase as error:
        _show_faults(error.faults, settings, as_json)
    base = read.base
    if coverage is not None:
        from knowledge.coverage import coverage_page

        _write(coverage, coverage_page(base))
    if faults:
        _show_faults(faults, settings, as_json)
    counts = {
        "revision": base.revision,
        "items": len(base.items),
        "entries": len(base.entries),
        "questions": sum(len(e.similar.zh) + len(e.similar.en) + 2 for e in base.entries.values()),
        "situations": len(base.situations),
        "to_confirm": sum(entry.to_confirm for entry in base.entries.values()),
    }
    if as_json:
        print(json.dumps({**counts, "faults": []}, indent=2))
    else:
        print(
            "Revision {revision}: {items} items, {entries} entries with {questions} questions in both languages, "
            "{situations} situations; {to_confirm} answers have a point to confirm. No faults.".format(**counts)
        )


@kb.command()
def diff(
    revision: Annotated[str, typer.Argument(help="A kept revision (see history), or the beginning of its name.")],
    as_json: AsJson = False,
) -> None:
    """What the knowledge as it is now would change in a revision: entries added, changed and removed."""
    from knowledge.diff import compare
    from knowledge.loader import BrokenBase
    from retrieval import index, revisions

    settings = read_settings()
    try:
        before = index.base_of(revisions.find(settings.data_dir, revision))
        after = index.read_knowledge(settings.data_dir, settings.knowledge_dir, before).base
    except revisions.UnknownRevision as error:
        refuse(str(error))
    except BrokenBase as error:
        _show_faults(error.faults, settings, as_json)
    _show_changes(compare(before, after), before, after, as_json)


@kb.command()
def publish(
    note: Note = "",
    anyway: Annotated[bool, typer.Option("--anyway", help="Also with faults that `kb check --quick` finds.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="First show which answers change, keep to gates.toml's limits, and ask.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --check: publish without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the knowledge as it is now live: in a running service within seconds, without a restart."""
    from api.exclusive import CannotStart
    from api.progress import Progress
    from api.serve import told_in_a_sentence
    from knowledge import loader
    from knowledge.diff import Change, compare
    from knowledge.lint import lint
    from retrieval import index, revisions

    settings = read_settings()
    began = time.monotonic()
    live = index.live(settings.data_dir)
    before = _readable(live) if live else None
    try:
        # Read once: what is checked is what is published, whoever saves a file meanwhile.
        read = index.read_knowledge(settings.data_dir, settings.knowledge_dir, before)
        faults = [] if anyway else lint(read, dt.date.today())
    except loader.BrokenBase as error:
        _show_faults(error.faults, settings, as_json)
    if faults:
        _show_faults(faults, settings, as_json, "Nothing was published; mend them, or publish with --anyway.")
    quiet_libraries()
    from retrieval.encoder import find_encoder

    progress = Progress()
    checked = None
    try:
        with told_in_a_sentence(settings):
            # Loaded only for texts that are new: an edited answer is live before the model would be there.
            encoder = find_encoder(settings.data_dir, settings.encoder)
        if check:
            from api import publish_check

            with told_in_a_sentence(settings), progress.step("Asking the new base what people ask"):
                checked = publish_check.check(settings, encoder, lambda told: progress.note(f"  {told}"), read)
            _refuse_unless_wanted(checked, settings, yes, as_json)
        with told_in_a_sentence(settings), progress.step("Publishing"):
            revisions.publish(
                settings.data_dir, settings.knowledge_dir, encoder, lambda told: progress.note(f"  {told}"), note, read
            )
    except CannotStart as error:
        refuse(str(error))
    after = read.base
    changes = compare(before, after) if before else ()
    counts = {change.value: sum(told.change is change for told in changes) for change in Change}
    told: dict[str, Any] = {
        "revision": after.revision,
        "before": before.revision if before else None,
        **counts,
        "seconds": round(time.monotonic() - began, 1),
        "live_in_service": _await_service(settings, after.revision),
    }
    if checked is not None:
        told["check"] = publish_check.as_json(checked)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    taken = "; the running service answers from it" if told["live_in_service"] else ""
    print(
        f"Revision {after.revision} is live after {told['seconds']} s{taken}: {counts['added']} entries added, "
        f"{counts['changed']} changed, {counts['removed']} removed."
    )


@kb.command()
def history(as_json: AsJson = False) -> None:
    """Which revisions went live and when, newest first; those with their index kept can be rolled back to."""
    from retrieval import revisions

    settings = read_settings()
    kept, live = revisions.kept(settings.data_dir), revisions.live_revision(settings.data_dir)
    told = [
        {
            "at": one.at.isoformat(),
            "event": one.event.value,
            "revision": one.revision,
            "before": one.before,
            "note": one.note,
            "kept": one.revision in kept,
            "live": one.revision == live,
        }
        for one in reversed(revisions.history(settings.data_dir))
    ]
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    if not told:
        refuse("Nothing was published yet; `bangban kb publish` or `bangban serve` does.")
    from rich.console import Console
    from rich.table import Table

    table = Table("when (UTC)", "revision", "how", "in place of", "", "note", box=None, pad_edge=False)
    shown_live = False
    for row in told:
        state = "live" if row["live"] and not shown_live else "" if row["kept"] else "index not kept"
        shown_live = shown_live or bool(row["live"])
        cells = (str(row["at"])[:16], row["revision"], row["event"], row["before"] or "—", state, row["note"])
        table.add_row(*map(str, cells))
    Console(width=None if sys.stdout.isatty() else 160, markup=False, highlight=False).print(table)


@kb.command()
def rollback(
    revision: Annotated[str, typer.Argument(help="A kept revision (see history), or the beginning of its name.")],
    note: Note = "",
) -> None:
    """Make an earlier revision live again; a restart keeps it, until the next publish."""
    from retrieval import index, revisions

    settings = read_settings()
    try:
        folder = revisions.rollback(settings.data_dir, revision, note)
    except (revisions.UnknownRevision, index.IndexMissing) as error:
        refuse(str(error))
    name = folder.name.partition("-")[0]
    taken = "; the running service answers from it" if _await_service(settings, name) else ""
    print(f"Revision {name} is live again{taken}. The files in {settings.knowledge_dir} are as they were.")


@kb.command()
def export(
    workbook: Annotated[Path, typer.Argument(help="The .xlsx file to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
) -> None:
    """Write the knowledge as a spreadsheet for editors: one row an entry, both languages side by side."""
    from knowledge import loader, spreadsheet

    settings = read_settings()
    if workbook.suffix.lower() != ".xlsx":
        refuse(f"{workbook} should end in .xlsx, so that spreadsheet programs open it.")
    if workbook.exists() and not overwrite:
        refuse(f"{workbook} is there already, perhaps with someone's changes; name another file, or add --overwrite.")
    try:
        base = loader.load(settings.knowledge_dir)
        spreadsheet.export(base, settings.knowledge_dir, workbook)
    except loader.BrokenBase as error:
        _show_faults(error.faults, settings, False)
    except spreadsheet.SheetError as error:
        refuse(str(error))
    print(f"{len(base.entries)} entries of {len(base.items)} items, revision {base.revision}, are in {workbook}.")


@kb.command("import")
def import_(
    workbook: Annotated[Path, typer.Argument(help="A workbook that `bangban kb export` wrote, with changes.")],
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what an edited spreadsheet changes, ask, and write it into the YAML files: all of it or nothing."""
    from api import sheet_report
    from knowledge import editing, loader, sheet_edits, spreadsheet

    settings = read_settings()
    try:
        found = sheet_edits.propose(workbook, loader.load(settings.knowledge_dir), settings.knowledge_dir)
        in_the_way = len(found.faults) + len(found.conflicts)
        if not as_json:
            sheet_report.show(found)
        if in_the_way or found.draft is None:
            if as_json:
                print(sheet_report.as_json(found, applied=False))
            if in_the_way:
                refuse(f"Nothing was changed: {in_the_way} cell(s) are in the way, listed above with what to do.")
            print("The sheet changes nothing; the files are as they were.", file=sys.stderr)
            return
        if not yes and not _agreed(len(found.changes), found.draft.files):
            if as_json:
                print(sheet_report.as_json(found, applied=False))
            nobody = ": there is no terminal to ask at; add --yes to write without asking" * (not sys.stdin.isatty())
            refuse(f"Nothing was changed{nobody}.")
        found.draft.save()
    except loader.BrokenBase as error:
        _show_faults(error.faults, settings, as_json, "Mend the files first; nothing was changed.")
    except (spreadsheet.SheetError, editing.StaleDraft, editing.NotWritten) as error:
        refuse(str(error))
    if as_json:
        print(sheet_report.as_json(found, applied=True))
        return
    print(
        f"{len(found.changes)} change(s) are in {', '.join(found.draft.files)}, now revision "
        f"{loader.revision_of(settings.knowledge_dir)}; `bangban kb publish` makes them live."
    )


class Format(StrEnum):
    """What `kb qr` writes."""

    SVG = "svg"
    PDF = "pdf"
    BOTH = "both"


@kb.command()
def qr(
    items: Annotated[list[str] | None, typer.Argument(metavar="[ITEM]…", help="Ids of items.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every item.")] = False,
    url: Annotated[str | None, typer.Option(help="Where visitors reach the service, https://your-host.")] = None,
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("qr"),
    form: Annotated[Format, typer.Option("--format", help="An SVG an item, one PDF with a page an item, or both.")] = (
        Format.BOTH
    ),
) -> None:
    """Printable QR codes that open the chat on one item: for a counter, a poster, a tree's sign."""
    from api import posters
    from knowledge import loader

    settings = read_settings()
    host = url or _local_address(settings)
    if not items and not every:
        refuse("Name the items that codes are wanted for, or give --all.")
    try:
        posters.address_of(host, "")
        base = loader.load(settings.knowledge_dir)
    except posters.BadAddress as error:
        refuse(str(error))
    except loader.BrokenBase as error:
        _show_faults(error.faults, settings, False)
    if unknown := [item_id for item_id in items or () if item_id not in base.items]:
        refuse(f"There is no item {', '.join(unknown)}; there are {', '.join(base.items)}.")
    addresses = {item_id: posters.address_of(host, item_id) for item_id in (base.items if every else items or ())}
    files = {f"{item_id}.svg": posters.svg(address) for item_id, address in addresses.items()}
    if form is not Format.SVG:
        pages = [(base.items[item_id], address) for item_id, address in addresses.items()]
        files = ({} if form is Format.PDF else files) | {"bangban-qr.pdf": posters.pdf(pages)}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        refuse(f"{error.filename or out} cannot be written ({error.strerror}); name another folder with --out.")
    print(f"{len(files)} file(s) for {len(addresses)} item(s) are in {out}.")
    if url is None:
        print(f"The codes open {host}; for visitors, give --url https://your-host.", file=sys.stderr)


LONGEST_WAIT_S = 15.0


def _agreed(changes: int, files: Sequence[str]) -> bool:
    """Whether the person at the terminal says yes; without a terminal there is no one to ask."""
    return sys.stdin.isatty() and typer.confirm(f"Write {changes} change(s) into {', '.join(files)}?", err=True)


def _refuse_unless_wanted(checked: Check, settings: Settings, yes: bool, as_json: bool) -> None:
    """End the command where the check misses a limit, where the answer is no, and where it is of other knowledge."""
    from api import publish_check
    from knowledge.loader import revision_of

    if not as_json:
        publish_check.show(checked)
    if checked.missed:
        if as_json:
            print(json.dumps({"revision": None, "check": publish_check.as_json(checked)}, ensure_ascii=False))
        refuse(
            f"Nothing was published: {len(checked.missed)} limit(s) of evaluation/gates.toml are missed. "
            "Mend the base, or publish without --check if this is meant."
        )
    if not (yes or as_json or (sys.stdin.isatty() and typer.confirm("Make this live?", err=True))):
        nobody = ": there is no terminal to ask at; add --yes to publish without asking" * (not sys.stdin.isatty())
        refuse(f"Nothing was published{nobody}.")
    if revision_of(settings.knowledge_dir) != checked.revision:
        refuse("Nothing was published: the knowledge changed after it was checked. Run the command again.")


def _readable(folder: Path) -> KnowledgeBase | None:
    """The knowledge that an index was made from; None for one of an older version that reads differently."""
    from knowledge.loader import BrokenBase
    from retrieval.index import base_of

    try:
        return base_of(folder)
    except BrokenBase:
        return None


def _await_service(settings: Settings, revision: str) -> bool:
    """Whether a service that runs with these settings answers from this revision; waits until it does."""
    import httpx

    address = f"{_local_address(settings)}/api/v1/items"
    patience_ends = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < patience_ends:
        try:
            if httpx.get(address, timeout=5).json()["revision"] == revision:
                return True
        except (httpx.HTTPError, ValueError, KeyError):
            return False
        time.sleep(0.1)
    return False


def _local_address(settings: Settings) -> str:
    """Where a service with these settings is reached from this machine."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _embed(settings: Settings) -> Embed:
    quiet_libraries()
    from api.exclusive import CannotStart
    from api.serve import told_in_a_sentence
    from retrieval.embedding_cache import EmbeddingCache
    from retrieval.encoder import open_encoder
    from retrieval.language import normalise

    try:
        with told_in_a_sentence(settings):
            cache = EmbeddingCache(settings.data_dir / "embeddings", open_encoder(settings.data_dir, settings.encoder))
    except CannotStart as error:
        refuse(f"{error} `bangban kb check --quick` does without the language model.")
    return lambda texts: cache.vectors([normalise(text) for text in texts])


def _show_faults(faults: Sequence[Fault], settings: Settings, as_json: bool, so: str = "") -> NoReturn:
    if as_json:
        print(json.dumps({"faults": [vars(fault) for fault in faults]}, ensure_ascii=False, indent=2))
    else:
        from rich.console import Console
        from rich.table import Table

        folder = os.path.relpath(settings.knowledge_dir)
        table = Table("where", "rule", "what to do", box=None, pad_edge=False)
        for fault in faults:
            table.add_row(f"{folder}/{fault.file}:{fault.line}", fault.rule, f"{fault.field}: {fault.message}")
        Console(width=None if sys.stdout.isatty() else 240, markup=False, highlight=False).print(table)
        print(f"{len(faults)} fault(s). {so}".rstrip(), file=sys.stderr)
    raise typer.Exit(1)


def _show_changes(changes: Sequence[EntryChange], before: KnowledgeBase, after: KnowledgeBase, as_json: bool) -> None:
    if as_json:
        told: dict[str, Any] = {
            "before": before.revision,
            "after": after.revision,
            "entries": [
                {
                    "entry_id": one.entry_id,
                    "change": one.change.value,
                    "fields": [{**vars(field), "language": field.language.value} for field in one.fields],
                }
                for one in changes
            ],
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    if not changes:
        print(f"No entry differs between {before.revision} and the knowledge as it is now ({after.revision}).")
        return
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 200, markup=False, highlight=False)
    for one in changes:
        table = Table("", "中文", "English", title=f"{one.change.value}: {one.entry_id}", title_justify="left")
        for name in dict.fromkeys(field.field for field in one.fields):
            sides = {field.language.value: field for field in one.fields if field.field == name}
            table.add_row(name, *(_before_and_after(sides.get(language)) for language in ("zh", "en")))
        console.print(table)
    print(f"{len(changes)} entries differ.")


def _before_and_after(field: Any) -> str:
    """A field's lines that went (−) and came (+)."""
    if field is None:
        return "unchanged"
    old, new = (field.before or "").splitlines(), (field.after or "").splitlines()
    gone, come = [line for line in old if line not in new], [line for line in new if line not in old]
    return "\n".join([*(f"− {line}" for line in gone), *(f"+ {line}" for line in come)])


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        refuse(f"{path} cannot be written ({error.strerror}); name another file.")
    print(f"Written to {path}.", file=sys.stderr)
