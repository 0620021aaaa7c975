"""The helpers' desk: ticket life, events, presence, notes, contacts, held answers, canned replies, promotions."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
EVENTS_STAY = "desk_events are only ever added to"


def upgrade() -> None:
    """Forward."""
    op.add_column("messages", sa.Column("event", sa.String(20)))
    # Plain ALTERs, which both databases know: copying the table (batch mode) would lose what it does not reflect.
    op.execute("ALTER TABLE tickets RENAME COLUMN reason TO wish")
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("reason", sa.String(30), nullable=False, server_default="asked"),
        sa.Column("facet", sa.String(80)),
        sa.Column("family", sa.String(80)),
        sa.Column("summary_en", sa.Text),
        sa.Column("live", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("resolution", sa.Text),
        sa.Column("queued_at", MOMENT, nullable=False, server_default="1970-01-01 00:00:00"),
        *(sa.Column(name, MOMENT) for name in ("accepted_at", "first_reply_at", "resolved_at", "offered_at")),
        *(sa.Column(name, sa.String(80)) for name in ("helper", "offered_to", "wanted_family")),
        sa.Column("passed_over", sa.JSON, nullable=False, server_default="[]"),
        sa.Column("transfer_note", sa.Text),
        sa.Column("read_number", sa.Integer, nullable=False, server_default="0"),
    )
    for column in columns:
        op.add_column("tickets", column)
    op.execute("UPDATE tickets SET queued_at = opened_at")
    op.create_index("tickets_by_state", "tickets", ["state", "queued_at"])
    op.create_table(
        "desk_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("ticket_id", sa.String(32), index=True),
        sa.Column("helper", sa.String(80)),
        sa.Column("message_id", sa.String(32)),
        sa.Column("detail", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("desk_events_by_kind", "desk_events", ["kind", "at"])
    _refuse_changes_of_events()
    op.create_table(
        "helper_presence",
        sa.Column("username", sa.String(80), primary_key=True),
        sa.Column("display_name", sa.String(80), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("last_seen", MOMENT, nullable=False),
        sa.Column("skills", sa.JSON, nullable=False),
        sa.Column("languages", sa.JSON, nullable=False),
    )
    op.create_table(
        "ticket_notes",
        sa.Column("id", sa.String(32), primary_key=True),
        _ticket(index=True),
        sa.Column("helper", sa.String(80), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "contacts",
        _ticket(primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("convenient", sa.Text),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "late_answers",
        sa.Column("id", sa.String(32), primary_key=True),
        _ticket(index=True),
        sa.Column("question_id", sa.String(32), nullable=False),
        sa.Column("entry_id", sa.String(160), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "held_answers",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column(
            "session_id", sa.String(32), sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("question_id", sa.String(32), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("answer", sa.JSON, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT),
        sa.Column("decided_by", sa.String(80)),
    )
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("title", sa.JSON, nullable=False),
        sa.Column("text", sa.JSON, nullable=False),
        sa.Column("hidden", sa.Boolean, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(80), nullable=False),
    )
    op.create_table(
        "desk_house",
        sa.Column("name", sa.String(30), primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(80)),
    )
    op.create_table(
        "promotions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("ticket_id", sa.String(32), nullable=False, index=True),
        sa.Column("message_id", sa.String(32), nullable=False),
        sa.Column("item_id", sa.String(80), nullable=False),
        sa.Column("facet", sa.String(80), nullable=False),
        sa.Column("question", sa.JSON, nullable=False),
        sa.Column("answer", sa.JSON, nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("effective", sa.Date),
        sa.Column("expires", sa.Date),
        sa.Column("warnings", sa.JSON, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("helper", sa.String(80), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT),
        sa.Column("closed_by", sa.String(80)),
        sa.Column("closing_note", sa.Text),
    )


def downgrade() -> None:
    """Back."""
    for table in ("promotions", "desk_house", "canned_replies", "held_answers", "late_answers", "contacts"):
        op.drop_table(table)
    for table in ("ticket_notes", "helper_presence", "desk_events"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION desk_events_stay()")
    op.drop_index("tickets_by_state", "tickets")
    for name in (
        "reason", "facet", "family", "summary_en", "live", "resolution", "queued_at", "accepted_at", "first_reply_at",
        "resolved_at", "offered_at", "helper", "offered_to", "wanted_family", "passed_over", "transfer_note",
        "read_number",
    ):  # fmt: skip
        op.drop_column("tickets", name)
    op.execute("ALTER TABLE tickets RENAME COLUMN wish TO reason")
    op.drop_column("messages", "event")


def _ticket(index: bool = False, primary_key: bool = False) -> sa.Column[str]:
    key = sa.ForeignKey("tickets.id", ondelete="CASCADE")
    return sa.Column("ticket_id", sa.String(32), key, nullable=False, index=index, primary_key=primary_key)


def _refuse_changes_of_events() -> None:
    """The database itself refuses to change or remove what happened; the figures rest on it."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER desk_events_no_{change.lower()} BEFORE {change} ON desk_events "
                f"BEGIN SELECT RAISE(ABORT, '{EVENTS_STAY}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION desk_events_stay() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{EVENTS_STAY}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER desk_events_stay BEFORE UPDATE OR DELETE ON desk_events "
        "FOR EACH ROW EXECUTE FUNCTION desk_events_stay()"
    )
