"""Proposals: keys that one operator wants to give and another confirms."""

import sqlalchemy as sa
from alembic import op

revision = "0002_proposals"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
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


def downgrade() -> None:
    """Drop it."""
    op.drop_table("proposals")
