"""Provisioning: keys as nats-server checks them, and how far each station was told by MQTT."""

import sqlalchemy as sa
from alembic import op

revision = "0004_provisioning"
down_revision = "0003_backs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "mqtt_keys",
        sa.Column("key_id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(40), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("bcrypt", sa.String(60), nullable=False),
    )
    op.create_index("ix_mqtt_keys_owner", "mqtt_keys", ["owner"])
    op.create_table(
        "mqtt_cursors",
        sa.Column("station", sa.String(40), primary_key=True),
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("mqtt_cursors")
    op.drop_table("mqtt_keys")
