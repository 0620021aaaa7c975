"""What visitors say about answers and helpers; "it did not help" counts for the next turn and opens a follow-up."""

from __future__ import annotations

from uuid import uuid4

import structlog

from api.clock import now
from api.masking import mask
from api.oversight import follow_ups
from api.oversight.follow_ups import Word
from api.problems import NotYourSession, UnknownMessage
from api.queues import Place
from api.schemas import FeedbackIn
from api.services import Services
from api.storage.models import FeedbackRow

log = structlog.get_logger(__name__)


async def give(services: Services, session_id: str, place: Place, given: FeedbackIn) -> None:
    """Keep it; the last word about a message counts. Raises UnknownMessage."""
    comment = mask(given.comment).text if given.comment else None
    async with place, services.database.writing() as work:
        row = await work.sessions.get(session_id)
        if row is None:
            raise NotYourSession
        message = await work.messages.get(given.message_id) if given.message_id is not None else None
        if given.message_id is not None and (message is None or message.session_id != session_id):
            raise UnknownMessage
        entry_id = (message.answer or {}).get("entry_id") if message else None
        known = await work.feedback.about(session_id, given.message_id)
        before = Word.of(known) if known else None
        if known is None:
            known = FeedbackRow(id=uuid4().hex, session_id=session_id, message_id=given.message_id, entry_id=entry_id)
        known.resolved, known.rating, known.comment, known.at = given.resolved, given.rating, comment, now()
        await work.feedback.add(known)
        if given.resolved:
            await work.sessions.change(session_id, failures=0)
        elif before is None or before.resolved:
            await work.sessions.add_failure(session_id)
        await follow_ups.heed(services, work, row, message, known, before)
        await work.commit()
    services.feed.wake()
    services.metrics.feedback.labels("yes" if given.resolved else "no").inc()
    log.info("feedback_given", session_id=session_id, entry_id=entry_id, resolved=given.resolved, rating=given.rating)
