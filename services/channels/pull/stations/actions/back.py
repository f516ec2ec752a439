"""Tell back: what a village says of a warning, kept as its latest word and said to whoever looks after it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.back import Back, StationTold
from contracts.canonical import content_hash
from contracts.values import Lane, Mode
from services.channels.pull.stations.store import backs, stations
from services.channels.pull.stations.store.backs import MOST, Told
from services.kit.db import Database, Transaction
from services.kit.errors import Refused


@dataclass(frozen=True)
class Telling:
    """What one station tells of one revision, and when by its own clock."""

    station: str
    mode: Mode
    warning_id: UUID
    revision: int
    at: datetime
    back: Back


@dataclass(frozen=True)
class Heard:
    """What became of it."""

    number: int
    news: bool
    """False for what was told before, or is older than what is known."""
    latest: Told


def newer(at: datetime, back: Back, known: Told) -> bool:
    """Tell whether a report replaces the one before: the later one does, whatever arrives first.

    Of two that were told at one moment the red one counts, else the same one in whatever order they come.
    """
    return (at, back.red, content_hash(back)) > (known.at, known.back.red, content_hash(known.back))


async def tell_back(db: Database, telling: Telling) -> Heard:
    """Keep a report if it is the latest word, and say so; told late, twice or out of order it does no harm.

    A warning that was not delivered here yet is no reason to refuse a call for help, and neither are many.
    """
    place = await stations.get(db, telling.station)
    async with db.transaction() as tx:
        key, name = (telling.station, telling.mode), (telling.warning_id, telling.revision)
        await backs.in_turn(tx, telling.station)
        known = await backs.told(tx.connection, key, *name)
        at = min(telling.at, tx.now)
        if known is not None and not newer(at, telling.back, known):
            return Heard(known.number, False, known)
        if known is None and not telling.back.red and await backs.many(tx, key) >= MOST:
            raise Refused("this station has told of too many warnings", mend="ask the district to look at it")
        new = Told(known.number + 1 if known else 1, at, telling.back)
        await backs.keep(tx, key, *name, new)
        _say(tx, telling, new, place.village if place else "")
    return Heard(new.number, True, new)


def _say(tx: Transaction, telling: Telling, new: Told, village: str) -> None:
    tx.emit(
        StationTold(
            mode=telling.mode,
            lane=Lane.URGENT,
            station=telling.station,
            village=village,
            warning_id=telling.warning_id,
            revision=telling.revision,
            number=new.number,
            at=new.at,
            back=new.back,
        )
    )
