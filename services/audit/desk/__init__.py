"""The auditor's pages."""

from services.audit.desk import records, warnings

ROUTERS = (
    warnings.router,
    records.router,
)
