"""Report a warning: its books as they were at a position of the ledger, and what people said of it."""

import asyncio
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.amendment import PlanAmended
from contracts.delivery import DeliveryReported, DeliveryRequested, is_call
from contracts.fact import Fact
from contracts.message import Message
from contracts.outcome import Column
from contracts.values import Channel, Withdrawal
from services.audit.actions import drawn
from services.audit.actions.drawn import Drawn
from services.audit.actions.folding import said
from services.audit.model import climbed, story
from services.audit.model.account import ChannelAccount, lines_of
from services.audit.model.books import Books, Shelf
from services.audit.model.deliveries import Target
from services.audit.model.indicators import Yardsticks
from services.audit.model.rows import Plan, RevisionKey
from services.audit.model.warning_report import Material, figures
from services.audit.store import as_of, books, names, questions, reports
from services.audit.store.questions import Sums
from services.audit.store.reports import Kept
from services.kit.clock import from_microseconds
from services.kit.db import Database
from services.kit.errors import NotFound

STATION = Channel.STATION.value
FACTS = (*story.STEPS, *climbed.LADDERS, climbed.DECLINED)
CALLS = ("delivery.requested", "delivery.reported", "plan.amended")


async def report(db: Database, yardsticks: Yardsticks, warning_id: str, at: int | None) -> Drawn:
    """Return the report of a warning; raise NotFound when the ledger has never heard of it."""
    position = await drawn.position(db, at)
    async with questions.snapshot(db) as connection:
        stood = await drawn.stood(connection, position)
        material = await _material(connection, warning_id, position)
    material.formulas = {one.formula: one.version for one in yardsticks.indicators}
    return await asyncio.to_thread(lambda: drawn.drawn(stood, figures(material)))


async def _material(connection: AsyncConnection, warning_id: str, at: int) -> Material:
    faces = await reports.faces(connection, [warning_id], at)
    if not faces:
        raise NotFound("the ledger knows no such warning")
    aims = await reports.aims(connection, [warning_id], at)
    towns = {town for f in faces for town in f.towns} | {t for a in aims for t in a.towns}
    known, sums = await accounts(connection, [warning_id], at)
    lines = {f.revision: _lines(known, sums, (warning_id, f.revision)) for f in faces}
    targets = grouped(known.targets.values())
    facts, calls, amended = await _beside(connection, warning_id, at)
    codes = {t.target for some in targets.values() for t in some} | towns | {f.about or "" for f in facts}
    return Material(
        faces=faces,
        lines=lines,
        targets=targets,
        endings=[e for e in known.endings.values() if e.reason != Withdrawal.SUPERSEDED.value],
        gone=gone(known.plans.values(), sums, known.targets.values()),
        aims=aims,
        holdings=await reports.holdings(connection, at, towns),
        said=await reports.said_of(connection, [warning_id], faces[0].mode, at),
        facts=facts,
        calls=calls,
        amended=amended,
        names=await names.at(connection, codes, at),
    )


def _lines(known: Books, sums: Sums, key: tuple[str, int]) -> Sequence[ChannelAccount]:
    return lines_of(known.plans.get(key), sums.get(key, {}))


def grouped(targets: Iterable[Target]) -> dict[int, list[Target]]:
    """Return the stations of each revision, in order."""
    found: dict[int, list[Target]] = {}
    for target in sorted(targets, key=lambda t: t.key):
        if target.channel == STATION:
            found.setdefault(target.revision, []).append(target)
    return found


def gone(plans: Iterable[Plan], sums: Sums, targets: Iterable[Target]) -> set[tuple[int, str]]:
    """Return where a plan names deliveries or stations that are not in the books any more."""
    return gone_of(plans, sums, {target.key[:2] for target in targets if target.channel == STATION})


def gone_of(plans: Iterable[Plan], sums: Sums, told: Collection[RevisionKey]) -> set[tuple[int, str]]:
    """Return the same, when it is known of which revisions there are stations."""
    found = set()
    for plan in plans:
        for channel, line in plan.lines.items():
            _, deliveries, _ = sums.get(plan.key, {}).get(channel, ({}, 0, 0))
            if deliveries < line.deliveries or (channel == STATION and line.count and plan.key not in told):
                found.add((plan.revision, channel))
    return found


async def accounts(connection: AsyncConnection, warning_ids: Sequence[str], at: int) -> tuple[Books, Sums]:
    """Return the books of warnings as they were: the tables, or the records where they went on since."""
    changed = await as_of.changed_since(connection, warning_ids, at)
    same = [i for i in warning_ids if i not in changed]
    known, sums = await sums_of(connection, same, changed, at)
    told = await books.rows(connection, questions.stations_of(same, STATION), Target)
    known.targets.update(Shelf(told))
    return known, sums


async def sums_of(
    connection: AsyncConnection, same: Sequence[str], changed: Collection[str], at: int
) -> tuple[Books, Sums]:
    """Return the same without the stations of those warnings that did not go on since."""
    known = await books.headings(connection, same)
    sums = await questions.sums(connection, same)
    for warning_id in sorted(changed):
        folded = await _folded(connection, warning_id, at)
        for shelf, more in zip(_shelves(known), _shelves(folded), strict=True):
            shelf.update(more)
        sums |= summed(folded)
    return known, sums


def _shelves(some: Books) -> tuple[dict[object, object], ...]:
    return some.revisions, some.endings, some.plans, some.targets  # type: ignore[return-value]


async def _folded(connection: AsyncConnection, warning_id: str, at: int) -> Books:
    folded = Books()
    async for rows in as_of.of_warning(connection, warning_id, as_of.ACCOUNTED, at):
        for _, message in _messages(rows):
            folded.hear(message, from_microseconds(0))
    return folded


def summed(known: Books) -> Sums:
    """Return what deliveries add up to, as the tables sum it."""
    found: Sums = {}
    for one in known.deliveries.values():
        by_channel = found.setdefault((one.warning_id, one.revision), {})
        counts, count, silent = by_channel.get(one.channel, (dict.fromkeys(Column, 0), 0, 0))
        more = {column: counts[column] + getattr(one, column.value) for column in Column}
        by_channel[one.channel] = (more, count + 1, silent + (one.report == 0))
    return found


def _messages(rows: Iterable[Kept]) -> list[tuple[int, Message]]:
    read = ((row.position, said(row.leaf, row.payload)) for row in rows)
    return [(position, message) for position, message in read if message is not None]


async def _beside(
    connection: AsyncConnection, warning_id: str, at: int
) -> tuple[list[story.Told], list[climbed.Call], list[PlanAmended]]:
    """Return the facts about a warning, the calls beside its plan, and what was added to the plan."""
    facts: list[story.Told] = []
    async for rows in as_of.of_warning(connection, warning_id, FACTS, at, like=story.REVIEWED):
        facts += [_told(position, m) for position, m in _messages(rows) if isinstance(m, Fact)]
    calls: dict[str, climbed.Call] = {}
    amended: list[PlanAmended] = []
    async for rows in as_of.of_warning(connection, warning_id, CALLS, at):
        for _, message in _messages(rows):
            _take(message, calls, amended)
    return facts, list(calls.values()), amended


def _told(position: int, fact: Fact) -> story.Told:
    return story.Told(position, fact.kind, fact.actor, fact.at, fact.about, fact.detail)


def _take(message: Message, calls: dict[str, climbed.Call], amended: list[PlanAmended]) -> None:
    match message:
        case PlanAmended():
            amended.append(message)
        case DeliveryRequested() | DeliveryReported() if is_call(message.delivery_id):
            call = calls.setdefault(str(message.delivery_id), climbed.Call(message.channel.value))
            if isinstance(message, DeliveryRequested):
                call.size = max(call.size, message.size)
            else:
                call.reported(message.report, {state.value: count for state, count in message.tally.items()})
