import pytest

from knowledge.loader import load
from tests import small_base


@pytest.fixture(scope="module")
def knowledge_dir(tmp_path_factory):
    """The folder of a small base of one module's own."""
    return small_base.cut_out(tmp_path_factory.mktemp("small") / "knowledge")


@pytest.fixture(scope="module")
def base(knowledge_dir):
    """The small base, read."""
    return load(knowledge_dir)
