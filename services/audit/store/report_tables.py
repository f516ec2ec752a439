"""Tables of the reports: folded from the records, each row by the position of the record that says it."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text

from services.audit.store.tables import metadata
from services.kit.db import Moment

FOLDED = Table(
    "folded",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""Up to which record the tables below are folded."""

FACES = Table(
    "faces",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("verb", String(10), nullable=False),
    Column("identifier", Text, nullable=False),
    Column("hazard", String(8), nullable=False),
    Column("hazard_name", Text, nullable=False),
    Column("level", String(8), nullable=False),
    Column("product", String(40), nullable=False),
    Column("headline", Text, nullable=False),
    Column("sender_name", Text, nullable=False),
    Column("approved_by", JSON, nullable=False),
    Column("approved_at", Moment, nullable=False),
    Column("said_at", Moment, nullable=False),
    Column("onset", Moment),
    Column("expires_at", Moment, nullable=False),
    Column("adds_to", String(36)),
    Column("emergency", Boolean, nullable=False),
    Column("towns", JSON, nullable=False),
    Index("faces_by_warning", "warning_id", "revision"),
    Index("faces_by_time", "mode", "said_at"),
)

AIMS = Table(
    "aims",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("towns", JSON, nullable=False),
    Column("villages", JSON, nullable=False),
    Index("aims_by_warning", "warning_id", "revision"),
)

CHANGES = Table(
    "changes",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("block", String(30), nullable=False),
    Column("village", String(12), nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("sha256", String(64), nullable=False),
    Index("changes_by_village", "village", "at"),
)
"""Which version of a village's block counted from when."""

CONTENTS = Table(
    "contents",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("village", String(12), nullable=False),
    Column("town", String(12), nullable=False),
    Column("name", Text, nullable=False),
    Column("stations", JSON, nullable=False),
    Column("recipients", Integer, nullable=False),
    Index("contents_by_town", "town"),
)
"""What blocks hold, noted when they are recorded: the ledger keeps no block. How many people, never who."""

NAMES = Table(
    "names",
    metadata,
    Column("code", String(100), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("town", String(100)),
)
"""What places were called, and in which town they lay, from a record on; from 0: before that was kept."""

OBSERVATIONS = Table(
    "observations",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("what", String(8), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("said_at", Moment, nullable=False),
    Column("by", String(100), nullable=False),
    Column("source", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("subject", String(36), nullable=False),
    Column("warning_id", String(36)),
    Column("town", String(12)),
    Column("at", Moment),
    Column("outcome", String(12)),
    Column("hazard", String(8)),
    Column("level", String(8)),
    Column("towns", JSON(none_as_null=True)),
    Column("month", String(7)),
    Column("numerator", Float),
    Column("denominator", Float),
    Column("withdrawn", Boolean, nullable=False),
    Index("observations_by_warning", "warning_id"),
    Index("observations_by_what", "what", "at"),
)
