"""Browsers that want to be warned: who they are, what they follow, of what they were told; the places."""

import sqlalchemy as sa
from alembic import op

revision = "0004_web"
down_revision = "0003_wires"
branch_labels = None
depends_on = None

_TABLES = ("told", "follows", "browsers", "places")


def upgrade() -> None:
    """Create them; they stay empty in every house but the one of Web Push."""
    op.create_table(
        "places",
        sa.Column("code", sa.String(12), primary_key=True),
        sa.Column("town", sa.String(9), nullable=False, index=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("name_en", sa.String(100), nullable=False),
        sa.Column("shape", sa.LargeBinary, nullable=False),
        sa.Column("gone", sa.String(4), nullable=False),
        sa.Column("heard_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "browsers",
        sa.Column("browser_id", sa.String(32), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("lowest", sa.String(8), nullable=False),
        sa.Column("hazards", sa.String(400), nullable=False),
        sa.Column("drills", sa.Boolean, nullable=False),
        sa.Column("kept_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "follows",
        sa.Column("town", sa.String(9), primary_key=True),
        sa.Column("browser_id", sa.String(32), primary_key=True, index=True),
    )
    op.create_table(
        "told",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("browser_id", sa.String(32), primary_key=True, index=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("fate", sa.String(8), nullable=False),
        sa.Column("halted", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, index=True),
    )
    op.create_index("told_of_warning", "told", ["warning_id", "browser_id"])


def downgrade() -> None:
    """Drop them."""
    for table in _TABLES:
        op.drop_table(table)
