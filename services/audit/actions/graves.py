"""Graves: emptied records, tombstones, holds and proposals in the tables are held against the facts."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions import heads
from services.audit.model import own, spans
from services.audit.model.agreements import DELETION, Agreement, Agreements, Hold, Listed
from services.audit.model.differences import Difference
from services.audit.model.own import EPOCH_OPENED, GAP_FOUND, EpochSaid, GapSaid
from services.audit.model.retention import DELIVERY, Retention
from services.audit.model.walking import Walk
from services.audit.store import keeping, walk
from services.kit.clock import microseconds
from services.kit.errors import Reject
from services.kit.proposals import CONFIRMED

Row = keeping.Row


async def of_records(
    connection: AsyncConnection, known: Agreements, rules: Retention, emptied: Sequence[int], until: datetime
) -> list[Difference]:
    """Return which emptied records nobody had agreed to delete, or have no tombstone."""
    rows = await keeping.tombstones_between(connection, emptied[0], emptied[-1]) if emptied else []
    found, covered = _tombstones(rows, known, until)
    bare = [position for position in emptied if position not in covered]
    for position in bare:
        why = "the payload is gone, and no agreement of two people covers it"
        found.append(Difference("record-emptied", why, about=f"record {position}"))
    meant = [position for position in emptied if position in covered]
    for row in await keeping.rows_at(connection, meant):
        agreed, listed = covered[row["position"]]
        found += _meant(row, agreed, listed, rules)
    return found


async def of_emptied(
    connection: AsyncConnection, known: Agreements, rules: Retention, emptied: Sequence[int], until: datetime
) -> list[Difference]:
    """Return what is wrong with emptied records; of their tombstones nothing is said."""
    found = await of_records(connection, known, rules, emptied, until)
    return [one for one in found if one.what == "record-emptied"]


async def compare(
    connection: AsyncConnection, known: Agreements, emptied: tuple[int, int], until: datetime
) -> list[Difference]:
    """Return everything in the tables of keeping that the facts do not say, or say otherwise.

    It is given the first and the last record that are emptied, 0 when none is.
    """
    found: list[Difference] = []
    rows = await keeping.tombstones(connection)
    for row in rows:
        places = _positions(row)
        gone = await walk.emptied(connection, places)
        whole = [p for p in places if p not in gone]
        if whole:
            why = "a tombstone stands for a record that is not deleted"
            found.append(_grave(row, why, f"record {whole[0]}"))
        beyond = not emptied[0] or row["last"] < emptied[0] or row["first"] > emptied[1]
        if row["count"] or not beyond:
            found += _tombstones([row], known, until)[0]
    found += _missing(rows, known, until)
    proposals = await walk.proposals(connection)
    young = {p["proposal_id"] for p in proposals if p["state"] == CONFIRMED and p["decided_at"] >= until}
    found += _holds(await keeping.holds(connection), known, until, young)
    return found + _proposals(proposals, known, until)


def _positions(row: Row) -> list[int]:
    try:
        return spans.read(row["positions"])
    except Reject:
        return []


Covered = dict[int, tuple[Agreement, Listed]]


def _tombstones(rows: Sequence[Row], known: Agreements, until: datetime) -> tuple[list[Difference], Covered]:
    """Compare tombstones with the lists that they stand for; return what is wrong, and what they cover."""
    found: list[Difference] = []
    covered: Covered = {}
    for row in rows:
        key = (row["agreement_id"], row["number"])
        agreed, listed = known.agreed.get(key[0]), known.lists.get(key)
        if agreed is None or agreed.what != DELETION or listed is None:
            found.append(_grave(row, "a tombstone names an agreement that no two people have made"))
            continue
        if wrong := _another(row, agreed, listed, known):
            found.append(_grave(row, f"a tombstone is not what the facts say ({wrong})"))
        if row["deleted_at"] not in known.deleted.get(key, ()) and row["deleted_at"] < until:
            found.append(_grave(row, "a tombstone is not what the facts say (deleted_at)"))
        covered |= dict.fromkeys(listed.positions, (agreed, listed))
    return found, covered


def _another(row: Row, agreed: Agreement, listed: Listed, known: Agreements) -> str | None:
    """Return the column of a tombstone that is not as it must be."""
    group = known.whole(listed) or [listed]
    wanted = {
        "class": agreed.about,
        "first": listed.first,
        "last": listed.last,
        "positions": listed.spans,
        "count": listed.count,
        "sha256": listed.sha256,
        "warning_id": listed.warning_id,
        "listed_at": max(one.position for one in group),
        "rules": agreed.wanted.get("rules"),
        "proposed_by": agreed.proposed_by,
        "confirmed_by": agreed.confirmed_by,
    }
    return next((name for name, value in wanted.items() if row[name] != value), None)


def _meant(row: Row, agreed: Agreement, listed: Listed, rules: Retention) -> list[Difference]:
    """Return what is wrong with one emptied record that a list names."""
    subject, at, wrong = keeping.subject_of(row), microseconds(row["recorded_at"]), None
    if at >= agreed.before_us:
        wrong = "the payload is gone, and the record is younger than was agreed"
    elif not rules.may_empty(agreed.about, subject):
        wrong = "the payload is gone, and the record is of another class than was agreed"
    elif agreed.about == DELIVERY and not keeping.is_fact(subject) and row["warning_id"] != listed.warning_id:
        wrong = "the record is of another warning than the list that names it (warning_id)"
    elif any(hold.stops(agreed.about, row["warning_id"], at) for hold in listed.holds):
        wrong = "the payload is gone, although a hold stood over the record"
    return [Difference("record-emptied", wrong, about=f"record {row['position']}")] if wrong else []


def _missing(rows: Sequence[Row], known: Agreements, until: datetime) -> list[Difference]:
    """Return lists of which the facts say that they were carried out, and that have no tombstone."""
    there = {(row["agreement_id"], row["number"]) for row in rows}
    return [
        Difference("tombstone-differs", "a tombstone is missing", about=f"{name}/{number}")
        for (name, number), moments in known.deleted.items()
        if (name, number) not in there and (name, number) in known.lists and min(moments) < until
    ]


def _grave(row: Row, why: str, about: str | None = None) -> Difference:
    place = about or f"records {row['positions'][:40]}"
    return Difference("tombstone-differs", why, row["warning_id"], about=place)


def _holds(
    rows: Sequence[Hold], known: Agreements, until: datetime, young: Collection[str]
) -> list[Difference]:
    """Compare holds with the facts; what was placed or lifted a moment ago is on its way there."""
    there = {hold.hold_id: hold for hold in rows}
    found = []
    for name in sorted({*there, *known.holds}):
        kept, said = there.get(name), known.holds.get(name)
        if kept is not None and kept.lifted_by in young:
            kept, said = replace(kept, lifted_by=None), replace(said, lifted_by=None) if said else None
        if kept == said or (said is None and kept is not None and kept.placed_at >= until):
            continue
        found.append(Difference("hold-differs", "a hold in the table is not what the facts say", about=name))
    return found


def _proposals(rows: Sequence[Row], known: Agreements, until: datetime) -> list[Difference]:
    """Return proposals that the table holds to be confirmed, or made, and the ledger does not."""
    found = []
    for row in rows:
        name = row["proposal_id"]
        made, agreed = known.proposed.get(name), known.agreed.get(name)
        said = made is not None and (made.what, made.about, made.proposed_by) == (
            row["kind"],
            row["about"],
            row["proposed_by"],
        )
        said = said and dict(made.wanted) == orjson.loads(row["wanted"])  # type: ignore[union-attr]
        if not said and row["proposed_at"] < until:
            found.append(Difference("proposal-differs", "a proposal is not what the facts say", about=name))
        confirmed = row["state"] == CONFIRMED
        by = agreed.confirmed_by if agreed else None
        late = not confirmed or row["decided_at"] < until
        if late and (confirmed, row["decided_by"] if confirmed else None) != (agreed is not None, by):
            why = "the table and the facts differ on whether a proposal was confirmed, or by whom"
            found.append(Difference("proposal-differs", why, about=name))
    return found


async def reading(connection: AsyncConnection, done: Walk, until: datetime) -> list[Difference]:
    """Compare epochs and gaps with the facts that say of them, and epochs with their records."""
    epochs, gaps = await walk.epochs(connection), await walk.gaps(connection)
    said = await _said(connection, EPOCH_OPENED)
    wanted = {one.epoch: one.row for one in said if isinstance(one, EpochSaid)}
    found = []
    names = ("stream_created_at", "opened_at", "position", "begin")
    for row in epochs:
        expected = wanted.get(row["epoch"])
        if expected != tuple(row[name] for name in names) and (expected or row["opened_at"] < until):
            found.append(_epoch(row["epoch"], "an epoch is not what the facts say"))
        found += _read_up_to(row, done)
    for missing in sorted({*wanted, *done.last} - {row["epoch"] for row in epochs}):
        found.append(_epoch(missing, "an epoch is missing"))
    return found + _gaps(gaps, await _said(connection, GAP_FOUND), until)


def _read_up_to(row: Row, done: Walk) -> list[Difference]:
    last = done.last.get(row["epoch"])
    if last is None:
        return []
    sequence, message_id, first = last
    if row["sequence"] < sequence or first <= row["position"]:
        return [_epoch(row["epoch"], "an epoch does not fit its records")]
    if row["sequence"] == sequence and row["last_message_id"] != message_id:
        return [_epoch(row["epoch"], "an epoch does not fit its records (last_message_id)")]
    return []


def _gaps(rows: Sequence[Row], said: Sequence[own.Said], until: datetime) -> list[Difference]:
    wanted = {one.row for one in said if isinstance(one, GapSaid)}
    there = {(row["epoch"], row["first"], row["last"], row["found_at"]) for row in rows}
    differing = sorted({*(wanted - there), *(one for one in there - wanted if one[3] < until)})
    why = "a gap in the table is not what the facts say"
    return [Difference("ledger-gap-differs", why, about=f"epoch {e}: {a}-{b}") for e, a, b, _ in differing]


def _epoch(number: int, why: str) -> Difference:
    return Difference("epoch-differs", why, about=f"epoch {number}")


async def _said(connection: AsyncConnection, kind: str) -> list[own.Said]:
    """Return what the audit's own facts of a kind say; an odd one is named where its record is walked."""
    told = await heads.facts(connection, kind, None)
    return [own.said(fact) for position, fact in told if not own.odd(position, fact)]
