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


@pytest.fixture(scope="session")
def few_phrasings() -> str:
    """The facets with the first of their phrasings: reading all six thousand takes longer than most of the tests."""
    facets = yaml.load((KNOWLEDGE / "facets.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    for facet in facets.values():
        facet["asked"] = {language: phrasings[:20] for language, phrasings in facet["asked"].items()}
    return yaml.safe_dump(facets, allow_unicode=True, sort_keys=False)


@pytest.fixture
def folder(tmp_path, few_phrasings) -> Folder:
    for name in SINGLE_FILES:
        shutil.copy(KNOWLEDGE / name, tmp_path / name)
    (tmp_path / "facets.yaml").write_text(few_phrasings, encoding="utf-8")
    (tmp_path / "items").mkdir()
    (tmp_path / "situations").mkdir()
    shutil.copy(KNOWLEDGE / "items" / f"{ITEM}.yaml", tmp_path / "items")
    return Folder(tmp_path)
