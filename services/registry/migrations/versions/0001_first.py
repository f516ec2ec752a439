"""The first tables: places, stations, people, gateways, accounts, keys, blocks."""

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
    _places()
    _people()
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(40), nullable=False, index=True),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_table(
        "blocks",
        sa.Column("block", sa.String(20), primary_key=True),
        sa.Column("plain_hash", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )


def _places() -> None:
    op.create_table(
        "towns",
        sa.Column("code", sa.String(9), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("name_en", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        sa.Column("lat", sa.Float, nullable=False),
        sa.Column("population", sa.Integer, nullable=False),
        sa.Column("cell", sa.Text, nullable=False),
        sa.Column("cell_quality", sa.String(12), nullable=False),
    )
    op.create_table(
        "villages",
        sa.Column("code", sa.String(12), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("official_name", sa.String(80), nullable=False),
        sa.Column("town_code", sa.String(9), nullable=False, index=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        sa.Column("lat", sa.Float, nullable=False),
        sa.Column("position", sa.String(10), nullable=False),
        sa.Column("cell", sa.Text, nullable=False),
        sa.Column("cell_quality", sa.String(12), nullable=False),
    )
    op.create_table(
        "stations",
        sa.Column("code", sa.String(12), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("village_code", sa.String(12), nullable=False, index=True),
        sa.Column("station_class", sa.String(10), nullable=False),
        sa.Column("duty_name", sa.String(60)),
        sa.Column("presence", sa.String(8), nullable=False),
        sa.Column("presence_at", sa.BigInteger),
    )


def _people() -> None:
    op.create_table(
        "recipients",
        sa.Column("recipient_id", sa.String(40), primary_key=True),
        sa.Column("village_code", sa.String(12), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("role", sa.String(30), nullable=False),
        sa.Column("groups", sa.String(200), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("phone_hash", sa.String(16)),
        sa.Column("operator", sa.String(4)),
        sa.Column("openid", sa.String(64)),
        sa.Column("station", sa.String(12)),
    )
    op.create_index("recipients_by_village", "recipients", ["village_code", "recipient_id"])
    op.create_table(
        "gateways",
        sa.Column("gateway_id", sa.String(31), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("operator", sa.String(4), nullable=False),
        sa.Column("area_orders", sa.Boolean, nullable=False),
    )
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.String(31), primary_key=True),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in (
        "blocks",
        "api_keys",
        "accounts",
        "gateways",
        "recipients",
        "stations",
        "villages",
        "towns",
    ):
        op.drop_table(table)
    drop_floor()
