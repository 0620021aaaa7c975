"""The commands below `bangban kb`: everything a maintainer does to the knowledge."""

from __future__ import annotations

import json
import os
import sys

import typer

from api.terminal import AsJson, read_settings

kb = typer.Typer(help="The knowledge base.", no_args_is_help=True)


@kb.command()
def check(as_json: AsJson = False) -> None:
    """Read the knowledge base; list every fault as file:line: field: message, or count what is there."""
    from knowledge import loader

    settings = read_settings()
    try:
        base = loader.load(settings.knowledge_dir)
    except loader.BrokenBase as error:
        if as_json:
            print(json.dumps({"faults": [vars(fault) for fault in error.faults]}, ensure_ascii=False, indent=2))
        else:
            for fault in error.faults:
                print(f"{os.path.relpath(settings.knowledge_dir)}/{fault}")
            print(f"{len(error.faults)} fault(s).", file=sys.stderr)
        raise typer.Exit(1) from None
    counts = {
        "revision": base.revision,
        "items": len(base.items),
        "entries": len(base.entries),
        "questions": sum(len(e.similar.zh) + len(e.similar.en) + 2 for e in base.entries.values()),
        "situations": len(base.situations),
        "to_confirm": sum(entry.to_confirm for entry in base.entries.values()),
    }
    if as_json:
        print(json.dumps(counts, indent=2))
    else:
        print(
            "Revision {revision}: {items} items, {entries} entries with {questions} questions in both languages, "
            "{situations} situations; {to_confirm} answers have a point to confirm. No faults.".format(**counts)
        )
