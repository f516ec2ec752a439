"""The first tables: deliveries and their items, newsrooms and their keys, tombstones."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import create_floor, drop_floor

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = ("heard", "newsrooms", "items", "deliveries", "api_keys", "tombstones")


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
        "api_keys",
        sa.Column("key_id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(40), nullable=False, index=True),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("report", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
        sa.Column("ended", sa.Boolean, nullable=False),
    )
    op.create_index("deliveries_of_warning", "deliveries", ["warning_id", "revision"])
    _create_newsrooms()


def _create_newsrooms() -> None:
    op.create_table(
        "items",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("newsroom", sa.String(40), primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(60)),
        sa.Column("programme", sa.String(100)),
        sa.Column("aired_at", sa.BigInteger),
    )
    op.create_table(
        "newsrooms",
        sa.Column("newsroom_id", sa.String(40), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("seen_at", sa.BigInteger),
        sa.Column("gone", sa.Boolean, nullable=False),
    )
    op.create_table(
        "heard",
        sa.Column("block", sa.String(16), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in _TABLES:
        op.drop_table(table)
    drop_floor()
