"""Following: plans and reports come in, and become the progress that people look at."""

from uuid import UUID

from contracts.delivery import DeliveryReported, PlanMade, is_call
from contracts.outcome import TargetState
from services.issuer import store
from services.issuer.model.progress import NAMED, Delivery, Photograph, channel_progress
from services.kit.db import Database, Transaction
from services.kit.errors import NotFound
from services.kit.telemetry import log


async def hear_plan(tx: Transaction, plan: PlanMade) -> None:
    """Note that a revision is planned, and what it is planned to be."""
    known = await store.changes.planned(tx, (plan.warning_id, plan.revision), plan.at)
    if known != plan.manifest.sha256:
        log.error("the plan is not the pinned manifest", warning=str(plan.warning_id), revision=plan.revision)
        tx.record(
            "plan.differs",
            mode=plan.mode,
            lane=plan.lane,
            warning_id=plan.warning_id,
            revision=plan.revision,
            pinned=known,
            planned=plan.manifest.sha256,
        )
    begun = [
        Delivery(planned.delivery_id, planned.channel, {TargetState.REQUESTED: planned.size})
        for planned in plan.deliveries
    ]
    await store.progress.begin(tx, plan.warning_id, plan.revision, begun)


async def hear_report(tx: Transaction, report: DeliveryReported) -> None:
    """Fold a photograph of a delivery in, whatever came before it; calls stand beside the account."""
    if is_call(report.delivery_id):
        return
    blank = Delivery(report.delivery_id, report.channel, {TargetState.REQUESTED: report.size})
    await store.progress.begin(tx, report.warning_id, report.revision, [blank])
    known = await store.progress.delivery(tx, report.delivery_id)
    folded = known.fold(report.report, report.tally, report.at)
    if folded != known:
        await store.progress.save(tx, report.warning_id, report.revision, folded)
    if report.channel in NAMED:
        await store.progress.fold_outcomes(
            tx, report.warning_id, report.revision, report.channel, report.outcomes
        )


async def photograph(db: Database, warning_id: UUID, revision: int | None = None) -> Photograph:
    """Return the progress of a revision, the newest that went out when none is named."""
    async with db.read() as connection:
        if revision is None:
            warning = await store.warnings.newest_published(connection, warning_id)
        else:
            warning = await store.warnings.get(connection, warning_id, revision)
        if warning.published is None or warning.manifest is None:
            raise NotFound("this revision has not gone out")
        deliveries = await store.progress.deliveries(connection, warning_id, warning.revision)
        received = await store.progress.receptions(connection, warning_id, warning.revision)
    approved_at = warning.published.approved_at
    channels = sorted({delivery.channel for delivery in deliveries})
    return Photograph(
        warning_id=warning_id,
        revision=warning.revision,
        approved_at=approved_at,
        planned_at=warning.planned_at,
        manifest_count=warning.manifest.count,
        channels=tuple(
            channel_progress(
                channel,
                [delivery for delivery in deliveries if delivery.channel is channel],
                received.get(channel, []),
                approved_at,
            )
            for channel in channels
        ),
    )
