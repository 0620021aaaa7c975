"""The hotline desk: roster, calls, and their events, which nobody can change."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
EVENTS_STAY = "hotline_events are only ever added to"


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "hotline_roster",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("window", sa.String(80), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("families", sa.JSON, nullable=False),
        sa.Column("hours", sa.String(20), nullable=False),
        sa.Column("every_day", sa.Boolean, nullable=False),
        sa.Column("on_duty", sa.Boolean, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(80), nullable=False),
    )
    op.create_table(
        "hotline_calls",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("operator", sa.String(80), nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("item_id", sa.String(80)),
        sa.Column("family", sa.String(80)),
        sa.Column("by_hand", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(10), nullable=False, index=True),
        sa.Column("failure", sa.String(30)),
        sa.Column("line", sa.JSON, nullable=False),
        sa.Column("callback_sealed", sa.Text),
        sa.Column("called_back_at", MOMENT),
        sa.Column("started_at", MOMENT, nullable=False, index=True),
        sa.Column("ended_at", MOMENT),
    )
    op.create_table(
        "hotline_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("call_id", sa.String(32), sa.ForeignKey("hotline_calls.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("leg_id", sa.String(32)),
        sa.Column("party", sa.String(10)),
        sa.Column("duty_id", sa.String(32)),
        sa.Column("state", sa.String(10)),
        sa.Column("failure", sa.String(30)),
        sa.Column("by", sa.String(80)),
        sa.Column("note", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("hotline_events_by_kind", "hotline_events", ["kind", "at"])
    _refuse_changes_of_events()


def downgrade() -> None:
    """Back."""
    for table in ("hotline_events", "hotline_calls", "hotline_roster"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION hotline_events_stay()")


def _refuse_changes_of_events() -> None:
    """The database itself refuses to change or remove what happened; the connection rate rests on it."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER hotline_events_no_{change.lower()} BEFORE {change} ON hotline_events "
                f"BEGIN SELECT RAISE(ABORT, '{EVENTS_STAY}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION hotline_events_stay() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{EVENTS_STAY}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER hotline_events_stay BEFORE UPDATE OR DELETE ON hotline_events "
        "FOR EACH ROW EXECUTE FUNCTION hotline_events_stay()"
    )
