"""The same note sent twice is kept once."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("ticket_notes", sa.Column("client_id", sa.String(100)))
    op.create_index("ticket_notes_once", "ticket_notes", ["ticket_id", "helper", "client_id"], unique=True)


def downgrade() -> None:
    """Back."""
    op.drop_index("ticket_notes_once", "ticket_notes")
    op.drop_column("ticket_notes", "client_id")
