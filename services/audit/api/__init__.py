"""The public face of the audit: accounts, records, proofs, reconciling, export."""

from services.audit.api import accounts, keeping, records

ROUTERS = (
    accounts.router,
    records.router,
    keeping.router,
)
