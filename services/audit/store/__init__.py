"""The ledger's tables and queries."""

from services.audit.store import report_tables
from services.audit.store.tables import metadata

__all__ = ["metadata", "report_tables"]
