"""Hear: a report shows that somebody took a delivery, and how far it has come."""

from contracts.delivery import DeliveryReported
from services.kit.db import Transaction
from services.router.store import ends, plans


async def hear(tx: Transaction, report: DeliveryReported) -> None:
    """Fold a photograph; one of a delivery that is not known yet is kept for when it is."""
    await ends.fold(tx, report)
    await plans.take(tx, [report.delivery_id])
