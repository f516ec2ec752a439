"""Recount: the books of a warning folded anew from its records, and compared with the tables."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions import recounting
from services.audit.model import counted
from services.audit.model.agreements import Agreements
from services.audit.model.books import Books, needs
from services.audit.model.counted import TargetCount
from services.audit.model.deliveries import TargetKey
from services.audit.model.differences import Difference
from services.audit.model.entry import LONGEST_NAME, read
from services.audit.model.rows import Ending, EndingKey
from services.audit.store import books, keeping

Row = Mapping[str, Any]


@dataclass
class Recounted:
    """What the records of a warning come to."""

    books: Books = field(default_factory=Books)
    emptied: int = 0
    whole: int = 0
    """Records of delivery detail that are still there."""
    counts: list[TargetCount] = field(default_factory=list)
    """What lists say of its named targets."""
    gone: set[int] = field(default_factory=set)
    """Positions of records that are emptied."""
    buried: bool = False
    """True once all that two people agreed to delete of it is deleted."""
    later: set[TargetKey] = field(default_factory=set)
    """Named targets of which something was said after that was listed."""


def fold(rows: Iterable[Row], known: Agreements, lists: Sequence[Row]) -> Recounted:
    """Fold the records of a warning, and the lists by which some of them were deleted."""
    found = Recounted()
    listed = max((row["position"] for row in lists), default=0)
    for row in rows:
        if bytes(row["payload"]) == keeping.EMPTIED:
            found.emptied += 1
            found.gone.add(row["position"])
            continue
        message = read(keeping.subject_of(row), keeping.payload_of(row)).message
        if message is not None:
            found.whole += message.noun == "delivery"
            found.books.hear(message, row["recorded_at"])
            if listed and row["position"] > listed:
                found.later |= needs([message]).targets
    if found.emptied:
        _recall(found, known, lists)
    return found


def _recall(found: Recounted, known: Agreements, lists: Iterable[Row]) -> None:
    """Take from the lists what the emptied records came to."""
    for row in lists:
        again = Agreements(known.proposed, known.agreed)
        listed = again.hear_record(row["position"], keeping.subject_of(row), keeping.payload_of(row))
        if listed is not None and listed.key in known.lists:
            counted.recall(found.books, listed)
            found.counts += counted.counts_in([listed]).values()


async def of_warning(connection: AsyncConnection, warning_id: str, known: Agreements) -> Recounted:
    """Return what the records of a warning come to."""
    rows = await keeping.of_warning(connection, warning_id)
    mine = [one for one in known.lists.values() if one.warning_id == warning_id]
    lists = await keeping.rows_at(connection, sorted(one.position for one in mine))
    found = await asyncio.to_thread(fold, rows, known, lists)
    found.buried = bool(mine) and all(found.gone.issuperset(one.positions) for one in mine)
    return found


async def compare(
    connection: AsyncConnection, warning_ids: Sequence[str], known: Agreements
) -> list[Difference]:
    """Return where the books of warnings are not what their records come to."""
    found: list[Difference] = []
    kept = await books.whole(connection, warning_ids)
    counts = await keeping.target_counts(connection, warning_ids)
    for warning_id in warning_ids:
        anew = await of_warning(connection, warning_id, known)
        of_it = [count for count in counts if count.warning_id == warning_id]
        found += await asyncio.to_thread(differing, warning_id, anew, kept, of_it)
        mine = _of(anew.books.deliveries, warning_id).values()
        found += await recounting.of_carried(connection, [warning_id], mine)
    return found


def differing(
    warning_id: str, anew: Recounted, kept: Books, counts: Sequence[TargetCount]
) -> list[Difference]:
    """Return where the books of one warning differ; what other warnings say of its end is not looked at."""
    found = []
    shelves: list[tuple[str, Mapping[Any, Any], Mapping[Any, Any]]] = [
        ("revisions", anew.books.revisions, kept.revisions),
        ("plans", anew.books.plans, kept.plans),
        ("amendments", anew.books.amendments, kept.amendments),
        ("deliveries", anew.books.deliveries, kept.deliveries),
    ]
    if anew.buried or (anew.emptied and not _of(kept.targets, warning_id)):
        expected = {count.key: count for count in anew.counts}
        shelves.append(("target_counts", expected, {count.key: count for count in counts}))
    if anew.buried:
        strange = {key: row for key, row in kept.targets.items() if key not in anew.later}
        shelves.append(("targets", {}, strange))
    elif not anew.emptied:
        shelves.append(("targets", anew.books.targets, kept.targets))
        shelves.append(("target_counts", {}, {count.key: count for count in counts}))
    for table, wanted, there in shelves:
        found += _differences(table, _of(wanted, warning_id), _of(there, warning_id))
    return found


def _of(shelf: Mapping[Any, Any], warning_id: str) -> dict[Any, Any]:
    return {key: row for key, row in shelf.items() if row.warning_id == warning_id}


def _differences(table: str, wanted: Mapping[Any, Any], there: Mapping[Any, Any]) -> list[Difference]:
    found = []
    for key in sorted({*wanted, *there}, key=str):
        if wanted.get(key) == there.get(key):
            continue
        row = wanted.get(key) or there[key]
        name = ("/".join(map(str, key)) if isinstance(key, tuple) else str(key))[:LONGEST_NAME]
        why = f"the books have another row in {table} than the records come to"
        place = (row.warning_id, row.revision, getattr(row, "channel", None), name)
        fields = _fields(wanted.get(key), there.get(key))
        found.append(Difference("books-differ", why, *place, expected=fields[0], found=fields[1]))
    return found


def _fields(wanted: Any, there: Any) -> tuple[str, str]:
    """Return, short, what differs between two rows."""
    if wanted is None or there is None:
        return ("a row", "none") if there is None else ("none", "a row")
    names = [name for name, value in vars(wanted).items() if vars(there)[name] != value]
    return tuple(  # type: ignore[return-value]
        " ".join(f"{name}={vars(row)[name]}" for name in names)[:200] for row in (wanted, there)
    )


def endings_differ(wanted: Mapping[EndingKey, Ending], there: Mapping[EndingKey, Ending]) -> list[Difference]:
    """Return where the ends that are kept are not those that all records together say."""
    return _differences("endings", wanted, there)
