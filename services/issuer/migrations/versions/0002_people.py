"""People: a second factor, sessions that say from where, proposals of operators, histories."""

import sqlalchemy as sa
from alembic import op

revision = "0002_people"
down_revision = "0001"
branch_labels = None
depends_on = None

NEW = ("proposals", "people_events", "recovery_codes")


def upgrade() -> None:
    """Add what people need."""
    _columns()
    op.create_table(
        "recovery_codes",
        sa.Column("code_sha256", sa.String(64), primary_key=True),
        sa.Column("username", sa.String(40), nullable=False, index=True),
        sa.Column("used_at", sa.BigInteger),
    )
    op.create_table(
        "proposals",
        sa.Column("proposal_id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("about", sa.String(40), nullable=False, index=True),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.String(40), nullable=False),
        sa.Column("proposed_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("decided_by", sa.String(40)),
        sa.Column("decided_at", sa.BigInteger),
    )
    position = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "people_events",
        sa.Column("position", position, primary_key=True, autoincrement=True),
        sa.Column("username", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("source", sa.String(64)),
        sa.Column("session", sa.String(12)),
    )
    op.create_index("people_events_of_somebody", "people_events", ["username", "position"])


def _columns() -> None:
    op.add_column("users", sa.Column("must_change", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("users", sa.Column("secret_sealed", sa.LargeBinary))
    op.add_column("users", sa.Column("last_step", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("users", sa.Column("disabled_at", sa.BigInteger))
    op.add_column("sessions", sa.Column("second_at", sa.BigInteger))
    op.add_column("sessions", sa.Column("source", sa.String(64)))
    op.add_column("sessions", sa.Column("agent", sa.String(120), nullable=False, server_default=""))
    op.add_column("events", sa.Column("source", sa.String(64)))
    op.add_column("events", sa.Column("session", sa.String(12)))


def downgrade() -> None:
    """Take it away again."""
    for name in NEW:
        op.drop_table(name)
    added = {
        "events": ("source", "session"),
        "sessions": ("second_at", "source", "agent"),
        "users": ("must_change", "secret_sealed", "last_step", "disabled_at"),
    }
    for table, columns in added.items():
        for column in columns:
            op.drop_column(table, column)
