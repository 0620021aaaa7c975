"""Call-backs are followed up; those that wait already are due on the day after they were asked for."""

import datetime as dt
from uuid import uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PER_FEEDBACK, PER_TICKET = "one_open_follow_up_per_feedback", "one_open_call_back_per_ticket"


def upgrade() -> None:
    """Forward."""
    op.drop_index(PER_FEEDBACK, "follow_ups")  # SQLite copies the table, and a copied index would lose its condition.
    with op.batch_alter_table("follow_ups") as table:
        table.alter_column("feedback_id", existing_type=sa.String(32), nullable=True)
        table.alter_column("resolved", existing_type=sa.Boolean, nullable=True)
        table.add_column(sa.Column("failed_tries", sa.Integer, nullable=False, server_default="0"))
    _one_open(PER_FEEDBACK, "feedback_id", "state = 'open'")
    _one_open(PER_TICKET, "ticket_id", "state = 'open' AND about = 'callback'")
    _follow_up_those_that_wait()


def downgrade() -> None:
    """Back."""
    op.execute("DELETE FROM follow_ups WHERE about = 'callback'")
    op.drop_index(PER_TICKET, "follow_ups")
    op.drop_index(PER_FEEDBACK, "follow_ups")
    with op.batch_alter_table("follow_ups") as table:
        table.drop_column("failed_tries")
        table.alter_column("resolved", existing_type=sa.Boolean, nullable=False)
        table.alter_column("feedback_id", existing_type=sa.String(32), nullable=False)
    _one_open(PER_FEEDBACK, "feedback_id", "state = 'open'")


def _one_open(name: str, column: str, while_open: str) -> None:
    condition = sa.text(while_open)
    op.create_index(name, "follow_ups", [column], unique=True, sqlite_where=condition, postgresql_where=condition)


def _follow_up_those_that_wait() -> None:
    """Give each ticket that is not over and has a contact an open call-back."""
    tickets = sa.table("tickets", *map(sa.column, ("id", "session_id", "item_id", "facet", "language", "state")))
    contacts = sa.table("contacts", sa.column("ticket_id"), sa.column("sealed"), sa.column("at", MOMENT))
    follow_ups = sa.table(
        "follow_ups",
        *map(sa.column, ("id", "about", "state", "failed_tries", "session_id", "ticket_id", "item_id", "facet")),
        sa.column("language"),
        sa.column("opened_at", MOMENT),
        sa.column("due", sa.Date),
    )
    waiting = (
        sa.select(tickets.c.id, tickets.c.session_id, tickets.c.item_id, tickets.c.facet, tickets.c.language)
        .add_columns(contacts.c.at)
        .join_from(tickets, contacts, contacts.c.ticket_id == tickets.c.id)
        .where(tickets.c.state != "resolved", contacts.c.sealed != "")
    )
    for row in op.get_bind().execute(waiting).all():
        asked_at = row.at if row.at.tzinfo else row.at.replace(tzinfo=dt.UTC)  # SQLite keeps no zone.
        values = {
            "id": uuid4().hex,
            "about": "callback",
            "state": "open",
            "failed_tries": 0,
            "session_id": row.session_id,
            "ticket_id": row.id,
            "item_id": row.item_id,
            "facet": row.facet,
            "language": row.language,
            "opened_at": row.at,
            "due": asked_at.astimezone(ZoneInfo("Asia/Shanghai")).date() + dt.timedelta(1),
        }
        op.execute(follow_ups.insert().values(**values))
