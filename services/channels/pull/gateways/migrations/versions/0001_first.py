"""The first tables: work and its bodies, leases, halts, early receipts, the registry's copy."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import create_floor, drop_floor
from services.kit.outbox import Sequence64

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_READY, _LEASED, _OPEN = sa.text("state = 'ready'"), sa.text("state = 'leased'"), sa.text("open > 0")


def upgrade() -> None:
    """Create everything."""
    create_floor()
    _work()
    _said()
    _known()


def _work() -> None:
    op.create_table(
        "batches",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("identifier", sa.String(64), nullable=False),
        sa.Column("hazard", sa.String(8), nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("lane", sa.String(8), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("gateway", sa.String(64), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("rendering", sa.String(20)),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("segments", sa.Integer, nullable=False),
        sa.Column("first_hash", sa.String(16)),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("open", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("misses", sa.Integer, nullable=False),
        sa.Column("leased_at", sa.BigInteger),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("not_before", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("queued_at", sa.BigInteger, nullable=False),
        sa.Column("report", sa.Integer, nullable=False),
        sa.Column("results", sa.LargeBinary),
        sa.Column("reasons", sa.LargeBinary),
    )
    turn = ["gateway", "mode", "priority", "queued_at", "delivery_id"]
    op.create_index("batches_ready", "batches", turn, sqlite_where=_READY, postgresql_where=_READY)
    op.create_index("batches_by_phone", "batches", ["warning_id", "first_hash"])
    op.create_index("batches_by_gateway", "batches", ["gateway", "queued_at"])
    op.create_index(
        "batches_leased", "batches", ["lease_until"], sqlite_where=_LEASED, postgresql_where=_LEASED
    )
    op.create_index("batches_open", "batches", ["expires"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_table(
        "bodies",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("hashes", sa.LargeBinary),
        sa.Column("targets", sa.Text),
        sa.Column("area", sa.Text),
    )
    op.create_table(
        "batch_leases",
        sa.Column("lease_hash", sa.String(64), primary_key=True),
        sa.Column("delivery_id", sa.String(36), nullable=False),
        sa.Column("gateway", sa.String(64), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("leased_at", sa.BigInteger, nullable=False, index=True),
        sa.Column("reported_at", sa.BigInteger),
        sa.Column("places", sa.LargeBinary),
    )


def _said() -> None:
    op.create_table(
        "halts",
        sa.Column("position", Sequence64, primary_key=True, autoincrement=True),
        sa.Column("gateway", sa.String(64), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("halts_by_gateway", "halts", ["gateway", "mode", "position"])
    op.create_table(
        "receipts",
        sa.Column("position", Sequence64, primary_key=True, autoincrement=True),
        sa.Column("delivery_id", sa.String(36), nullable=False, index=True),
        sa.Column("gateway", sa.String(64), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("phone_hash", sa.String(16), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(100), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("heard_at", sa.BigInteger, nullable=False),
    )
    op.create_index("receipts_by_age", "receipts", ["gateway", "heard_at"])
    op.create_table(
        "tombstones",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def _known() -> None:
    op.create_table(
        "gateways",
        sa.Column("gateway_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("operator", sa.String(8), nullable=False),
        sa.Column("area_orders", sa.Boolean, nullable=False),
    )
    op.create_table(
        "pulls",
        sa.Column("gateway", sa.String(64), primary_key=True),
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("last_at", sa.BigInteger),
        sa.Column("starved_at", sa.BigInteger),
    )
    op.create_table(
        "blocks",
        sa.Column("block", sa.String(40), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(40), nullable=False, index=True),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in (
        *("api_keys", "blocks", "pulls", "gateways", "tombstones"),
        *("receipts", "halts", "batch_leases", "bodies", "batches"),
    ):
        op.drop_table(table)
    drop_floor()
