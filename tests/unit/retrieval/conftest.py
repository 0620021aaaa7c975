import pytest

from api.settings import CHECKOUT
from retrieval.retriever import Retriever, open_retriever


@pytest.fixture(scope="session")
def retriever() -> Retriever:
    """The real retriever over the checkout's base, with what `make test` prepared in var/."""
    return open_retriever(CHECKOUT / "var", CHECKOUT / "knowledge")
