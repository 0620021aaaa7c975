"""The last word on a message: what the search found becomes entities, and may overrule an unsure intent."""

from dataclasses import replace
from enum import Enum
from typing import Any, Dict, List, Mapping, Optional

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_ATTRIBUTE_VALUE,
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    METADATA,
    PREDICTED_CONFIDENCE_KEY,
)
from rasa.shared.nlu.training_data.message import Message

from bot.protocol import Chosen, Decision, Evidence, Topic

ASK, CHOOSE, ASK_HUMAN, ASK_WAIT, NOT_RESOLVED = "ask", "choose", "ask_human", "ask_wait", "not_resolved"
OUT_OF_SCOPE, NAMED_CASE = "out_of_scope", "named_case"
WITH_SUBJECT = (ASK_HUMAN, NAMED_CASE, NOT_RESOLVED)
"""Acts in which people name what it is about: "can someone explain the felling permit to me in person"."""
COURTESY = ("thanks", "goodbye", "greet")
"""Set phrases that stand between questions, often two at once: "thanks, bye"."""
SUBJECT = ("item", "facet", "entry")  # what a question is about; other messages leave the conversation's subject alone
SITUATION = ("decision", "topic", "chosen", "offered", "failures")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class EvidenceReader(GraphComponent, EntityExtractorMixin):
    """Turns the evidence in a message's metadata into entities and settles the intent; without evidence, nothing."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Probabilities of the classifier, each between 0 and 1, that settle what a message is.

        `ask_from`: of a question, where the search found nothing. `other_from`: of another act, where it found
        something for what the message itself tells; `named_from`: there, of asking after a case. Where it found
        something for the conversation's item, or a question that names none, `plain_from`: of any other act;
        `between_from`: of all courtesies together, or of an act that comes with a subject. `human_from`: of asking for
        a person, whatever was found. `wait_from`: of asking how long a person takes, from whoever waits for one.
        `doubt_from`: of a question of ours, where the search takes it for none: two opinions that differ are reason to
        ask back.
        """
        return {
            "ask_from": 0.35,
            "other_from": 0.85,
            "named_from": 0.95,
            "plain_from": 0.7,
            "between_from": 0.6,
            "human_from": 0.7,
            "wait_from": 0.5,
            "doubt_from": 0.6,
        }

    def __init__(self, config: Dict[str, Any]) -> None:
        self._config = {**self.get_default_config(), **config}

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "EvidenceReader":
        """A reader with the thresholds of config.yml."""
        return cls(config)

    def process(self, messages: List[Message]) -> List[Message]:
        """Set the intent and add the entities of every message that carries evidence."""
        for message in messages:
            evidence = Evidence.from_metadata(message.get(METADATA))
            if evidence is not None:
                self._read(message, evidence)
        return messages

    def _read(self, message: Message, evidence: Evidence) -> None:
        ranked = message.get(INTENT_RANKING_KEY, [])
        ranking = {told[INTENT_NAME_KEY]: told[PREDICTED_CONFIDENCE_KEY] for told in ranked}
        settled = settle(message.get(INTENT, {}).get(INTENT_NAME_KEY), ranking, evidence, self._config)
        confidence = ranking.get(settled, 1.0)
        if settled == ASK and doubts(ranking, evidence, self._config):
            evidence = replace(evidence, decision=Decision.CLARIFY)
        message.set(INTENT, {INTENT_NAME_KEY: settled, PREDICTED_CONFIDENCE_KEY: confidence}, add_to_output=True)
        names = (*SITUATION, *SUBJECT) if settled in (ASK, CHOOSE) else SITUATION
        found = [self._entity(name, getattr(evidence, name)) for name in names if _worth_telling(name, evidence)]
        message.set(ENTITIES, message.get(ENTITIES, []) + self.add_extractor_name(found), add_to_output=True)

    @staticmethod
    def _entity(name: str, value: Any) -> Dict[str, Any]:
        told = value.value if isinstance(value, Enum) else value or ""
        return {
            ENTITY_ATTRIBUTE_TYPE: name,
            ENTITY_ATTRIBUTE_VALUE: told,
            ENTITY_ATTRIBUTE_START: 0,
            ENTITY_ATTRIBUTE_END: 0,
        }


def settle(
    intent: Optional[str], ranking: Mapping[str, float], evidence: Evidence, thresholds: Mapping[str, Any]
) -> Optional[str]:
    """The intent after the evidence had its say; `ranking` holds the classifier's probabilities by intent."""
    if evidence.chosen is Chosen.BUTTON or (evidence.chosen is Chosen.WORDS and evidence.embedding is None):
        # Words picked before anything was searched come without an embedding, and then the classifier knows little.
        return CHOOSE
    if ranking.get(ASK_HUMAN, 0.0) >= thresholds["human_from"]:
        return ASK_HUMAN
    if evidence.waiting and ranking.get(ASK_WAIT, 0.0) >= thresholds["wait_from"]:
        return ASK_WAIT
    if evidence.chosen is Chosen.WORDS:
        return CHOOSE
    # Without a choice told by api, words like "the first one" pick nothing.
    impossible = {ASK, CHOOSE, ASK_WAIT} | (set() if evidence.begun else {NOT_RESOLVED})
    others = {name: probability for name, probability in ranking.items() if name not in impossible}
    if evidence.decision in (Decision.ABSTAIN, Decision.OUTSIDE):
        is_question = ranking.get(ASK, 0.0) >= thresholds["ask_from"]
    elif evidence.topic is Topic.SAME:
        # Whatever is said in a conversation is found to be about its item: the words decide, but not whether it is
        # our business. How a sofa's price sounds, out of context, says nothing there.
        others.pop(OUT_OF_SCOPE, None)
        if max(others.values(), default=0.0) < thresholds["plain_from"]:
            others = {name: probability for name, probability in others.items() if name in WITH_SUBJECT + COURTESY}
        polite = sum(others.get(name, 0.0) for name in COURTESY)
        likeliest = max(polite, *others.values(), 0.0)
        is_question = likeliest < max(thresholds["between_from"], ranking.get(ASK, 0.0))
    else:
        # Whoever tells a story ("my supplier is in Italy") sounds like whoever asks after a case, which has a number.
        if others.get(NAMED_CASE, 0.0) < thresholds["named_from"]:
            others.pop(NAMED_CASE, None)
        # What the search found is our business, however foreign its words look (pinyin, two languages in one sentence);
        # where the message itself names an item, nothing else can be meant but an act that comes with one.
        if evidence.decision is not Decision.ASK_ITEM:
            others.pop(OUT_OF_SCOPE, None)
        if evidence.topic is Topic.NEW:
            others = {name: probability for name, probability in others.items() if name in WITH_SUBJECT}
        least = "plain_from" if evidence.decision is Decision.ASK_ITEM else "other_from"
        is_question = max(others.values(), default=0.0) < thresholds[least]
    return ASK if is_question else max(others, key=others.__getitem__, default=intent)


def doubts(ranking: Mapping[str, float], evidence: Evidence, thresholds: Mapping[str, Any]) -> bool:
    """Whether the classifier hears a question of ours where the search found none; not where another place is named."""
    outside = evidence.decision is Decision.OUTSIDE and not evidence.elsewhere
    return outside and ranking.get(ASK, 0.0) >= thresholds["doubt_from"]


def _worth_telling(name: str, evidence: Evidence) -> bool:
    # A follow-up that names no item is about the conversation's: its slot must survive.
    return name != "item" or evidence.item is not None
