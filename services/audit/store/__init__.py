"""The ledger's tables and queries."""

from services.audit.store import keeping_tables
from services.audit.store.tables import metadata

__all__ = ["keeping_tables", "metadata"]
