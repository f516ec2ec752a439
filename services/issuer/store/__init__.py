"""Tables and queries of the issuer."""

from services.issuer.store import (
    afterwards,
    alongside,
    changes,
    desk_tables,
    events,
    handovers,
    people,
    people_events,
    prepared,
    progress,
    reviews,
    spool,
    warnings,
)
from services.issuer.store.tables import metadata

__all__ = [
    "afterwards",
    "alongside",
    "changes",
    "desk_tables",
    "events",
    "handovers",
    "metadata",
    "people",
    "people_events",
    "prepared",
    "progress",
    "reviews",
    "spool",
    "warnings",
]
