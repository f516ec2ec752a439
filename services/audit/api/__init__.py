"""The public face of the audit: accounts, records, proofs, reconciling, export."""

from services.audit.api import accounts, alarms, records, refile

ROUTERS = (
    accounts.router,
    records.router,
    alarms.router,
    refile.router,
)
