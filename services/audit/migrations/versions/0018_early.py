"""What stays of deleted targets: also how many had a warning before its approval, by a wrong clock."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the count; nobody counted it before."""
    op.add_column("target_counts", sa.Column("early", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("target_counts") as table:
        table.drop_column("early")
