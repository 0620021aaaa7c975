"""What visitors' last messages to a helper were found to ask, kept while it is fresh."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from retrieval.evidence import RankedEntry

MOST = 500
"""Messages; what was put out is searched for again."""


class Readings:
    """The entries found for a message, by the message's id: no words, so there is nothing to erase.

    A message is read in the conversation as it was before it. Read again afterwards, "no, the temporary one" would
    correct what it has corrected already.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._found: OrderedDict[str, tuple[RankedEntry, ...]] = OrderedDict()

    def keep(self, message_id: str, found: Sequence[RankedEntry]) -> None:
        """Remember what was found for a message that was just heard."""
        self._found[message_id] = tuple(found)
        while len(self._found) > self._most:
            self._found.popitem(last=False)

    def of(self, message_id: str) -> tuple[RankedEntry, ...] | None:
        """What was found; None where it is not known any more, or never was."""
        return self._found.get(message_id)
