"""What was open at a moment: what stood, who was still to be reached, what had been escalated to whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.amendment import PlanAmended
from contracts.delivery import DeliveryReported
from contracts.fact import Fact
from services.audit.model.deliveries import Delivery, Target
from services.audit.model.entry import NAMED, plain
from services.audit.model.fields import is_count
from services.audit.model.moment import Escalation, Stand, Tallies, of_batches, of_targets, standing, state_at
from services.audit.model.rows import Revision, RevisionKey
from services.audit.store import moments, questions
from services.audit.store.questions_tables import DUTY_KINDS
from services.kit.clock import microseconds
from services.kit.db import Database

MOST_TARGETS = 20_000
MOST_BATCHES = 20_000
MOST_REPORTS = 3_000
"""So many reports of one warning are opened to see what they counted at the moment; the rest is named."""

MOST_DUTIES = 100
"""So many escalations of one warning are shown, the newest; all are counted."""

_NAMED = frozenset(channel.value for channel in NAMED)


@dataclass(frozen=True)
class Standing:
    """One revision that stood at the moment."""

    revision: Revision
    state: str
    """In force, or lifted: the last word of its warning."""
    planned: bool
    """True when its plan had been made by then."""
    stands: Sequence[Stand]
    climbed: Mapping[str, int]
    """How many rungs had been climbed, left unanswered, answered, taken in hand."""
    escalations: Sequence[Escalation]


@dataclass(frozen=True)
class Moment:
    """What was open at a moment."""

    at: datetime
    mode: str | None
    total: int
    standing: Sequence[Standing]
    names: Mapping[str, str]


async def open_at(
    db: Database, at: datetime, mode: str | None = None, skip: int = 0, limit: int = 20
) -> Moment:
    """Return what was open at a moment, by the times of events as the ledger knows them now."""
    async with questions.snapshot(db) as connection:
        found = await moments.candidates(connection, at, mode)
        endings = await moments.endings(connection, {r.warning_id for r in found}, at)
        stood = standing(found, endings, at)
        shown = [
            await _standing(connection, revision, state, at) for revision, state in stood[skip : skip + limit]
        ]
        places = {escalation.place for one in shown for escalation in one.escalations}
        names = await questions.names(connection, places)
    return Moment(at, mode, len(stood), shown, names)


async def _standing(connection: AsyncConnection, revision: Revision, state: str, at: datetime) -> Standing:
    scope = await _scope(connection, revision.key, at)
    stands = await _targets(connection, revision.key, scope, at)
    stands += await _batches(connection, revision.key, scope.counts, at)
    climbed = await moments.climbed(connection, revision.warning_id, at)
    duties = await _duties(connection, revision, climbed, at)
    stands.sort(key=lambda stand: stand.channel)
    return Standing(revision, state, scope.planned, stands, climbed, duties)


@dataclass(frozen=True)
class _Scope:
    """Whom a revision was to reach, as planned by the moment."""

    planned: bool
    counts: Mapping[str, int]
    later: frozenset[tuple[str, str]]
    """Channels and targets that came in afterwards."""
    unknown: bool
    """True when the ledger has no plan at all: then everybody who was ever named counts."""


async def _scope(connection: AsyncConnection, key: RevisionKey, at: datetime) -> _Scope:
    """Return the manifest, with the amendments of before the moment."""
    plan = await moments.plan(connection, key)
    if plan is None or plan.made_at > at:
        return _Scope(False, {}, frozenset(), plan is None)
    counts = {channel: line.count for channel, line in plan.lines.items()}
    later: set[tuple[str, str]] = set()
    records = await moments.story(connection, key[0], f"{PlanAmended.noun}.{PlanAmended.verb}", MOST_DUTIES)
    for message in moments.messages_of(records):
        if isinstance(message, PlanAmended) and message.revision == key[1] and message.at > at:
            for entry in message.channels:
                counts[entry.channel] = max(0, counts.get(entry.channel, 0) - entry.count)
                later.update((entry.channel.value, target) for target in entry.targets)
    return _Scope(True, counts, frozenset(later), False)


async def _targets(connection: AsyncConnection, key: RevisionKey, scope: _Scope, at: datetime) -> list[Stand]:
    """Return how the channels of named targets stood."""
    found = await moments.targets(connection, key, MOST_TARGETS)
    grouped: dict[str, list[Target]] = {channel: [] for channel in scope.counts if channel in _NAMED}
    at_us = microseconds(at)
    for target in found:
        known = state_at(target, at_us) is not None
        there = (scope.planned or scope.unknown) and (target.channel, target.target) not in scope.later
        if known or there:
            grouped.setdefault(target.channel, []).append(target)
    stands = [of_targets(name, some, scope.counts.get(name, 0), at) for name, some in grouped.items()]
    return [stand for stand in stands if stand.targeted]


async def _batches(
    connection: AsyncConnection, key: RevisionKey, counts: Mapping[str, int], at: datetime
) -> list[Stand]:
    """Return how the channels of sealed batches stood."""
    channels = {"sms", "wechat", "voice"} | {channel for channel in counts if channel not in _NAMED}
    found = await moments.deliveries(connection, key, channels, MOST_BATCHES)
    told, unread = await _tallies(connection, key, found, at)
    stands = []
    for channel in sorted(channels):
        mine = [d for d in found if d.channel == channel and _there(d, at)]
        stand = of_batches(channel, mine, counts.get(channel, 0), at, told, unread)
        stands += [stand] if stand.targeted else []
    return stands


def _there(delivery: Delivery, at: datetime) -> bool:
    """Tell whether a delivery had been planned or asked for by then."""
    earliest = min(filter(None, (delivery.requested_at, delivery.heard_at)), default=at)
    return earliest <= at


async def _tallies(
    connection: AsyncConnection, key: RevisionKey, deliveries: Sequence[Delivery], at: datetime
) -> tuple[Tallies, set[str]]:
    """Return what the newest report before the moment counted, and the deliveries that were not read."""
    told = {d.delivery_id: d.tally for d in deliveries if d.reported_at is not None and d.reported_at <= at}
    wanted = {d.delivery_id for d in deliveries if d.reported_at is not None and d.reported_at > at}
    best: dict[str, tuple[int, Mapping[str, int]]] = {}
    before, read = 2**62, 0
    while wanted and read < MOST_REPORTS:
        records = await moments.reports(connection, key[0], at, before, 500)
        for message in moments.messages_of(records):
            name = str(message.delivery_id) if isinstance(message, DeliveryReported) else ""
            if name in wanted and message.report > best.get(name, (0, {}))[0]:
                best[name] = (message.report, {s.value: n for s, n in message.tally.items()})
        read += len(records)
        if len(records) < 500:
            return {**told, **{name: tally for name, (_, tally) in best.items()}}, set()
        before = records[-1]["position"]
        if wanted <= best.keys():
            break
    unread = {name for name in wanted if name not in best}
    return {**told, **{name: tally for name, (_, tally) in best.items()}}, unread


async def _duties(
    connection: AsyncConnection, revision: Revision, climbed: Mapping[str, int], at: datetime
) -> list[Escalation]:
    """Return the newest escalations of a warning, newest first."""
    records = []
    for kind in DUTY_KINDS:
        if climbed.get(kind):
            records += await moments.story(connection, revision.warning_id, kind, MOST_DUTIES, at)
    records.sort(key=lambda record: record["position"], reverse=True)
    found = []
    for record in records[:MOST_DUTIES]:
        message = moments.message_of(record)
        if isinstance(message, Fact):
            found.append(_escalation(message, record["position"]))
    return found


def _escalation(fact: Fact, position: int) -> Escalation:
    detail = fact.detail
    called = detail.get("called")
    return Escalation(
        position=position,
        at=fact.at,
        kind=fact.kind,
        place=plain(fact.about or ""),
        rung=_text(detail.get("rung")),
        called=called if is_count(called) else None,
        instead=_text(detail.get("instead")),
        way=_text(detail.get("way")),
    )


def _text(value: Any) -> str | None:
    return plain(value) if isinstance(value, str) else None
