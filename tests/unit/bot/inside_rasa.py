"""Runs in the bot's own environment (Python 3.10, Rasa): does what test_inside_rasa.py asks, prints what came of it.

`python -m tests.unit.bot.inside_rasa FOLDER` → one JSON object, a key for each of the functions below.
"""

import asyncio
import base64
import json
import os
import sys
from pathlib import Path

from bot.run import leave_out_tensorflow

leave_out_tensorflow()

import numpy as np  # noqa: E402
from rasa.engine.graph import ExecutionContext, GraphSchema  # noqa: E402
from rasa.engine.storage.local_model_storage import LocalModelStorage  # noqa: E402
from rasa.engine.storage.resource import Resource  # noqa: E402
from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered  # noqa: E402
from rasa.shared.core.trackers import DialogueStateTracker  # noqa: E402
from rasa.shared.nlu.training_data.message import Message  # noqa: E402
from rasa.shared.nlu.training_data.training_data import TrainingData  # noqa: E402

from bot.components.embedding_featurizer import EMBEDDINGS_VARIABLE, EmbeddingFeaturizer, decode  # noqa: E402
from bot.components.evidence_reader import EvidenceReader, settle  # noqa: E402
from bot.components.tracker_store import RecentTurnsTrackerStore  # noqa: E402
from bot.protocol import Chosen, Decision, Evidence, Topic  # noqa: E402

DOMAIN = Domain.load("bot/domain.yml")


def say(tracker, words, *slots):
    """One turn: words, slots, an answer."""
    metadata = {"evidence": {"decision": "answer", "embedding": "QUJD"}}
    tracker.update(UserUttered(words, {"name": "ask", "confidence": 0.9}, metadata=metadata), DOMAIN)
    for name, value in slots:
        tracker.update(SlotSet(name, value), DOMAIN)
    for event in (ActionExecuted("utter_answer"), BotUttered(data={"custom": {"act": "answer"}})):
        tracker.update(event, DOMAIN)
    tracker.update(ActionExecuted("action_listen"), DOMAIN)


def tracker_store(folder):
    """A conversation of 200 turns, saved after each as Rasa does, then read by a second store on the same file."""
    path = folder / "conversations.db"

    async def talk():
        store = RecentTurnsTrackerStore(DOMAIN, path=str(path), turns=6)
        sizes = []
        for turn in range(200):
            tracker = await store.get_or_create_tracker("s1")
            slots = [("decision", "answer"), ("facet", f"facet-{turn}")] + ([("item", "tree")] if turn == 3 else [])
            say(tracker, f"秘密 {turn}", *slots)
            await store.save(tracker)
            sizes.append(len(store.conversations.read("s1")))
        again = RecentTurnsTrackerStore(DOMAIN, path=str(path), turns=6)
        kept = await again.retrieve("s1")
        return {
            "sizes": sizes,
            "slots": {name: kept.get_slot(name) for name in ("item", "facet", "decision")},
            "intents": [event.intent_name for event in kept.events if isinstance(event, UserUttered)],
            "last_action": kept.latest_action_name,
            "stored": json.dumps(again.conversations.read("s1"), ensure_ascii=False),
            "stranger": await again.retrieve("s2"),
        }

    return asyncio.run(talk())


def pruned_states(folder):
    """What policies see of the last turns, of a whole tracker and of one that was pruned on the way."""

    async def talk():
        store = RecentTurnsTrackerStore(DOMAIN, turns=3)
        whole = DialogueStateTracker.from_events("whole", [ActionExecuted("action_listen")], DOMAIN.slots)
        for turn in range(10):
            slots = [("decision", ("answer", "clarify")[turn % 2])] + ([("failures", "one")] if turn == 2 else [])
            pruned = await store.get_or_create_tracker("pruned")
            say(pruned, "", *slots)
            say(whole, "", *slots)
            await store.save(pruned)
        return [
            [str(state) for state in tracker.past_states(DOMAIN)[-6:]]
            for tracker in (await store.retrieve("pruned"), whole)
        ]

    return asyncio.run(talk())


def settled(folder):
    """The intent that comes of probabilities and evidence, with the thresholds of the component."""
    thresholds = EvidenceReader.get_default_config()

    def intent(ranking, decision=Decision.ABSTAIN, topic=Topic.NONE, chosen=Chosen.NO, embedding="QUJD", **others):
        told = Evidence(decision, topic, chosen, embedding=embedding, **others)
        return settle(max(ranking, key=ranking.get), ranking, told, thresholds)

    thanks, human = {"thanks": 0.9, "ask": 0.06}, {"ask_human": 0.7, "ask": 0.3}
    failed, wait = {"not_resolved": 0.9, "ask": 0.1}, {"ask_wait": 0.6, "ask": 0.4}
    return {
        "found_for_a_named_item": intent(thanks, Decision.ANSWER, Topic.NEW),
        "found_for_the_conversations_item": intent(thanks, Decision.ANSWER, Topic.SAME),
        "foreign_words_for_a_named_item": intent({"out_of_scope": 0.98, "ask": 0.02}, Decision.ANSWER, Topic.NEW),
        "foreign_words_for_the_conversations_item": intent({"out_of_scope": 0.98}, Decision.ANSWER, Topic.SAME),
        "doubtful_act_for_the_conversations_item": intent({"greet": 0.5, "ask": 0.3}, Decision.ANSWER, Topic.SAME),
        "foreign_words_for_several_items": intent({"out_of_scope": 0.98}, Decision.CLARIFY, Topic.NONE),
        "story_that_sounds_like_a_case": intent({"named_case": 0.93, "ask": 0.07}, Decision.ANSWER, Topic.NEW),
        "case_about_a_named_item": intent({"named_case": 0.98, "ask": 0.02}, Decision.ANSWER, Topic.NEW),
        "foreign_words_for_no_item": intent({"out_of_scope": 0.75, "ask": 0.25}, Decision.ASK_ITEM),
        "doubtful_words_for_no_item": intent({"out_of_scope": 0.6, "ask": 0.4}, Decision.ASK_ITEM),
        "nothing_found": intent(thanks),
        "did_not_help": intent(failed, Decision.ANSWER, Topic.NEW),
        "did_not_help_before_anything_was_said": intent(failed, Decision.ANSWER, Topic.NEW, begun=False),
        "wait_of_whoever_waits": intent(wait, Decision.ANSWER, Topic.SAME, waiting=True),
        "wait_of_nobody": intent(wait, Decision.ANSWER, Topic.SAME),
        "doubted_question_without_answer": intent({"ask": 0.3, "out_of_scope": 0.25, "greet": 0.2}),
        "likely_question_without_answer": intent({"ask": 0.5, "out_of_scope": 0.5}),
        "human_and_answer": intent(human, Decision.ANSWER, Topic.NEW),
        "human_in_words_that_pick": intent(human, Decision.ANSWER, Topic.NEW, Chosen.WORDS),
        "human_in_words_never_searched": intent(human, Decision.ANSWER, Topic.NEW, Chosen.WORDS, embedding=None),
        "words_that_pick": intent(thanks, chosen=Chosen.WORDS),
        "button": intent(human, chosen=Chosen.BUTTON),
        "words_that_pick_nothing": intent({"choose": 0.8, "affirm": 0.2}),
    }


def entities(folder):
    """The entities of a question, of thanks, and of a message without evidence."""

    def read(intent, evidence, confidence=1.0):
        metadata = evidence.to_metadata() if evidence else None
        ranking = [{"name": intent, "confidence": confidence}]
        message = Message({"text": "…", "metadata": metadata, "intent": ranking[0], "intent_ranking": ranking})
        EvidenceReader(EvidenceReader.get_default_config()).process([message])
        return {entity["entity"]: entity["value"] for entity in message.get("entities", [])}

    return {
        "question": read("ask", Evidence(Decision.ANSWER, Topic.NEW, item="tree", facet="fee", entry="tree.fee")),
        "follow_up": read("ask", Evidence(Decision.ASK_ITEM, facet="fee")),
        "thanks": read("thanks", Evidence(Decision.ABSTAIN, Topic.SAME, item="tree", facet="fee")),
        "no_evidence": read("ask", None),
        "two_opinions": read("ask", Evidence(Decision.OUTSIDE), 0.6),
        "hardly_two_opinions": read("ask", Evidence(Decision.OUTSIDE), 0.5),
        "another_city": read("ask", Evidence(Decision.OUTSIDE, elsewhere=True)),
    }


def features(folder):
    """The sentence features in training and in a conversation, with vectors and without."""
    np.savez(folder / "e.npz", texts=np.array(["砍树", "移树"]), vectors=np.array([[1, 2], [3, 4]], dtype=np.float16))

    def sentence(message):
        _, dense = message.get_dense_features("text", [])
        return dense.features.ravel().tolist()

    def train(name, **environment):
        os.environ.pop(EMBEDDINGS_VARIABLE, None)
        os.environ.update(environment)
        (folder / name).mkdir()
        storage, resource = LocalModelStorage(folder / name), Resource("featurizer")
        config = {**EmbeddingFeaturizer.get_default_config(), "scale": 10.0, "dimensions": 3}
        context = ExecutionContext(GraphSchema({}))
        data = TrainingData([Message({"text": text, "intent": "ask"}) for text in ("砍树", "移树", "没有")])
        EmbeddingFeaturizer.create(config, storage, resource, context).train(data)
        featurizer = EmbeddingFeaturizer.load(config, storage, resource, context)
        featurizer.process_training_data(data)
        embedding = base64.b64encode(np.array([3, 4, 5][: featurizer._mean.size], dtype="<f2").tobytes()).decode()
        told = Evidence(Decision.ANSWER, embedding=embedding).to_metadata()
        said = [Message({"text": "…", "metadata": told}), Message({"text": "…"})]
        featurizer.process(said)
        return {"trained": [sentence(m) for m in data.training_examples], "said": [sentence(m) for m in said]}

    return {
        "with_vectors": train("with", **{EMBEDDINGS_VARIABLE: str(folder / "e.npz")}),
        "without": train("without"),
        "decoded": decode(base64.b64encode(np.array([0.5, -1], dtype="<f2").tobytes()).decode()).tolist(),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    asked = (tracker_store, pruned_states, settled, entities, features)
    print(json.dumps({each.__name__: each(folder) for each in asked}))
