"""What the auditor's questions are answered from: sums of gateways, acts, presences, and their indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_GATEWAYS = (
    "'gateway.starved', 'gateway.fed', 'gateway.away', 'gateway.maintenance', "
    "'gateway.maintenance-withdrawn', 'gateway.conformance', 'sms.dead', 'sms.key-away', "
    "'sms.reported-late', 'sms.keywords'"
)
_KEYS = (
    "'key.issued', 'key.revoked', 'station-code.made', 'station-code.used', 'station-code.withdrawn', "
    "'proposal.made', 'proposal.confirmed', 'proposal.declined'"
)
_REGISTRY = (
    "'registry.changed', 'registry.added', 'registry.ended', 'registry.checked', 'registry.recoded', "
    "'registry.outlined', 'registry.imported', 'registry.import.begun', 'registry.import.dropped', "
    "'registry.unsaid', "
)
_STORY = "'plan.made', 'plan.amended', 'duty.climbed', 'duty.unanswered', 'duty.answered', 'duty.taken'"

_PARTIAL = {
    "records_of_things": (["about", "event_at", "position"], f"{_GATEWAYS}, {_KEYS}"),
    "records_of_registry": (["recorded_at", "position"], f"{_REGISTRY}{_KEYS}"),
    "records_of_story": (["warning_id", "kind", "position"], _STORY),
}

_TIMES = ("leased_at", "answered_at", "closed_at")


def upgrade() -> None:
    """Create everything."""
    for name, (columns, kinds) in _PARTIAL.items():
        where = sa.text(f"(kind || '') IN ({kinds})")
        op.create_index(name, "records", columns, sqlite_where=where, postgresql_where=where)
    op.create_index("revisions_by_approval", "revisions", ["approved_at", "warning_id", "revision"])
    op.create_index("revisions_by_span", "revisions", ["said_at", "expires_at", "warning_id", "revision"])
    op.add_column("deliveries", sa.Column("mode", sa.String(8)))
    for name in _TIMES:
        op.add_column("deliveries", sa.Column(name, sa.BigInteger))
    op.add_column("deliveries", sa.Column("attempts", sa.Integer))
    op.add_column("deliveries", sa.Column("first_attempt", sa.Integer))
    _carried()
    _acts()
    _stations()


def _sums() -> list[sa.Column[int]]:
    big = ("recipients", "reports", "confirmed", "delivered", "failed", "withdrawn", "expired", "open")
    small = ("batches", "leased", "answered", "closed", "attempts", "repeated", "ran_out")
    return [
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in big),
        *(sa.Column(name, sa.Integer, nullable=False) for name in small),
        sa.Column("spans", sa.JSON, nullable=False),
    ]


def _carried() -> None:
    op.create_table(
        "carried",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("route", sa.String(100), primary_key=True),
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("channel", sa.String(10), primary_key=True),
        sa.Column("mode", sa.String(8), nullable=False),
        *_sums(),
    )
    op.create_table(
        "carried_days",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("route", sa.String(100), primary_key=True),
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("channel", sa.String(10), primary_key=True),
        *_sums(),
    )
    op.create_table(
        "carriers",
        sa.Column("route", sa.String(100), primary_key=True),
        sa.Column("operator", sa.String(100), nullable=False),
    )


def _acts() -> None:
    op.create_table(
        "acts",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer),
        sa.Column("act", sa.String(100), nullable=False),
        sa.Column("person", sa.String(100)),
        sa.Column("source", sa.String(100)),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("content_sha256", sa.String(64)),
        sa.Column("manifest_sha256", sa.String(64)),
        sa.Column("emergency", sa.Boolean, nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
    )
    op.create_index("acts_by_warning", "acts", ["warning_id", "position"])
    op.create_index("acts_by_person", "acts", ["person", "warning_id"])
    where = sa.text("emergency")
    op.create_index("acts_in_emergency", "acts", ["warning_id"], sqlite_where=where, postgresql_where=where)


def _stations() -> None:
    op.create_table(
        "comings",
        sa.Column("station", sa.String(100), primary_key=True),
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("presence", sa.String(10), nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("clock_offset_ms", sa.BigInteger),
    )
    op.create_index("comings_by_time", "comings", ["mode", "at"])
    op.create_table(
        "equipment",
        sa.Column("station", sa.String(100), primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("maintained_until", sa.String(10)),
        sa.Column("keys", sa.JSON, nullable=False),
        sa.Column("devices", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in ("equipment", "comings", "acts", "carriers", "carried_days", "carried"):
        op.drop_table(table)
    for name in ("first_attempt", "attempts", *reversed(_TIMES), "mode"):
        op.drop_column("deliveries", name)
    for name in ("revisions_by_span", "revisions_by_approval"):
        op.drop_index(name, "revisions")
    for name in reversed(_PARTIAL):
        op.drop_index(name, "records")
