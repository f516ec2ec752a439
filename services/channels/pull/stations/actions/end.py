"""End revisions of a warning: what is open is taken back, and a halt goes to those who have it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from contracts.outcome import Outcome, TargetState
from contracts.values import Mode, Withdrawal
from services.channels import tombstones
from services.channels.pull.stations.actions import photograph
from services.channels.pull.stations.model import Item, Kind
from services.channels.pull.stations.store import deliveries, items
from services.channels.pull.stations.store.tables import TOMBSTONES
from services.kit.db import Transaction
from services.kit.ids import uuid7


async def end(
    tx: Transaction, warning_id: UUID, revision: int, reason: Withdrawal, poke: Callable[[UUID], None]
) -> None:
    """Let nothing more of a warning's revisions up to this one go out, heard of or not."""
    await items.lock_warning(tx, warning_id)
    if await tombstones.bury(tx, TOMBSTONES, warning_id, revision, reason):
        state = TargetState.EXPIRED if reason is Withdrawal.EXPIRED else TargetState.WITHDRAWN
        await close(tx, await deliveries.of_warning(tx, warning_id, revision), state, reason)
    if reason is Withdrawal.HALTED:
        await _halt(tx, warning_id, revision, poke)


async def close(tx: Transaction, ids: Sequence[UUID], state: TargetState, why: Withdrawal) -> None:
    """Put what is open of these deliveries into a final state, and say so."""
    locked = await deliveries.locked(tx, ids)
    if not locked:
        return
    gone = await items.under_lock(tx, items.open_of([one.delivery_id for one in locked]))
    if not gone:
        return
    await items.keep(tx, [replace(item, state=state) for item in gone])
    news: dict[UUID, list[Outcome]] = {one.delivery_id: [] for one in locked}
    for item in gone:
        told = Outcome(target=item.station, state=state, at=tx.now, detail=why)
        news[item.delivery_id].append(told)
    await photograph.take(tx, [one for one in locked if news[one.delivery_id]], news, why)


async def _halt(tx: Transaction, warning_id: UUID, revision: int, poke: Callable[[UUID], None]) -> None:
    """Give a halt to every station that was given the warning: one that is only on its way may arrive."""
    given = await items.given(tx, warning_id, revision)
    for mode in sorted({mode for mode, _ in given}):
        stations = [station for (of, _), group in given.items() if of is mode for station in group]
        numbers = await items.next_numbers(tx, mode, stations)
        for (of, number), group in given.items():
            if of is mode:
                await _give_halt(tx, mode, warning_id, number, {s: numbers[s] for s in group}, poke)


async def _give_halt(
    tx: Transaction,
    mode: Mode,
    warning_id: UUID,
    revision: int,
    numbers: dict[str, int],
    poke: Callable[[UUID], None],
) -> None:
    notice = await items.notice(tx, warning_id, revision, Kind.HALT)
    assert notice is not None, "the halt of a warning is kept with the warning"
    halt_id = uuid7()
    halts = [
        Item(
            station=station,
            mode=mode,
            sequence=number,
            delivery_id=halt_id,
            kind=Kind.HALT,
            warning_id=warning_id,
            revision=revision,
            state=TargetState.QUEUED,
            queued_at=tx.now,
            expires=notice.expires,
        )
        for station, number in numbers.items()
    ]
    await items.add(tx, halts, notice.notice_id)
    tx.after_commit(lambda: poke(halt_id))
