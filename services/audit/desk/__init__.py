"""The auditor's pages."""

from services.audit.desk import observing, records, reports, warnings

ROUTERS = (
    warnings.router,
    records.router,
    reports.router,
    observing.router,
)
