"""Provisioning: one-time codes for stations, and keys as nats-server checks them."""

import sqlalchemy as sa
from alembic import op

revision = "0005_provisioning"
down_revision = "0004_folk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("api_keys", sa.Column("bcrypt", sa.String(60)))
    op.create_table(
        "station_codes",
        sa.Column("proof", sa.String(24), primary_key=True),
        sa.Column("station", sa.String(40), nullable=False),
        sa.Column("modes", sa.String(20), nullable=False),
        sa.Column("made_by", sa.String(40), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("used_from", sa.String(60)),
        sa.Column("terminal", sa.String(40)),
        sa.Column("withdrawn_at", sa.BigInteger),
    )
    op.create_index("ix_station_codes_station", "station_codes", ["station"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("station_codes")
    op.drop_column("api_keys", "bcrypt")
