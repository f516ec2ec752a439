"""To which warning a town's note adds: who answers, answers that one."""

import sqlalchemy as sa
from alembic import op

revision = "0002_notes"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("batches", sa.Column("adds_to", sa.String(36)))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("batches", "adds_to")
