"""HTTP of the gateways' house: /api/v1/gateways/{gateway}/..."""

from services.channels.pull.gateways.api import (
    conformance,
    leases,
    maintenance,
    pages,
    receipts,
    replies,
    settling,
    watch,
)

routers = (
    leases.router,
    leases.extensions,
    leases.reports,
    receipts.router,
    replies.router,
    watch.router,
    maintenance.router,
    conformance.router,
    settling.router,
    pages.router,
)
"""All endpoints of the house."""

__all__ = ["routers"]
