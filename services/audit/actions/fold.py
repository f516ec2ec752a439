"""Fold: what the auditor's questions need of new records is kept beside them, in the same transaction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contracts.delivery import StationSeen
from contracts.fact import Fact
from contracts.message import Message
from contracts.registry import BlockChanged
from services.audit.model.approval import Act
from services.audit.model.books import Shelf
from services.audit.model.carried import changes
from services.audit.model.deliveries import Delivery
from services.audit.model.entry import plain
from services.audit.model.presence import Equipment, equipment_of, operators_of
from services.audit.store import folding
from services.kit.db import Transaction

Opened = tuple[int, BlockChanged, Any]
"""The sequence of a registry block in the stream, the message, and what it says once it is opened."""

_MOST = 2**62


async def fold_blocks(tx: Transaction, blocks: Sequence[Opened]) -> None:
    """Keep what blocks say of stations: their planned maintenance, the ids of their keys, their devices."""
    said = []
    for sequence, message, block in blocks:
        for station, (until, keys, devices) in equipment_of(block).items():
            said.append((station, Equipment(message.at, sequence, until, keys, devices)))
    await folding.keep_equipment(tx, said)
    await folding.keep_operators(tx, {r: o for _, _, block in blocks for r, o in operators_of(block).items()})


async def fold(tx: Transaction, said: Iterable[tuple[int, Message | None]]) -> None:
    """Keep who did what to warnings, and which stations came and went, by the positions of their records."""
    acts, seen = taken(said)
    await folding.keep_acts(tx, acts)
    await folding.keep_comings(tx, seen)


def taken(said: Iterable[tuple[int, Message | None]]) -> tuple[list[Act], list[dict[str, Any]]]:
    """Return the rows that messages say: of what people did, and of stations that came and went."""
    acts, seen = [], []
    for position, message in said:
        if isinstance(message, Fact):
            act = Act.of(message, position)
            acts += [act] if act else []
        elif isinstance(message, StationSeen):
            seen.append(_seen(message, position))
    return acts, seen


def _seen(message: StationSeen, position: int) -> dict[str, Any]:
    offset = message.clock_offset_ms
    return {
        "station": plain(message.station),
        "mode": message.mode.value,
        "at": message.at,
        "position": position,
        "presence": message.presence,
        "last_sequence": _fitting(message.last_sequence),
        "clock_offset_ms": None if offset is None else _fitting(offset),
    }


def _fitting(number: int) -> int:
    """Return a number that any column takes."""
    return max(-_MOST, min(_MOST, number))


async def fold_deliveries(
    tx: Transaction, before: Mapping[str, Delivery], after: Shelf[str, Delivery]
) -> None:
    """Keep the sums of gateways: what every delivery that changed adds to them, less what it had added."""
    pairs = [(before.get(name), after[name]) for name in sorted(after.changed)]
    await folding.change_carried(tx, changes(pairs))
