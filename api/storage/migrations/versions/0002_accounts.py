"""Helpers' accounts, login sessions, failed attempts, sign-ins under way, and the audit log that nobody can change."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
AUDIT_STAYS = "audit_log is only ever added to"


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "accounts",
        sa.Column("username", sa.String(80), primary_key=True),
        sa.Column("display_name", sa.String(80), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("skills", sa.JSON, nullable=False),
        sa.Column("languages", sa.JSON, nullable=False),
        sa.Column("password_hash", sa.String(300)),
        sa.Column("oidc_subject", sa.String(255), unique=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
    )
    op.create_table(
        "login_sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column(
            "username",
            sa.String(80),
            sa.ForeignKey("accounts.username", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=False),
    )
    op.create_table(
        "login_attempts",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
    )
    op.create_table(
        "oidc_flows",
        sa.Column("cookie_hash", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(100), nullable=False),
        sa.Column("nonce", sa.String(100), nullable=False),
        sa.Column("verifier", sa.String(128), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("username", sa.String(80), index=True),
        sa.Column("role", sa.String(20)),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("target", sa.String(80), index=True),
        sa.Column("address", sa.String(80)),
        sqlite_autoincrement=True,  # An id is never given twice, so a gap at the end of the log shows.
    )
    _refuse_changes_of_the_audit_log()


def downgrade() -> None:
    """Back."""
    for table in ("audit_log", "oidc_flows", "login_attempts", "login_sessions", "accounts"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_log_stays()")


def _refuse_changes_of_the_audit_log() -> None:
    """The database itself refuses; a PostgreSQL RULE would only do nothing, and nobody would hear of the attempt."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_no_{change.lower()} BEFORE {change} ON audit_log "
                f"BEGIN SELECT RAISE(ABORT, '{AUDIT_STAYS}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_log_stays() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{AUDIT_STAYS}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_stays()"
    )
