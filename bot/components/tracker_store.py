"""Keeps of each conversation its slots and last turns, so that a turn costs the same at the start and after hours."""

import os
from itertools import islice
from typing import Any, Dict, Iterable, List, Optional, Sequence

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SlotSet, UserUttered, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker

from bot.conversations import IN_MEMORY, Conversations

PATH_VARIABLE = "BANGBAN_BOT_TRACKER_DB"


class RecentTurnsTrackerStore(TrackerStore):
    """Stores the last `turns` user turns of a conversation and, before them, the slots as they were by then.

    Rasa rebuilds a tracker by replaying its events, so what is kept bounds what a turn costs. The visitor's words and
    the message's metadata (evidence, embedding) are left out: the policies read intents and slots alone.
    """

    def __init__(
        self,
        domain: Optional[Domain] = None,
        event_broker: Optional[EventBroker] = None,
        path: Optional[str] = None,
        turns: int = 6,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker, **kwargs)
        self.turns = turns
        self.conversations = Conversations(path or os.environ.get(PATH_VARIABLE) or IN_MEMORY)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Replace what is kept of the tracker's conversation."""
        await self.stream_events(tracker)
        kept = recent(list(tracker.events), self.turns)
        self.conversations.write(tracker.sender_id, [_without_words(event.as_dict()) for event in kept])

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        """The conversation's tracker; None where nothing is kept of it."""
        kept = self.conversations.read(sender_id)
        if kept is None:
            return None
        tracker = self.init_tracker(sender_id)
        for event in deserialise_events(kept):
            tracker.update(event, self.domain)
        return tracker

    async def keys(self) -> Iterable[str]:
        """The sender ids of all conversations."""
        return list(self.conversations)


def recent(events: Sequence[Event], turns: int) -> List[Event]:
    """The events of the last `turns` user turns, preceded by the slots set before them.

    Replayed, they give the same slots and the same recent history as all events; fewer turns come back unchanged.
    """
    said = [position for position, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(said) <= turns:
        return list(events)
    cut = said[-turns]
    slots = {event.key: event.value for event in islice(events, cut) if isinstance(event, SlotSet)}
    before: List[Event] = [SlotSet(key, value) for key, value in slots.items()]
    return [*before, ActionExecuted(ACTION_LISTEN_NAME), *events[cut:]]


def _without_words(event: Dict[str, Any]) -> Dict[str, Any]:
    if event["event"] != UserUttered.type_name:
        return event
    parsed = event["parse_data"]
    return {
        **event,
        "text": "",
        "metadata": {},
        "parse_data": {"intent": parsed["intent"], "entities": parsed["entities"], "text": "", "metadata": {}},
    }
