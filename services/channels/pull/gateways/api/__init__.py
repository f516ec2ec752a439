"""HTTP of the gateways' house: /api/v1/gateways/{gateway}/..."""

from services.channels.pull.gateways.api import leases, maintenance, receipts, replies, watch

routers = (leases.router, leases.reports, receipts.router, replies.router, watch.router, maintenance.router)
"""All endpoints of the house."""

__all__ = ["routers"]
