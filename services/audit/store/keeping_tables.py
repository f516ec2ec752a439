"""Tables of keeping: proposals, holds, tombstones, counts that stay, heads kept elsewhere, the walk."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, Text

from services.audit.store.tables import metadata
from services.kit import proposals
from services.kit.db import Moment

PROPOSALS = proposals.table(metadata)

HOLDS = Table(
    "holds",
    metadata,
    Column("hold_id", String(36), primary_key=True),
    Column("scope", String(12), nullable=False),
    Column("about", String(100), nullable=False),
    Column("from_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("placed_by", String(100), nullable=False),
    Column("placed_at", Moment, nullable=False),
    Column("lifted_by", String(36)),
)
"""What stands from the moment it is said; once the ledger has the fact, the fact counts."""

TOMBSTONES = Table(
    "tombstones",
    metadata,
    Column("agreement_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("class", String(40), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("positions", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("warning_id", String(36)),
    Column("listed_at", BigInteger, nullable=False),
    Column("rules", Integer, nullable=False),
    Column("proposed_by", String(100), nullable=False),
    Column("confirmed_by", String(100), nullable=False),
    Column("deleted_at", Moment, nullable=False),
    Index("tombstones_by_place", "first", "last"),
)
"""Records that were emptied together. `listed_at` is the position of the record that lists them."""

LISTINGS = Table(
    "listings",
    metadata,
    Column("agreement_id", String(36), primary_key=True),
    Column("upto", BigInteger, nullable=False),
    Column("after_warning", String(36), nullable=False),
    Column("lists", Integer, nullable=False),
    Column("done_at", Moment),
)
"""How far the records of an agreement have been listed, and how many lists were said."""

TARGET_COUNTS = Table(
    "target_counts",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("channel", String(10), primary_key=True),
    Column("planned", Integer, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("strangers", Integer, nullable=False),
    Column("states", JSON, nullable=False),
    Column("received", Integer, nullable=False),
    Column("waits_ms", JSON, nullable=False),
    Column("early", Integer, nullable=False, server_default="0"),
)
"""What stays of named targets that were deleted."""

KEPT_HEADS = Table(
    "kept_heads",
    metadata,
    Column("place", String(10), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("since", Moment),
    Column("why", Text, nullable=False),
)
"""For each place outside: up to which head it has them; since when it does not take more, and why."""
