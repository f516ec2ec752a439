"""Tables and indexes of the auditor's questions: computed from the records, as the books are.

Indexes on the records are partial, so that only the facts that a question is about pay for them.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, text
from sqlalchemy.sql.elements import TextClause

from services.audit.model.approval import PARTS
from services.audit.store.tables import RECORDS, REVISIONS, metadata
from services.kit.db import Moment

GATEWAY_KINDS = (
    *("gateway.starved", "gateway.fed", "gateway.away", "gateway.maintenance"),
    *("gateway.maintenance-withdrawn", "gateway.conformance", "sms.dead", "sms.key-away"),
    *("sms.reported-late", "sms.keywords"),
)
"""What is said of a gateway by itself."""

KEY_KINDS = (
    *("key.issued", "key.revoked", "station-code.made", "station-code.used", "station-code.withdrawn"),
    *("proposal.made", "proposal.confirmed", "proposal.declined"),
)
"""What is said of a station's or a gateway's keys."""

REGISTRY_KINDS = (
    *("registry.changed", "registry.added", "registry.ended", "registry.checked", "registry.recoded"),
    *("registry.outlined", "registry.imported", "registry.import.begun", "registry.import.dropped"),
    *("registry.unsaid", *KEY_KINDS),
)
"""What is said of the registry: its blocks, and who edited, imported, gave keys."""

DUTY_KINDS = ("duty.climbed", "duty.unanswered", "duty.answered", "duty.taken")
PLAN_KINDS = ("plan.made", "plan.amended")


def among(kinds: tuple[str, ...]) -> TextClause:
    """Return the condition that a record is of these kinds, written as the partial indexes have it.

    It is written so that no index of kinds can serve it: SQLite would take that one, and read all times.
    """
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return text(f"(kind || '') IN ({listed})")


def _of(kinds: tuple[str, ...]) -> dict[str, Any]:
    return {"sqlite_where": among(kinds), "postgresql_where": among(kinds)}


OF_THINGS = GATEWAY_KINDS + KEY_KINDS
OF_A_STORY = PLAN_KINDS + DUTY_KINDS

Index(
    "records_of_things",
    *(RECORDS.c.about, RECORDS.c.event_at, RECORDS.c.position, RECORDS.c.kind, RECORDS.c.mode),
    **_of(OF_THINGS),
)
Index("records_of_registry", RECORDS.c.recorded_at, RECORDS.c.position, **_of(REGISTRY_KINDS))
Index(
    "records_of_story",
    *(RECORDS.c.warning_id, RECORDS.c.kind, RECORDS.c.position),
    **_of(OF_A_STORY),
)
Index("revisions_by_approval", REVISIONS.c.approved_at, REVISIONS.c.warning_id, REVISIONS.c.revision)
Index(
    "revisions_by_span",
    *(REVISIONS.c.said_at, REVISIONS.c.expires_at, REVISIONS.c.warning_id, REVISIONS.c.revision),
)

_BIG = ("recipients", "reports", "confirmed", "delivered", "failed", "withdrawn", "expired", "open")
_SMALL = ("batches", "leased", "answered", "closed", "attempts", "repeated", "ran_out")


def _sums() -> list[Column[Any]]:
    big = [Column(name, BigInteger, nullable=False) for name in _BIG]
    small = [Column(name, Integer, nullable=False) for name in _SMALL]
    return [*big, *small, Column("spans", JSON, nullable=False)]


CARRIED = Table(
    "carried",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("route", String(100), primary_key=True),
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("channel", String(10), primary_key=True),
    Column("mode", String(8), nullable=False),
    *_sums(),
    Index("carried_by_warning", "warning_id"),
)
"""What a gateway was asked to carry of one revision on one day (Beijing), and what became of it.

`spans` holds the buckets of three waits: until it was handed out, until the first answer, until nobody was
open.
"""

CARRIED_DAYS = Table(
    "carried_days",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("route", String(100), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("channel", String(10), primary_key=True),
    *_sums(),
)
"""The same of a whole day: a year is read in a moment, however many warnings it had."""

CARRIERS = Table(
    "carriers",
    metadata,
    Column("route", String(100), primary_key=True),
    Column("operator", String(100), nullable=False),
)
"""Whose gateway each is, out of the registry's blocks."""

A_PART = text(f"act IN ({', '.join(repr(act) for act in PARTS)})")
"""The condition that an act is part of a story, written as the partial indexes have it."""

ACTS = Table(
    "acts",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer),
    Column("act", String(100), nullable=False),
    Column("person", String(100)),
    Column("source", String(100)),
    Column("at", Moment, nullable=False),
    Column("content_sha256", String(64)),
    Column("manifest_sha256", String(64)),
    Column("emergency", Boolean, nullable=False),
    Column("note", String(300), nullable=False),
    Index("acts_of_story", "warning_id", "position", sqlite_where=A_PART, postgresql_where=A_PART),
    Index("acts_of_person", "person", "warning_id", sqlite_where=A_PART, postgresql_where=A_PART),
    Index(
        "acts_in_emergency",
        "warning_id",
        sqlite_where=text("emergency"),
        postgresql_where=text("emergency"),
    ),
)
"""Who did what to a warning, as the facts of the issuer say it: drafted, submitted, approved, reviewed."""

COMINGS = Table(
    "comings",
    metadata,
    Column("station", String(100), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("presence", String(10), nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("clock_offset_ms", BigInteger),
    Index("comings_by_time", "mode", "at"),
    Index("comings_by_position", "position"),
)
"""Each time a station came or went."""

EQUIPMENT = Table(
    "equipment",
    metadata,
    Column("station", String(100), primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("maintained_until", String(10)),
    Column("keys", JSON, nullable=False),
    Column("devices", JSON, nullable=False),
)
"""What the registry's blocks said of a station's maintenance, keys and devices, each time it was new."""
