"""The public face of the audit: accounts, records, proofs, reconciling, export."""

from services.audit.api import accounts, approvals, changes, gateways, moment, records, stations

ROUTERS = (
    accounts.router,
    records.router,
    gateways.router,
    approvals.router,
    stations.router,
    changes.router,
    moment.router,
)
