"""What an import of a sheet found, for a terminal and for programs."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from knowledge.sheet_edits import Change, Proposal
    from knowledge.spreadsheet import CellFault


def as_json(found: Proposal, applied: bool) -> str:
    """Everything found, and whether the files were changed by it."""
    told: dict[str, Any] = {
        "exported": found.exported,
        "revision": found.revision,
        "changes": [asdict(change) for change in found.changes],
        "added": found.added,
        "removed": found.removed,
        "conflicts": [vars(conflict) for conflict in found.conflicts],
        "faults": [vars(fault) for fault in found.faults],
        "warnings": [vars(warning) for warning in found.warnings],
        "notes": found.notes,
        "files": list(found.draft.files) if found.draft else [],
        "applied": applied,
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def show(found: Proposal) -> None:
    """Print the changes, both languages side by side where both changed, then everything that is wrong."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 200, markup=False, highlight=False)
    for entry_id in dict.fromkeys(change.entry_id for change in found.changes):
        happened = "added" if entry_id in found.added else "removed" if entry_id in found.removed else "changed"
        table = Table("", "中文", "English", title=f"{happened}: {entry_id}", title_justify="left", show_lines=True)
        fields: dict[str, dict[str, Change]] = {}
        for change in found.changes:
            if change.entry_id == entry_id:
                name, _, language = change.field.partition("_")
                fields.setdefault(name, {})[language] = change
        for name, sides in fields.items():
            # A field without languages (facet, basis) is told once, on the left.
            zh, en = sides.get("zh") or sides.get(""), sides.get("en")
            table.add_row(name, *(_before_and_after(side, Text) for side in (zh, en)))
        console.print(table)
    if found.exported and found.exported != found.revision:
        console.print(f"The sheet was exported at revision {found.exported}; the files are at {found.revision}.")
    for note in found.notes:
        console.print(note)
    _list(console, "conflict", "bold red", found.conflicts)
    _list(console, "fault", "bold red", found.faults)
    _list(console, "mend before publishing", "yellow", found.warnings)


def _before_and_after(change: Change | None, text: Any) -> Any:
    """The lines that went (−) and those that came (+)."""
    if change is None:
        return ""
    old, new = change.before.split("\n"), change.after.split("\n")
    told = text()
    for sign, style, lines, others in (("−", "red", old, new), ("+", "green", new, old)):
        for line in lines:
            if line and line not in others:
                told.append(f"{sign} {line}\n", style=style)
    told.rstrip()
    return told if told.plain else "the order of the lines"


def _list(console: Any, what: str, style: str, found: list[CellFault]) -> None:
    for one in found:
        console.print(f"{what}: ", style=style, end="")
        console.print(str(one), soft_wrap=True)
