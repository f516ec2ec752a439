"""The first tables: the copy of the registry, manifests, plans, deliveries, progress, tombstones."""

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
    _registry()
    _plans()
    _deliveries()
    op.create_table(
        "progress",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("report", sa.Integer, nullable=False),
        sa.Column("tally", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "tombstones",
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(16)),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def _registry() -> None:
    op.create_table(
        "blocks",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("stations", sa.Integer, nullable=False),
        sa.Column("recipients", sa.Integer, nullable=False),
        sa.Column("kept_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "current_blocks",
        sa.Column("key", sa.String(20), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("gone", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "pinned_blocks",
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(20), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False, index=True),
    )


def _plans() -> None:
    op.create_table(
        "manifests",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("registry_version", sa.String(64), nullable=False, index=True),
        sa.Column("pinned_at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "plans",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("manifest_sha256", sa.String(64), nullable=False, index=True),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("made", sa.LargeBinary, nullable=False),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("route", sa.String(100)),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("lane", sa.String(8), nullable=False),
        sa.Column("requested_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("request", sa.LargeBinary),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("taken_at", sa.BigInteger),
        sa.Column("next_at", sa.BigInteger),
    )
    op.create_index("deliveries_of_warning", "deliveries", ["warning_id", "revision"])
    waiting = sa.text("next_at IS NOT NULL")
    op.create_index(
        "deliveries_waiting", "deliveries", ["next_at"], postgresql_where=waiting, sqlite_where=waiting
    )


def downgrade() -> None:
    """Take everything back."""
    for table in (
        "tombstones",
        "progress",
        "deliveries",
        "plans",
        "manifests",
        "pinned_blocks",
        "current_blocks",
        "blocks",
    ):
        op.drop_table(table)
    drop_floor()
