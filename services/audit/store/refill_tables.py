"""The table of refilling: how far the tables were filled anew from the records."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from services.audit.store.tables import metadata

REFILLING = Table(
    "refilling",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("upto", BigInteger, nullable=False),
    Column("warning_id", String(36), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("day", String(10), nullable=False),
    Column("warnings", BigInteger, nullable=False),
    Column("left", BigInteger, nullable=False),
)
"""One row while it goes on: the last warning, record and day that are done; what was folded and what left."""
