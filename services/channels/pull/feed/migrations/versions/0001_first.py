"""The first tables: entries and tombstones."""

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
        "entries",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("lane", sa.String(8), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("identifier", sa.String(64), nullable=False, index=True),
        sa.Column("notice", sa.LargeBinary, nullable=False),
        sa.Column("cap_xml", sa.Text, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("report", sa.Integer, nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
    )
    op.create_index("entries_of_warning", "entries", ["warning_id", "revision"])


def downgrade() -> None:
    """Drop everything."""
    op.drop_table("entries")
    op.drop_table("tombstones")
    drop_floor()
