"""The table of amendments: what was added to plans, each decision once."""

from sqlalchemy import JSON, Column, Integer, String, Table

from services.audit.store.tables import metadata

AMENDMENTS = Table(
    "amendments",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("lines", JSON, nullable=False),
)
"""`lines` are in the sums of the plan already, when there is one."""
