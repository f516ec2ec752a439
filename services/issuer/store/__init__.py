"""Tables and queries of the issuer."""

from services.issuer.store import (
    afterwards,
    alongside,
    changes,
    departments,
    desk_tables,
    events,
    handovers,
    issued,
    people,
    people_events,
    prepared,
    progress,
    proposals,
    reviews,
    saved,
    spool,
    warnings,
)
from services.issuer.store.tables import metadata

__all__ = [
    "afterwards",
    "alongside",
    "changes",
    "departments",
    "desk_tables",
    "events",
    "handovers",
    "issued",
    "metadata",
    "people",
    "people_events",
    "prepared",
    "progress",
    "proposals",
    "reviews",
    "saved",
    "spool",
    "warnings",
]
