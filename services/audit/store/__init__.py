"""The ledger's tables and queries."""

from services.audit.store import questions_tables
from services.audit.store.tables import metadata

__all__ = ["metadata", "questions_tables"]
