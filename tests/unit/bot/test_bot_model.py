import shutil

import pytest
import yaml

from api import bot_model
from api.settings import Settings
from knowledge.loader import load
from knowledge.schema import Language
from retrieval import adapter


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path)


def test_a_bot_trained_in_another_space_than_the_encoders_is_not_taken_for_up_to_date(settings, monkeypatch, tmp_path):
    """Intents are classified on the encoder's vectors: what the encoder learns anew, the bot must learn anew."""
    as_shipped = bot_model.embeddings_path(settings)
    other = tmp_path / "adapter.npz"
    other.write_bytes(b"another")
    monkeypatch.setattr(adapter, "PATH", other)
    learnt_otherwise = bot_model.embeddings_path(settings)
    other.unlink()
    plain = bot_model.embeddings_path(settings)
    assert len({as_shipped, learnt_otherwise, plain}) == 3


def test_an_encoder_of_ones_own_is_used_as_it_is(tmp_path, monkeypatch):
    settings = Settings(data_dir=tmp_path, encoder="some/model")
    before = bot_model.embeddings_path(settings)
    monkeypatch.setattr(adapter, "PATH", tmp_path / "none.npz")
    assert bot_model.embeddings_path(settings) == before


def test_the_bot_is_taught_bare_facet_questions_and_learns_anew_when_they_change(settings, tmp_path):
    taught = yaml.safe_load(bot_model._told(settings, []))["nlu"]
    (asked,) = [set(one["examples"].splitlines()) for one in taught if one["intent"] == "ask"]
    facets = load(settings.knowledge_dir).facets.values()
    bare = {f"- {text}" for facet in facets for language in Language for text in facet.asked[language]}
    assert len(asked & bare) > len(bare) / 4
    other = tmp_path / "knowledge"
    shutil.copytree(settings.knowledge_dir, other, ignore=shutil.ignore_patterns("items", "*.py", "lint"))
    copied = settings.model_copy(update={"knowledge_dir": other})
    before = bot_model.embeddings_path(copied)
    with (other / "facets.yaml").open("a", encoding="utf-8") as facets_file:
        facets_file.write("# another\n")
    assert bot_model.embeddings_path(copied) != before
