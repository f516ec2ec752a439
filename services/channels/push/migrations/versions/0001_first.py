"""The first tables: deliveries and tombstones."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import create_floor, drop_floor

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    create_floor()
    op.create_table(
        "tombstones",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("lane", sa.String(8), nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(8), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("report", sa.Integer, nullable=False),
        sa.Column("reference", sa.String(200)),
        sa.Column("withdrawn", sa.String(16)),
        sa.Column("states", sa.LargeBinary, nullable=False),
        sa.Column("messages", sa.LargeBinary),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("claimed_until", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("deliveries_due", "deliveries", ["mode", "lane", "stage", "due_at"])
    op.create_index("deliveries_of_warning", "deliveries", ["warning_id", "revision"])


def downgrade() -> None:
    """Drop everything."""
    op.drop_table("deliveries")
    op.drop_table("tombstones")
    drop_floor()
