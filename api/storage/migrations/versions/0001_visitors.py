"""Sessions, messages, tickets, feedback and turns."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(80), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("item_id", sa.String(80)),
        sa.Column("facet", sa.String(80)),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("offered", sa.String(80), nullable=False),
        sa.Column("last_act", sa.String(80)),
        sa.Column("candidates", sa.JSON, nullable=False),
        sa.Column("shown", sa.JSON, nullable=False),
        sa.Column("last_number", sa.Integer, nullable=False),
        sa.Column("last_message_id", sa.String(32)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("active_at", MOMENT, nullable=False),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("session_id", sa.String(32), sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("client_id", sa.String(100)),
        sa.Column("reply_to", sa.String(32), index=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("sender", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("answer", sa.JSON),
        sa.Column("options", sa.JSON, nullable=False),
        sa.UniqueConstraint("session_id", "number"),
        sa.UniqueConstraint("session_id", "client_id"),
    )
    op.create_table(
        "tickets",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("day", sa.String(8), nullable=False),
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("session_id", sa.String(32), sa.ForeignKey("sessions.id", ondelete="SET NULL")),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("item_id", sa.String(80)),
        sa.Column("reason", sa.Text),
        sa.Column("summary", sa.Text),
        sa.Column("outcome", sa.String(12)),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.UniqueConstraint("day", "serial"),
    )
    op.create_index(
        "one_open_ticket_per_session",
        "tickets",
        ["session_id"],
        unique=True,
        sqlite_where=sa.text("state != 'resolved'"),
        postgresql_where=sa.text("state != 'resolved'"),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("session_id", sa.String(32), sa.ForeignKey("sessions.id", ondelete="SET NULL")),
        sa.Column("message_id", sa.String(32), sa.ForeignKey("messages.id", ondelete="SET NULL")),
        sa.Column("entry_id", sa.String(160)),
        sa.Column("resolved", sa.Boolean, nullable=False),
        sa.Column("rating", sa.Integer),
        sa.Column("comment", sa.Text),
        sa.Column("at", MOMENT, nullable=False),
        sa.UniqueConstraint("session_id", "message_id"),
    )
    op.create_table(
        "turn_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("session_id", sa.String(32), nullable=False, index=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        *(
            sa.Column(name, sa.String(80), nullable=False)
            for name in ("decision", "topic", "chosen", "act", "performed")
        ),
        sa.Column("item_id", sa.String(80)),
        sa.Column("facet", sa.String(80)),
        sa.Column("entry_id", sa.String(160)),
        sa.Column("confidence", sa.Float),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("revision", sa.String(80), nullable=False),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("mask_ms", "search_ms", "bot_ms", "storage_ms")),
    )


def downgrade() -> None:
    """Back."""
    for table in ("turn_events", "feedback", "tickets", "messages", "sessions"):
        op.drop_table(table)
