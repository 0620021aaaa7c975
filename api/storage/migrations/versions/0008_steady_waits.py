"""The queue's order is that of events, and how long things took is told by the steady clock (api.clock)."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TICKETS = sa.table(
    "tickets",
    *map(sa.column, ("id", "place", "first_reply_s")),
    *(sa.column(name, MOMENT) for name in ("opened_at", "queued_at", "first_reply_at")),
)
BY_STATE = "tickets_by_state"


def upgrade() -> None:
    """Forward."""
    op.add_column("desk_events", sa.Column("steady_at", MOMENT))
    op.add_column("tickets", sa.Column("place", sa.Integer, nullable=False, server_default="0"))
    op.add_column("tickets", sa.Column("first_reply_s", sa.Float))
    # Who was told to wait at that moment stands where the event of that moment stands.
    op.execute(
        "UPDATE tickets SET place = coalesce((SELECT max(id) FROM desk_events WHERE ticket_id = tickets.id "
        "AND at = tickets.queued_at AND kind IN ('opened', 'resumed', 'accepted')), 0)"
    )
    replied = sa.select(TICKETS.c.id, TICKETS.c.opened_at, TICKETS.c.first_reply_at)
    for row in op.get_bind().execute(replied.where(TICKETS.c.first_reply_at.is_not(None))).all():
        took_s = max(0.0, (row.first_reply_at - row.opened_at).total_seconds())
        op.execute(TICKETS.update().where(TICKETS.c.id == row.id).values(first_reply_s=took_s))
    op.drop_column("tickets", "first_reply_at")
    op.drop_index(BY_STATE, "tickets")
    op.create_index(BY_STATE, "tickets", ["state", "place"])


def downgrade() -> None:
    """Back."""
    op.add_column("tickets", sa.Column("first_reply_at", MOMENT))
    replied = sa.select(TICKETS.c.id, TICKETS.c.opened_at, TICKETS.c.first_reply_s)
    for row in op.get_bind().execute(replied.where(TICKETS.c.first_reply_s.is_not(None))).all():
        at = row.opened_at + dt.timedelta(seconds=row.first_reply_s)
        op.execute(TICKETS.update().where(TICKETS.c.id == row.id).values(first_reply_at=at))
    op.drop_index(BY_STATE, "tickets")
    op.create_index(BY_STATE, "tickets", ["state", "queued_at"])
    op.drop_column("tickets", "first_reply_s")
    op.drop_column("tickets", "place")
    op.drop_column("desk_events", "steady_at")
