"""The ledger's tables and queries."""

from services.audit.store import alarm_tables
from services.audit.store.tables import metadata

__all__ = ["alarm_tables", "metadata"]
