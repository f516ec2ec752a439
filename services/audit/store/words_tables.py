"""Tables of the index of words: segments of the ledger, and in each the tokens with their positions.

Rows are only ever added at the end: a segment gets the next number, its tokens follow in their order. Small
segments at the end are merged into larger ones. So an insert costs the same at ten million records as at ten.
"""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table

from services.audit.store.tables import metadata
from services.kit.db import Moment

SEGMENTS = Table(
    "word_segments",
    metadata,
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("earliest", Moment, nullable=False),
    Column("latest", Moment, nullable=False),
    Column("postings", Integer, nullable=False),
)
"""`first` and `last` are positions of records; `earliest` and `latest` their times of record."""

WORDS = Table(
    "words",
    metadata,
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("token", LargeBinary, primary_key=True),
    Column("positions", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""Positions less the segment's first, four bytes each, lowest byte first, in order."""

CURSOR = Table(
    "words_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("segment", BigInteger, nullable=False),
    Column("forgotten", BigInteger, nullable=False),
    Column("odd", BigInteger, nullable=False),
)
"""One row: up to which record words are indexed, the last segment's number, how often words were forgotten,
and how many records could not be read."""
