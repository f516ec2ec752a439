"""The auditor's pages."""

from services.audit.desk import alarms, records, warnings

ROUTERS = (
    warnings.router,
    records.router,
    alarms.router,
)
