"""Books on messages that were said and arrived, which tell what was lost, doubled, out of order or late."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Line:
    """One direction of one conversation, whose messages are counted by their speaker. Moments are seconds of one clock.

    `said` holds when each message was said; `taken` those that the service confirmed; `arrived` what came, in order.
    """

    said: dict[int, float] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    arrived: list[int] = field(default_factory=list)
    back_at: float = 0.0
    """When the receiver's network came back last."""
    delays_s: list[float] = field(default_factory=list)
    """From saying to arriving, of what the receiver was there for."""
    caught_up: int = 0
    """What was said while the receiver was away, and arrived afterwards."""

    def say(self, moment: float) -> int:
        """The next message is on its way; its counter."""
        counter = len(self.said) + 1
        self.said[counter] = moment
        return counter

    def arrive(self, counter: int, moment: float) -> None:
        """A message arrived."""
        said_at = self.said[counter]
        if counter in self.arrived:
            pass  # The first arrival has its delay.
        elif said_at < self.back_at:
            self.caught_up += 1
        else:
            self.delays_s.append(moment - said_at)
        self.arrived.append(counter)

    @property
    def lost(self) -> int:
        """How many messages were confirmed and never came."""
        return len(self.taken - set(self.arrived))

    @property
    def doubled(self) -> int:
        """How many came again."""
        return len(self.arrived) - len(set(self.arrived))

    @property
    def out_of_order(self) -> int:
        """How many came after one that was said later; what came again counts as doubled."""
        newest, late, seen = 0, 0, set[int]()
        for counter in self.arrived:
            late += counter < newest and counter not in seen
            seen.add(counter)
            newest = max(newest, counter)
        return late


@dataclass
class Numbers:
    """A receiver's check on numbers that the service gave: each once, rising, and without a gap where `dense`."""

    dense: bool
    last: int | None = None
    skipped: int = 0
    repeated: int = 0
    """Numbers not above one that was heard before: doubled, or out of order."""

    def hear(self, number: int) -> None:
        """The next message bore this number."""
        if self.last is not None and number <= self.last:
            self.repeated += 1
            return
        if self.dense and self.last is not None:
            self.skipped += number - self.last - 1
        self.last = number
