"""The public face of the audit: accounts, records, proofs, reconciling, export."""

from services.audit.api import accounts, observing, records, reports

ROUTERS = (
    accounts.router,
    records.router,
    reports.router,
    observing.router,
)
