"""What a helper reads first: what was asked, about what, what was answered, what failed, and why a person is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from api.acts import title_of
from api.conversation import Conversation
from api.desk.life import Reason
from api.texts import Texts
from knowledge.base import KnowledgeBase
from knowledge.schema import Facet

MOST_GIVEN = 5


def summarise(
    texts: Texts,
    base: KnowledgeBase,
    language: str,
    conversation: Conversation,
    reason: Reason,
    said: Sequence[str],
    wish: str | None,
    unhelpful: Sequence[str] = (),
) -> str:
    """The summary in the helper's language; the visitor's words stay as they were written (masked).

    `unhelpful` are the entries of which the visitor said that they did not help.
    """
    words = {name: told[language] for name, told in texts.desk.items()}
    lines = [words["summary_said"].format(said=" / ".join(said)) if said else words["summary_nothing"]]
    if wish:
        lines.append(words["summary_wish"].format(wish=wish))
    if about := _about(base, language, conversation):
        lines.append(words["summary_about"].format(about=about))
    if given := _titles(texts, base, language, conversation.shown):
        lines.append(words["summary_given"].format(given=given))
    if given := _titles(texts, base, language, unhelpful):
        lines.append(words["summary_unhelpful"].format(given=given))
    if conversation.failures:
        lines.append(words["summary_failed"].format(count=conversation.failures))
    lines.append(words["summary_language"].format(language=words[f"language_{conversation.language}"]))
    lines.append(words["summary_reason"].format(reason=words[f"reason_{reason}"]))
    return "\n".join(lines)


def _titles(texts: Texts, base: KnowledgeBase, language: str, entry_ids: Sequence[str]) -> str:
    """How the last entries are headed, those that the base still has."""
    entries = [base.entries[entry_id] for entry_id in entry_ids if entry_id in base.entries][-MOST_GIVEN:]
    return ("；" if language == "zh" else "; ").join(title_of(base, texts, entry, language) for entry in entries)


def _about(base: KnowledgeBase, language: str, conversation: Conversation) -> str | None:
    item = base.items.get(conversation.item_id or "")
    if item is None:
        return None
    facet = base.facets[Facet(conversation.facet)].label[language] if conversation.facet in set(Facet) else None
    return f"{item.name[language]} · {facet}" if facet else item.name[language]
