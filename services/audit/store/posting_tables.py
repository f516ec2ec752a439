"""The tables of batches: each once, its hashes beside the records until they are gathered into pages."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, text

from services.audit.store.tables import metadata
from services.kit.db import Moment
from services.kit.outbox import Sequence64

_GATHERED = text("number IS NOT NULL")
"""Written out, not bound: a database uses a partial index only when it can read the condition."""

BATCHES = Table(
    "batches",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("delivery_id", String(36), nullable=False),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("channel", String(10), nullable=False),
    Column("route", String(100), nullable=False),
    Column("key_id", String(64)),
    Column("count", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("fault", String(12)),
    Column("number", BigInteger),
    Index("batches_by_delivery", "delivery_id"),
    Index(
        "batches_by_number",
        "number",
        sqlite_where=_GATHERED,
        postgresql_where=_GATHERED,
    ),
)
"""Every sealed batch that was asked for, and which record says so.

Once it is gathered it has a number: that of its volume, times the batches of a volume, plus its place there.
"""

POSTINGS = Table(
    "postings",
    metadata,
    Column("position", Sequence64, primary_key=True, autoincrement=False),
    Column("warning_id", String(36), nullable=False),
    Column("key_id", String(64)),
    Column("taken_at", Moment, nullable=False),
    Column("fault", String(12)),
    Column("first", LargeBinary, nullable=False),
    Column("last", LargeBinary, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)
"""The hashes of batches that are not gathered yet, by the position of their record."""

VOLUMES = Table(
    "volumes",
    metadata,
    Column("number", Sequence64, primary_key=True, autoincrement=True),
    Column("warning_id", String(36), nullable=False),
    Column("key_id", String(64)),
    Column("batches", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("gathered_at", Moment, nullable=False),
    Index("volumes_by_warning", "warning_id"),
)
"""What is gathered: one volume of pages for each warning and key, further ones when it is full."""

PAGES = Table(
    "pages",
    metadata,
    Column("id", Sequence64, primary_key=True, autoincrement=True),
    Column("volume", BigInteger, nullable=False),
    Column("first", LargeBinary, nullable=False),
    Column("entries", LargeBinary, nullable=False),
    Index("pages_by_hash", "volume", "first"),
)
"""Entries of a volume, sorted by hash; a row fills one page of the file."""
