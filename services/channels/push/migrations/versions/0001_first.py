"""The first tables: deliveries, what partners tell later, serials, tokens, links, tombstones."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import create_floor, drop_floor

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = ("links", "tokens", "serials", "events", "messages", "deliveries", "tombstones")


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
    _create_deliveries()
    _create_heard()
    _create_partner()


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("lane", sa.String(8), nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(8), nullable=False),
        sa.Column("air", sa.String(8), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("report", sa.Integer, nullable=False),
        sa.Column("reference", sa.String(64)),
        sa.Column("memo", sa.LargeBinary, nullable=False),
        sa.Column("withdrawn", sa.String(16)),
        sa.Column("states", sa.LargeBinary, nullable=False),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("claimed_until", sa.BigInteger),
        sa.Column("tried_at", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger),
    )
    op.create_index("deliveries_due", "deliveries", ["stage", "mode", "lane", "due_at"])
    op.create_index("deliveries_of_warning", "deliveries", ["warning_id", "revision"])
    op.create_index("deliveries_ending", "deliveries", ["ends_at"])


def _create_heard() -> None:
    op.create_table(
        "messages",
        sa.Column("message_id", sa.String(64), primary_key=True),
        sa.Column("delivery_id", sa.String(36), nullable=False, index=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("message_id", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("detail", sa.String(200)),
        sa.Column("heard_at", sa.BigInteger, nullable=False, index=True),
    )


def _create_partner() -> None:
    op.create_table(
        "serials",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("good_until", sa.BigInteger),
        sa.Column("renew_at", sa.BigInteger),
        sa.Column("asked_until", sa.BigInteger),
    )
    op.create_table(
        "links",
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("up", sa.Boolean, nullable=False),
        sa.Column("seen", sa.String(200), nullable=False),
        sa.Column("tested_at", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("took_ms", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop everything."""
    for name in _TABLES:
        op.drop_table(name)
    drop_floor()
