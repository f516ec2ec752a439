"""Clocks: they begin with the plan of a revision, and stop when it is over."""

from collections.abc import Sequence
from uuid import UUID

from contracts.values import Channel, Mode
from contracts.warning import WarningCancelled, WarningPublished
from services.kit.db import Transaction
from services.router.model.duty import Climb, a_place
from services.router.model.ladder import Ladders
from services.router.store import duties, ends, openings, plans


async def begin(tx: Transaction, message: WarningPublished, ladders: Ladders) -> None:
    """Start the clocks of a revision that was planned in this transaction; a lift asks for no answer.

    A colour without a ladder has clocks that never strike: who received it is counted all the same. A town's
    note has none: who answers, answers the warning beside which it stands.
    """
    notice = message.notice
    if notice.adds_to is not None:
        return
    ladder = ladders.ladder(notice.hazard, notice.level)
    made = await plans.made(tx, message.warning_id, message.revision)
    stone = await ends.stone(tx, message.mode, message.warning_id)
    over = notice.expires <= tx.now or (stone is not None and stone.revision >= message.revision)
    if isinstance(message, WarningCancelled) or made is None or over:
        return
    climb = Climb(message, ladder, ladders.version, tx.now, ladders.sha256)
    stations = made.manifest.targets(Channel.STATION)
    if await duties.keep_climb(tx, climb):
        await duties.keep(tx, [a_place(climb, code) for code in (stations.targets if stations else ())])


async def join(tx: Transaction, message: WarningPublished, stations: Sequence[str]) -> None:
    """Start the clocks of places that an amendment brings, and read the rosters again: people came too.

    They have the whole ladder before them from now on, and not all that the others have behind them at once.
    """
    climb = await duties.climb_of(tx, message.warning_id, message.revision)
    if climb is not None:
        await duties.keep(tx, [a_place(climb, code, tx.now) for code in stations])
        await openings.reopen(tx, climb)


async def settle(tx: Transaction, mode: Mode, warnings: Sequence[UUID]) -> None:
    """Stop the clocks of every revision of these warnings that is over."""
    for warning_id in warnings:
        stone = await ends.stone(tx, mode, warning_id)
        if stone is not None:
            await duties.end(tx, mode, warning_id, stone.revision)
