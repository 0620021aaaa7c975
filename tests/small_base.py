"""A small base that builds in seconds: a few real items with what teaches them, cut out of the checkout's knowledge."""

import json
import shutil
from pathlib import Path

from api.settings import CHECKOUT
from knowledge.files import SINGLE_FILES

ITEMS = ("temporary-green-space-use", "urban-tree-felling", "outdoor-signboard")
OUTSIDE_KEPT = 120


def cut_out(folder: Path) -> Path:
    """Write the small base to `folder` and return it."""
    knowledge = CHECKOUT / "knowledge"
    for part in ("items", "situations"):
        (folder / part).mkdir(parents=True)
    for name in SINGLE_FILES:
        shutil.copy(knowledge / name, folder / name)
    for item_id in ITEMS:
        shutil.copy(knowledge / "items" / f"{item_id}.yaml", folder / "items")
    for path in sorted((knowledge / "situations").glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if _about(line) <= set(ITEMS)]
        kept += [line for line in lines if _about(line) == {None}][:OUTSIDE_KEPT]
        if kept:
            (folder / "situations" / path.name).write_text("\n".join(kept) + "\n", encoding="utf-8")
    return folder


def _about(line: str) -> set[str | None]:
    """The items that a situation may be about; None stands for none of ours."""
    told = json.loads(line)
    return set(told["items"] if "items" in told else [told["item"]])


def share_embeddings(data_dir: Path) -> Path:
    """Let `data_dir` start from the model and the vectors that `make test` has prepared; they are never changed."""
    for part in ("models", "embeddings"):
        data_dir.mkdir(parents=True, exist_ok=True)
        if part == "models":
            (data_dir / part).symlink_to(CHECKOUT / "var" / part)
        else:
            shutil.copytree(CHECKOUT / "var" / part, data_dir / part)
    return data_dir


def mark(folder: Path, word: str) -> None:
    """Put a word into the answers about the time limit of felling, in both languages."""
    path = folder / "items" / "urban-tree-felling.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    begin = lines.index("  time_limit:")
    for language in ("zh", "en"):
        at = next(n for n in range(begin, len(lines)) if lines[n].strip() == f"{language}: |")
        if lines[at + 1].strip().startswith("["):
            del lines[at + 1]
        lines.insert(at + 1, f"        [{word}]")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
