import shutil
from pathlib import Path

import pytest
import yaml

from knowledge.files import SINGLE_FILES

KNOWLEDGE = Path(__file__).parents[3] / "knowledge"
ITEM = "temporary-green-space-use"


class Folder:
    """A copy of the real base with one item, for tests to break."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.item = path / "items" / f"{ITEM}.yaml"

    def change(self, change) -> None:
        spec = yaml.load(self.item.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        change(spec)
        self.item.write_text(yaml.safe_dump(spec, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.fixture
def folder(tmp_path) -> Folder:
    for name in SINGLE_FILES:
        shutil.copy(KNOWLEDGE / name, tmp_path / name)
    (tmp_path / "items").mkdir()
    (tmp_path / "situations").mkdir()
    shutil.copy(KNOWLEDGE / "items" / f"{ITEM}.yaml", tmp_path / "items")
    return Folder(tmp_path)
