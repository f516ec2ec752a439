"""Alarms, and what the audit needs to reconcile by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

_STANDING = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Create the tables."""
    _alarms()
    op.create_table(
        "looks",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("looked_at", sa.BigInteger),
        sa.Column("rests_until", sa.BigInteger),
        sa.Column("differences", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger),
    )
    op.create_index("looks_due", "looks", ["due_at"])
    op.create_table(
        "walks",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("moved_at", sa.BigInteger, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Column("through_at", sa.BigInteger),
    )
    op.create_table(
        "rounds",
        sa.Column("slot", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("behind", sa.BigInteger, nullable=False),
        sa.Column("warnings", sa.Integer, nullable=False),
        sa.Column("found", sa.Integer, nullable=False),
        sa.Column("standing", sa.Integer, nullable=False),
        sa.Column("issuer", sa.Boolean, nullable=False),
        sa.Column("took_ms", sa.Integer, nullable=False),
    )


def _alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("alarm_id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("scope", sa.String(100), nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("warning_id", sa.String(36)),
        sa.Column("revision", sa.Integer),
        sa.Column("channel", sa.String(10)),
        sa.Column("about", sa.String(100)),
        sa.Column("expected", sa.Text),
        sa.Column("found", sa.Text),
        sa.Column("since", sa.BigInteger),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("said", sa.Integer, nullable=False),
        sa.Column("say_at", sa.BigInteger, nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger),
        sa.Column("acknowledged_by", sa.String(100)),
        sa.Column("acknowledged_why", sa.Text),
        sa.Column("ended_at", sa.BigInteger),
    )
    for name, column, unique in (
        ("alarms_standing", "name", True),
        ("alarms_by_scope", "scope", False),
        ("alarms_due", "say_at", False),
    ):
        where = _STANDING
        op.create_index(name, "alarms", [column], unique=unique, sqlite_where=where, postgresql_where=where)
    op.create_index("alarms_by_warning", "alarms", ["warning_id", "alarm_id"])


def downgrade() -> None:
    """Drop them."""
    for table in ("rounds", "walks", "looks", "alarms"):
        op.drop_table(table)
