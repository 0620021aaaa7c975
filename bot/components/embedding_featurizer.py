"""The message's embedding, computed once by retrieval, as a dense sentence feature."""

import base64
import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Optional, Type

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, METADATA, TEXT, TEXT_TOKENS
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.protocol import Evidence

EMBEDDINGS_VARIABLE = "BANGBAN_BOT_EMBEDDINGS"
_MEAN_FILE = "mean.npy"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class EmbeddingFeaturizer(DenseFeaturizer, GraphComponent):
    """Adds (embedding − mean of the training embeddings) × `scale`; zeros where a message has no embedding.

    The vectors of one language model crowd around a common direction that says nothing about the intent; without their
    mean they spread, and `scale` brings them to the order of the n-gram counts beside them, so that the classifier's
    penalty weighs both alike. Training vectors come from the file that EMBEDDINGS_VARIABLE names: `texts`, shape (n,),
    and `vectors`, shape (n, dimensions).
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        """A tokenizer, as dense features come with one row a token, too."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """`dimensions` counts only where training has no vectors: then all features are zeros of that length."""
        return {**DenseFeaturizer.get_default_config(), "scale": 16.0, "dimensions": 384}

    def __init__(
        self,
        config: Dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
        mean: Optional[np.ndarray],
    ) -> None:
        super().__init__(name, config)
        self._model_storage, self._resource = model_storage, resource
        self._mean = np.zeros(config["dimensions"], dtype=np.float32) if mean is None else mean

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "EmbeddingFeaturizer":
        """An untrained featurizer."""
        return cls(config, execution_context.node_name, model_storage, resource, mean=None)

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "EmbeddingFeaturizer":
        """The featurizer with the mean that it learnt."""
        with model_storage.read_from(resource) as folder:
            mean = np.load(folder / _MEAN_FILE, allow_pickle=False)
        return cls(config, execution_context.node_name, model_storage, resource, mean)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the mean of the vectors of the texts that are trained on."""
        vectors = read_vectors(os.environ.get(EMBEDDINGS_VARIABLE))
        texts = [example.get(TEXT) for example in training_data.training_examples]
        found = [vectors[text] for text in texts if text in vectors]
        if found:
            self._mean = np.mean(found, axis=0, dtype=np.float32)
        with self._model_storage.write_to(self._resource) as folder:
            np.save(folder / _MEAN_FILE, self._mean)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add features to every example with a text, from the vectors' file."""
        # Read again: Rasa's graph trains one instance and processes the examples with another.
        vectors = read_vectors(os.environ.get(EMBEDDINGS_VARIABLE))
        for example in training_data.training_examples:
            self._add(example, vectors.get(example.get(TEXT)))
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add features to messages, from their metadata; `rasa test` sends none, there the vectors' file is asked."""
        for message in messages:
            evidence = Evidence.from_metadata(message.get(METADATA))
            if evidence is None:
                self._add(message, read_vectors(os.environ.get(EMBEDDINGS_VARIABLE)).get(message.get(TEXT)))
            else:
                self._add(message, decode(evidence.embedding) if evidence.embedding else None)
        return messages

    def _add(self, message: Message, vector: Optional[np.ndarray]) -> None:
        if not message.get(TEXT):
            return
        centred = np.zeros_like(self._mean) if vector is None else (vector - self._mean) * self._config["scale"]
        rows = np.zeros((len(message.get(TEXT_TOKENS) or ()), centred.size), dtype=np.float32)
        for features, kind in ((rows, FEATURE_TYPE_SEQUENCE), (centred[np.newaxis], FEATURE_TYPE_SENTENCE)):
            message.add_features(Features(features, kind, TEXT, self._config[FEATURIZER_CLASS_ALIAS]))

    @classmethod
    def validate_config(cls, config: Dict[str, Any]) -> None:
        """Nothing that numbers could get wrong."""


def decode(embedding: str) -> np.ndarray:
    """The vector in base64 of little-endian float16, as float32, shape (dimensions,)."""
    return np.frombuffer(base64.b64decode(embedding), dtype="<f2").astype(np.float32)


@lru_cache(maxsize=1)
def read_vectors(path: Optional[str]) -> Dict[str, np.ndarray]:
    """Vectors by text from an .npz file; none without a path. Raises OSError or ValueError for an unreadable file."""
    if not path:
        return {}
    with np.load(Path(path), allow_pickle=False) as stored:
        return dict(zip(stored["texts"].tolist(), stored["vectors"].astype(np.float32), strict=True))
