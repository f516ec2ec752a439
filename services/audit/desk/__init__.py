"""The auditor's pages."""

from services.audit.desk import records, story, warnings

ROUTERS = (
    warnings.router,
    records.router,
    story.router,
)
