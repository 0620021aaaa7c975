"""Whom a waiting ticket is offered to. An offer is a nudge, not a lock: anyone may accept anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

REOFFER_S = 60.0


@dataclass(frozen=True)
class Candidate:
    """A helper who is online. No skills means every item family; no languages means both."""

    username: str
    skills: frozenset[str]
    languages: frozenset[str]
    load: int
    """Conversations in hand and offers not yet answered."""

    def fits(self, family: str | None, language: str) -> tuple[bool, bool]:
        """Whether the helper speaks the language, and knows the family."""
        knows = family is None or not self.skills or family in self.skills
        return not self.languages or language in self.languages, knows


def choose(
    candidates: Sequence[Candidate], family: str | None, language: str, passed_over: Collection[str]
) -> str | None:
    """The username of the least-loaded helper among those who fit best; None where nobody is online.

    Language comes before family: an answer can be looked up, a language cannot. Whoever let the offer lapse is asked
    again only when everybody has.
    """
    fresh = [helper for helper in candidates if helper.username not in passed_over] or list(candidates)
    if not fresh:
        return None
    best = max(helper.fits(family, language) for helper in fresh)
    fitting = [helper for helper in fresh if helper.fits(family, language) == best]
    return min(fitting, key=lambda helper: (helper.load, helper.username)).username
