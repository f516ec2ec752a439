"""The auditor's pages."""

from services.audit.desk import approvals, changes, gateways, moment, records, stations, warnings

ROUTERS = (
    warnings.router,
    records.router,
    gateways.router,
    approvals.router,
    stations.router,
    changes.router,
    moment.router,
)
