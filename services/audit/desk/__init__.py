"""The auditor's pages."""

from services.audit.desk import (
    alarms,
    approvals,
    changes,
    exports,
    gateways,
    keeping,
    moment,
    observing,
    people,
    records,
    reports,
    search,
    stations,
    story,
    warnings,
)

ROUTERS = (
    warnings.router,
    records.router,
    people.router,
    search.router,
    story.router,
    alarms.router,
    gateways.router,
    approvals.router,
    stations.router,
    changes.router,
    moment.router,
    reports.router,
    observing.router,
    keeping.router,
    exports.router,
)
