"""The first tables of the stations house."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import create_floor, drop_floor

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the floor and every table of the house."""
    create_floor()
    _create_registry()
    _create_deliveries()
    _create_items()
    _create_presence()


def _create_registry() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(40), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_index("ix_api_keys_owner", "api_keys", ["owner"])
    op.create_table(
        "blocks",
        sa.Column("block", sa.String(20), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "stations",
        sa.Column("code", sa.String(40), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("village", sa.String(12), nullable=False),
        sa.Column("block", sa.String(20), nullable=False),
        sa.Column("station_class", sa.String(10), nullable=False),
        sa.Column("duty_name", sa.String(60)),
    )
    op.create_index("ix_stations_block", "stations", ["block"])


def _create_deliveries() -> None:
    op.create_table(
        "tombstones",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("lane", sa.String(8), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.Integer(), nullable=False),
        sa.Column("tally", sa.Text(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
    )
    op.create_index("deliveries_warning", "deliveries", ["warning_id", "revision"])
    still_open = sa.text("open > 0")
    op.create_index(
        "deliveries_open", "deliveries", ["expires"], postgresql_where=still_open, sqlite_where=still_open
    )


def _create_items() -> None:
    op.create_table(
        "notices",
        sa.Column("notice_id", _Sequence, primary_key=True, autoincrement=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("warning_id", "revision", "kind", name="notices_once"),
    )
    op.create_table(
        "sequences",
        sa.Column("station", sa.String(40), primary_key=True),
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("last", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "items",
        sa.Column("station", sa.String(40), primary_key=True),
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("sequence", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("delivery_id", sa.String(36), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        *[sa.Column(f"{fact}_at", sa.BigInteger()) for fact in ("received", "verified", "played")],
        *[
            column
            for fact in ("confirmed", "acted")
            for column in (sa.Column(f"{fact}_at", sa.BigInteger()), sa.Column(f"{fact}_by", sa.String(60)))
        ],
    )
    op.create_index("items_delivery", "items", ["delivery_id", "station"])
    op.create_index("items_warning", "items", ["warning_id", "revision", "station"])
    op.create_table(
        "early_reports",
        sa.Column("station", sa.String(40), primary_key=True),
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("fact", sa.String(10), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("said_by", sa.String(60)),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_early_reports_heard_at", "early_reports", ["heard_at"])


def _create_presence() -> None:
    op.create_table(
        "presence",
        sa.Column("station", sa.String(40), primary_key=True),
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("terminal", sa.String(40), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=False),
        sa.Column("health", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in (
        "presence",
        "early_reports",
        "items",
        "sequences",
        "notices",
        "deliveries",
        "tombstones",
        "stations",
        "blocks",
        "api_keys",
    ):
        op.drop_table(table)
    drop_floor()
