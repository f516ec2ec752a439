"""The first tables: the records, their tree and heads, and the books."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import create_floor, drop_floor

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_OF_A_WARNING, _ABOUT_A_THING = sa.text("warning_id IS NOT NULL"), sa.text("about IS NOT NULL")


def upgrade() -> None:
    """Create everything."""
    create_floor()
    _records()
    _proofs()
    _reading()
    _revisions()
    _plans()
    _deliveries()
    _targets()


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("mode", sa.String(8)),
        sa.Column("warning_id", sa.String(36)),
        sa.Column("revision", sa.Integer),
        sa.Column("channel", sa.String(10)),
        sa.Column("about", sa.String(100)),
        sa.Column("actor", sa.String(100)),
        sa.Column("event_at", sa.BigInteger),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
    )
    op.create_index("records_by_message", "records", ["message_id"], unique=True)
    op.create_index("records_by_kind", "records", ["kind", "position"])
    for name, column, where in (
        ("records_by_warning", "warning_id", _OF_A_WARNING),
        ("records_by_thing", "about", _ABOUT_A_THING),
    ):
        op.create_index(name, "records", [column, "position"], sqlite_where=where, postgresql_where=where)


def _proofs() -> None:
    op.create_table(
        "nodes",
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("index", sa.BigInteger, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "heads",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("key_id", sa.String(100), nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False),
        sa.Column("signed_at", sa.BigInteger, nullable=False),
    )


def _reading() -> None:
    op.create_table(
        "epochs",
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("stream_created_at", sa.BigInteger, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("begin", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("last_message_id", sa.String(80)),
        sa.Column("skipped", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "gaps",
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("first", sa.BigInteger, primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("found_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "places",
        sa.Column("code", sa.String(100), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("town", sa.String(100)),
    )


def _revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("verb", sa.String(10), nullable=False),
        sa.Column("identifier", sa.Text, nullable=False),
        sa.Column("hazard", sa.String(8), nullable=False),
        sa.Column("hazard_name", sa.Text, nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("sender_name", sa.Text, nullable=False),
        sa.Column("approved_by", sa.JSON, nullable=False),
        sa.Column("approved_at", sa.BigInteger, nullable=False),
        sa.Column("said_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("manifest_sha256", sa.String(64), nullable=False),
        sa.Column("heard_at", sa.BigInteger, nullable=False),
        sa.Column("conflict", sa.Boolean, nullable=False),
    )
    op.create_index("revisions_by_time", "revisions", ["heard_at", "warning_id", "revision"])


def _plans() -> None:
    op.create_table(
        "endings",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("reason", sa.String(12), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "plans",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("manifest_sha256", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("lines", sa.JSON, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("heard_at", sa.BigInteger, nullable=False),
        sa.Column("conflict", sa.Boolean, nullable=False),
    )


def _deliveries() -> None:
    counts = ("confirmed", "delivered", "failed", "withdrawn", "expired", "open")
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("planned", sa.Integer),
        sa.Column("requested", sa.Integer),
        sa.Column("requested_at", sa.BigInteger),
        sa.Column("route", sa.String(100)),
        sa.Column("report", sa.Integer, nullable=False),
        sa.Column("reported_at", sa.BigInteger),
        sa.Column("tally", sa.JSON, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in counts),
        sa.Column("heard_at", sa.BigInteger, nullable=False),
    )
    op.create_index("deliveries_by_warning", "deliveries", ["warning_id", "revision", "channel"])


def _targets() -> None:
    op.create_table(
        "targets",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("channel", sa.String(10), primary_key=True),
        sa.Column("target", sa.String(100), primary_key=True),
        sa.Column("planned", sa.Boolean, nullable=False),
        sa.Column("delivery_id", sa.String(36)),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("times", sa.JSON, nullable=False),
        sa.Column("confirmed_by", sa.String(100)),
    )
    op.create_index("targets_by_name", "targets", ["target", "channel", "warning_id"])


_TABLES = (
    *("targets", "deliveries", "plans", "endings", "revisions"),
    *("places", "gaps", "epochs", "heads", "nodes", "records"),
)


def downgrade() -> None:
    """Drop everything."""
    for table in _TABLES:
        op.drop_table(table)
    drop_floor()
