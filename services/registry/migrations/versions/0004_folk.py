"""Warnings to which departments respond; what subscribers chose."""

import sqlalchemy as sa
from alembic import op

revision = "0004_folk"
down_revision = "0003_people"
branch_labels = None
depends_on = None

CHOICES = {"towns": 210, "hazards": 210, "lowest": 8, "quiet": 11}


def upgrade() -> None:
    """Add a table and columns."""
    op.create_table(
        "warnings",
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("ended", sa.Integer, nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("hazard_name", sa.Text, nullable=False),
        sa.Column("hazard_name_en", sa.Text, nullable=False),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("sent", sa.BigInteger),
        sa.Column("expires", sa.BigInteger),
    )
    op.create_index("warnings_by_time", "warnings", ["sent"])
    for name, length in CHOICES.items():
        op.add_column("recipients", sa.Column(name, sa.String(length), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop them."""
    for name in reversed(CHOICES):
        op.drop_column("recipients", name)
    op.drop_index("warnings_by_time", "warnings")
    op.drop_table("warnings")
