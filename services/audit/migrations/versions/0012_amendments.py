"""Amendments beside the plans, so that each counts once, whichever of the two is heard first."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, empty; what older plans hold already is found there by their deliveries."""
    op.create_table(
        "amendments",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("lines", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Drop it; it can be made anew from the records."""
    op.drop_table("amendments")
