"""Tables and queries of the issuer."""

from services.issuer.store import (
    afterwards,
    changes,
    events,
    handovers,
    people,
    progress,
    reviews,
    spool,
    warnings,
)
from services.issuer.store.tables import metadata

__all__ = [
    "afterwards",
    "changes",
    "events",
    "handovers",
    "metadata",
    "people",
    "progress",
    "reviews",
    "spool",
    "warnings",
]
