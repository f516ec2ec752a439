"""Spare: who was telephoned for a duty that is answered need not be telephoned any more."""

from contracts.delivery import MOST_TARGETS
from contracts.sparing import DeliverySpared
from contracts.values import Channel
from services.kit.db import Transaction
from services.router.model.duty import Duty
from services.router.store import callees, plans


async def spare(tx: Transaction, duty: Duty) -> None:
    """Say who need not be called any more; whoever stands for another silent place is called on.

    It travels in the lane of the calls, behind them.
    """
    lane = await plans.lane_of(tx, duty.warning_id, duty.revision, Channel.VOICE)
    if lane is None:
        return
    idle = await callees.idle(tx, duty.duty_id)
    for start in range(0, len(idle), MOST_TARGETS):
        tx.emit(
            DeliverySpared(
                mode=duty.mode,
                lane=lane,
                warning_id=duty.warning_id,
                revision=duty.revision,
                channel=Channel.VOICE,
                at=tx.now,
                targets=tuple(idle[start : start + MOST_TARGETS]),
            )
        )
