"""Tables: one row for each batch or area order, none for a recipient."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

from services.channels import keys, tombstones
from services.kit.db import Moment
from services.kit.outbox import Sequence64

metadata = MetaData()

READY = text("state = 'ready'")
LEASED = text("state = 'leased'")
OPEN = text("open > 0")
"""Written out, not bound: a database uses a partial index only when it can read the condition."""

BATCHES = Table(
    "batches",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("identifier", String(64), nullable=False),
    Column("hazard", String(8), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("action", String(8), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("channel", String(8), nullable=False),
    Column("gateway", String(64), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("rendering", String(20)),
    Column("size", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("first_hash", String(16)),
    Column("state", String(10), nullable=False),
    Column("open", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("misses", Integer, nullable=False),
    Column("leased_at", Moment),
    Column("lease_until", Moment),
    Column("not_before", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("queued_at", Moment, nullable=False),
    Column("report", Integer, nullable=False),
    Column("results", LargeBinary),
    Column("reasons", LargeBinary),
    Column("adds_to", String(36)),
    Column("run", String(36)),
    Index(
        "batches_ready",
        *("gateway", "mode", "priority", "queued_at", "delivery_id"),
        sqlite_where=READY,
        postgresql_where=READY,
    ),
    Index("batches_by_phone", "warning_id", "first_hash"),
    Index("batches_by_gateway", "gateway", "queued_at"),
    Index("batches_leased", "lease_until", sqlite_where=LEASED, postgresql_where=LEASED),
    Index("batches_open", "expires", sqlite_where=OPEN, postgresql_where=OPEN),
)
"""`results` is one byte for each recipient, compressed; nothing while all are queued.

`adds_to` is the warning beside which a town's note stands, nothing for a warning itself.
"""

BODIES = Table(
    "bodies",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("sealed", LargeBinary),
    Column("hashes", LargeBinary),
    Column("targets", Text),
    Column("area", Text),
    Column("hash_key", String(64)),
)
"""What never changes and is big, apart from what changes: SQLite writes a changed row whole."""

BATCH_LEASES = Table(
    "batch_leases",
    metadata,
    Column("lease_hash", String(64), primary_key=True),
    Column("delivery_id", String(36), nullable=False),
    Column("gateway", String(64), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("leased_at", Moment, nullable=False, index=True),
    Column("reported_at", Moment),
    Column("places", LargeBinary),
)
"""Every lease that was ever given: a late report finds its batch here, and which places of it it had."""

HALTS = Table(
    "halts",
    metadata,
    Column("position", Sequence64, primary_key=True, autoincrement=True),
    Column("gateway", String(64), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Index("halts_by_gateway", "gateway", "mode", "position"),
    sqlite_autoincrement=True,
)

RECEIPTS = Table(
    "receipts",
    metadata,
    Column("position", Sequence64, primary_key=True, autoincrement=True),
    Column("delivery_id", String(36), nullable=False, index=True),
    Column("gateway", String(64), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("phone_hash", String(16), nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("at", Moment, nullable=False),
    Column("heard_at", Moment, nullable=False),
    Index("receipts_by_age", "gateway", "heard_at"),
)
"""Receipts for deliveries that are not here yet."""

GATEWAYS = Table(
    "gateways",
    metadata,
    Column("gateway_id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("operator", String(8), nullable=False),
    Column("area_orders", Boolean, nullable=False),
)

PULLS = Table(
    "pulls",
    metadata,
    Column("gateway", String(64), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("last_at", Moment),
    Column("starved_at", Moment),
    Column("away_from", Moment),
    Column("away_until", Moment),
    Column("away_why", String(200)),
    Column("away_told_at", Moment),
)
"""When each gateway last asked for work, since when its silence is an alarm, and when it announced one."""

RUNS = Table(
    "conformance_runs",
    metadata,
    Column("run", String(36), primary_key=True),
    Column("gateway", String(64), nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("deliveries", Text, nullable=False),
    Index("conformance_runs_by_gateway", "gateway", "begun_at"),
)
"""Conformance runs, with the delivery of each piece of test work as JSON."""

MARKS = Table(
    "conformance_marks",
    metadata,
    Column("run", String(36), primary_key=True),
    Column("check", String(20), primary_key=True),
    Column("at", Moment, nullable=False),
)
"""What a gateway has been seen to do in a run."""

BLOCKS = Table(
    "blocks",
    metadata,
    Column("block", String(40), primary_key=True),
    Column("at", Moment, nullable=False),
)
"""How new the copy of a registry block is."""

API_KEYS = keys.table(metadata)
TOMBSTONES = tombstones.table(metadata)
