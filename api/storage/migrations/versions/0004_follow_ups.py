"""Follow-ups of what visitors were not content with."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
WHILE_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("feedback_id", sa.String(32), sa.ForeignKey("feedback.id", ondelete="CASCADE"), nullable=False),
        _reference("session_id", "sessions.id", index=True),
        _reference("message_id", "messages.id"),
        _reference("ticket_id", "tickets.id"),
        sa.Column("about", sa.String(10), nullable=False),
        sa.Column("helper", sa.String(80)),
        sa.Column("entry_id", sa.String(160)),
        sa.Column("item_id", sa.String(80), index=True),
        sa.Column("facet", sa.String(80)),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("resolved", sa.Boolean, nullable=False),
        sa.Column("rating", sa.Integer),
        sa.Column("comment", sa.Text),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(30)),
        sa.Column("action", sa.Text),
        sa.Column("closed_at", MOMENT),
        sa.Column("closed_by", sa.String(80)),
    )
    op.create_index(
        "one_open_follow_up_per_feedback",
        "follow_ups",
        ["feedback_id"],
        unique=True,
        sqlite_where=WHILE_OPEN,
        postgresql_where=WHILE_OPEN,
    )
    op.create_index("follow_ups_by_state", "follow_ups", ["state", "due"])


def downgrade() -> None:
    """Back."""
    op.drop_table("follow_ups")


def _reference(name: str, to: str, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), sa.ForeignKey(to, ondelete="SET NULL"), index=index)
