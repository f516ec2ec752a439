"""Tables: the records, the tree, the heads; and the books, which can be computed from the records anew."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from services.kit.db import Moment

metadata = MetaData()

_OF_A_WARNING = text("warning_id IS NOT NULL")
_ABOUT_A_THING = text("about IS NOT NULL")
"""Written out, not bound: a database uses a partial index only when it can read the condition."""

RECORDS = Table(
    "records",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("message_id", String(80), nullable=False),
    Column("kind", String(100), nullable=False),
    Column("mode", String(8)),
    Column("warning_id", String(36)),
    Column("revision", Integer),
    Column("channel", String(10)),
    Column("about", String(100)),
    Column("actor", String(100)),
    Column("event_at", Moment),
    Column("leaf", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Index("records_by_message", "message_id", unique=True),
    Index(
        "records_by_warning",
        *("warning_id", "position"),
        sqlite_where=_OF_A_WARNING,
        postgresql_where=_OF_A_WARNING,
    ),
    Index(
        "records_by_thing",
        *("about", "position"),
        sqlite_where=_ABOUT_A_THING,
        postgresql_where=_ABOUT_A_THING,
    ),
    Index("records_by_kind", "kind", "position"),
)
"""`payload` is compressed. Message ids are sorted by time, so that their index grows at one end."""

NODES = Table(
    "nodes",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("index", BigInteger, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
)
"""Full subtrees of every eighth level: 256 leaves, 65,536 and so on."""

HEADS = Table(
    "heads",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("key_id", String(100), nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("signed_at", Moment, nullable=False),
)

EPOCHS = Table(
    "epochs",
    metadata,
    Column("epoch", Integer, primary_key=True),
    Column("stream_created_at", Moment, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("begin", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("last_message_id", String(80)),
    Column("skipped", BigInteger, nullable=False),
)
"""One life of the LEDGER stream: the position before its first record; from where and how far it was read."""

GAPS = Table(
    "gaps",
    metadata,
    Column("epoch", Integer, primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("found_at", Moment, nullable=False),
)
"""Sequences that the stream no longer had when the ledger came to read them."""

REVISIONS = Table(
    "revisions",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("mode", String(8), nullable=False),
    Column("verb", String(10), nullable=False),
    Column("identifier", Text, nullable=False),
    Column("hazard", String(8), nullable=False),
    Column("hazard_name", Text, nullable=False),
    Column("level", String(8), nullable=False),
    Column("headline", Text, nullable=False),
    Column("sender_name", Text, nullable=False),
    Column("approved_by", JSON, nullable=False),
    Column("approved_at", Moment, nullable=False),
    Column("said_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("content_sha256", String(64), nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("heard_at", Moment, nullable=False),
    Column("conflict", Boolean, nullable=False),
    Index("revisions_by_time", "heard_at", "warning_id", "revision"),
    Index("revisions_by_mode", "mode", "heard_at", "warning_id", "revision"),
)

ENDINGS = Table(
    "endings",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("reason", String(12), primary_key=True),
    Column("at", Moment, nullable=False),
)

PLANS = Table(
    "plans",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("mode", String(8), nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    Column("lines", JSON, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("heard_at", Moment, nullable=False),
    Column("conflict", Boolean, nullable=False),
)

DELIVERIES = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("channel", String(10), nullable=False),
    Column("planned", Integer),
    Column("requested", Integer),
    Column("requested_at", Moment),
    Column("route", String(100)),
    Column("report", Integer, nullable=False),
    Column("reported_at", Moment),
    Column("tally", JSON, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("withdrawn", Integer, nullable=False),
    Column("expired", Integer, nullable=False),
    Column("open", Integer, nullable=False),
    Column("heard_at", Moment, nullable=False),
    Column("mode", String(8)),
    Column("leased_at", Moment),
    Column("answered_at", Moment),
    Column("closed_at", Moment),
    Column("attempts", Integer),
    Column("first_attempt", Integer),
    Index("deliveries_by_warning", "warning_id", "revision", "channel"),
)

TARGETS = Table(
    "targets",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("channel", String(10), primary_key=True),
    Column("target", String(100), primary_key=True),
    Column("planned", Boolean, nullable=False),
    Column("delivery_id", String(36)),
    Column("state", String(10), nullable=False),
    Column("times", JSON, nullable=False),
    Column("confirmed_by", String(100)),
    Index("targets_by_name", "target", "channel", "warning_id"),
)
"""Only targets with public names; people are counted, never listed."""

PLACES = Table(
    "places",
    metadata,
    Column("code", String(100), primary_key=True),
    Column("name", Text, nullable=False),
    Column("town", String(100)),
)
"""Names of towns, villages and gateways, out of the registry's blocks: nothing about people."""
