"""What a partner calls a delivery is found quickly; every link test of the last days is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0002_air"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the indexes and the table."""
    op.create_index("deliveries_called", "deliveries", ["reference"])
    op.create_index("deliveries_tried", "deliveries", ["tried_at"])
    op.create_table(
        "link_tests",
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("tested_at", sa.BigInteger, primary_key=True),
        sa.Column("up", sa.Boolean, nullable=False),
        sa.Column("seen", sa.String(200), nullable=False),
        sa.Column("took_ms", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("link_tests")
    op.drop_index("deliveries_tried", "deliveries")
    op.drop_index("deliveries_called", "deliveries")
