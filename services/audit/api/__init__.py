"""The public face of the audit: accounts, records, proofs, reconciling, export."""

from services.audit.api import accounts, folder, outcomes, records

ROUTERS = (
    accounts.router,
    records.router,
    folder.router,
    outcomes.router,
)
