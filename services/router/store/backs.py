"""What villages told back, for those who look after them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, select, tuple_

from contracts.back import Back, StationTold
from contracts.values import Mode
from services.kit.db import Transaction
from services.router.store.blocks import Reader, upsert
from services.router.store.tables import BACKS

_TOWN_DIGITS = 9


@dataclass(frozen=True)
class Told:
    """The latest word of one village on one warning."""

    mode: Mode
    warning_id: UUID
    revision: int
    station: str
    village: str
    town: str
    number: int
    at: datetime
    back: Back


@dataclass(frozen=True)
class Asked:
    """Of which reports somebody asks."""

    since: datetime
    town: str | None = None
    warning_id: UUID | None = None
    mode: Mode | None = None


@dataclass(frozen=True)
class Sum:
    """What the reports say together."""

    villages: int = 0
    relayed: int = 0
    reached: int = 0
    missed: int = 0
    help: int = 0
    road_cut: int = 0


async def keep(tx: Transaction, message: StationTold) -> None:
    """Keep the latest word of a village, of whichever revision; of two of one moment the red one counts."""
    place = message.village or message.station
    row = {
        "mode": message.mode,
        "warning_id": str(message.warning_id),
        "station": message.station,
        "revision": message.revision,
        "number": message.number,
        "village": place[:12],
        "town": place[:_TOWN_DIGITS],
        "at": message.at,
        "red": message.back.red,
        "back": message.back.model_dump_json().encode(),
    }
    into = upsert(tx, BACKS)
    known, new = BACKS.c, into.excluded
    turn = ("at", "red", "revision", "number")
    later = tuple_(*(new[name] for name in turn)) > tuple_(*(known[name] for name in turn))
    names = ["mode", "warning_id", "station"]
    said = {name: value for name, value in row.items() if name not in names}
    await tx.execute(into.values(row).on_conflict_do_update(index_elements=names, set_=said, where=later))


async def told(reader: Reader, asked: Asked, after: str = "", limit: int = 200) -> list[Told]:
    """Return reports, those that ask for help or tell of a cut road first, then the newest."""
    order = _order()
    statement = select(BACKS).where(*_mine(asked), order > after).order_by(order).limit(limit)
    return [_told(row) for row in (await reader.execute(statement)).mappings()]


def cursor_of(one: Told) -> str:
    """Return where a list goes on after a report."""
    return f"{int(not one.back.red)}/{one.town}/{one.village}/{one.station}/{one.warning_id}/{one.mode}"


def _order() -> Any:
    calm = case((BACKS.c.red, "0"), else_="1")
    parts = (BACKS.c.town, BACKS.c.village, BACKS.c.station, BACKS.c.warning_id, BACKS.c.mode)
    order: Any = calm
    for part in parts:
        order = order + "/" + part
    return order


def _mine(asked: Asked) -> list[Any]:
    wanted: list[Any] = [BACKS.c.at >= asked.since]
    if asked.town is not None:
        wanted.append(BACKS.c.town == asked.town)
    if asked.warning_id is not None:
        wanted.append(BACKS.c.warning_id == str(asked.warning_id))
    if asked.mode is not None:
        wanted.append(BACKS.c.mode == asked.mode)
    return wanted


def _told(row: Mapping[Any, Any]) -> Told:
    plain = {name: row[name] for name in ("revision", "station", "village", "town", "number", "at")}
    back = Back.model_validate_json(row["back"])
    return Told(mode=Mode(row["mode"]), warning_id=UUID(row["warning_id"]), back=back, **plain)


async def bodies(reader: Reader, asked: Asked) -> list[Back]:
    """Return what was told, to be counted."""
    statement = select(BACKS.c.back).where(*_mine(asked))
    return [Back.model_validate_json(body) for body in (await reader.execute(statement)).scalars()]


def summed(told_back: list[Back]) -> Sum:
    """Return what reports say together; what nobody counted adds nothing."""
    return Sum(
        villages=len(told_back),
        relayed=sum(one.relayed for one in told_back),
        reached=sum(one.reached or 0 for one in told_back),
        missed=sum(one.missed or 0 for one in told_back),
        help=sum(bool(one.help) for one in told_back),
        road_cut=sum(one.road_cut for one in told_back),
    )
