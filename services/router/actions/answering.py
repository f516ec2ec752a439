"""Answer: what stops a clock, whichever way it comes. That something was delivered is no answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.delivery import DeliveryReported
from contracts.outcome import Column, Outcome
from contracts.values import Channel, Lane
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Invalid, NotFound, Refused
from services.kit.ids import uuid7
from services.router.actions.sparing import spare
from services.router.model.duty import BY_CHANNEL, Duty, Way, duty_id_of
from services.router.model.ladder import Kind
from services.router.store import answers, callees, duties
from services.router.store.answers import Answer

AHEAD = timedelta(minutes=2)
"""So far a clock may be ahead of ours when somebody says when he spoke to a person."""

PHONE_CONTEXT = b"yutian/answer-phone"


async def hear(tx: Transaction, report: DeliveryReported) -> None:
    """Take in what a report says of places and of people who answered."""
    if any(o.state.column is Column.CONFIRMED for o in report.outcomes):
        await duties.lock_climbs(tx, [(report.warning_id, report.revision)])
    if report.channel is Channel.STATION:
        await _of_stations(tx, report)
        return
    way = BY_CHANNEL.get(report.channel)
    confirmed = {o.target: o.at for o in report.outcomes if o.state.column is Column.CONFIRMED}
    if way is not None and confirmed:
        await callees.reply(tx, report.warning_id, report.revision, confirmed, way)
        await count(tx, report.warning_id, report.revision, confirmed)


async def _of_stations(tx: Transaction, report: DeliveryReported) -> None:
    head = (report.warning_id, report.revision)
    received: dict[UUID, datetime] = {}
    confirmed: dict[UUID, Outcome] = {}
    for outcome in report.outcomes:
        name = duty_id_of(*head, f"{Kind.PLACE}/{outcome.target}")
        if outcome.state.column is Column.CONFIRMED:
            known = confirmed.get(name)
            confirmed[name] = outcome if known is None or outcome.at < known.at else known
        elif outcome.state.column is Column.DELIVERED:
            received[name] = min(outcome.at, received.get(name, outcome.at))
    await duties.receive(tx, received)
    for name, outcome in sorted(confirmed.items(), key=lambda one: str(one[0])):
        await _confirm(tx, name, outcome.at, outcome.by, Way.STATION)


async def count(
    tx: Transaction, warning_id: UUID, revision: int, hashes: Iterable[str] | None = None
) -> None:
    """Let answers by phone count: a place's own people close its duty, others take it in hand."""
    for one in await callees.counted(tx, warning_id, revision, hashes):
        if one.own:
            await _confirm(tx, one.duty_id, one.at, one.name, one.way)
        else:
            await _take(tx, one.duty_id, one.at, one.name, one.way)


async def _confirm(
    tx: Transaction, duty_id: UUID, at: datetime, by: str | None, way: Way, actor: str | None = None
) -> None:
    if await duties.confirm(tx, duty_id, at, by, way):
        await _record(tx, "duty.answered", duty_id, at, way, actor)


async def _take(
    tx: Transaction, duty_id: UUID, at: datetime, by: str, way: Way, actor: str | None = None
) -> None:
    if await duties.take(tx, duty_id, at, by):
        await _record(tx, "duty.taken", duty_id, at, way, actor)


async def _record(
    tx: Transaction, kind: str, duty_id: UUID, at: datetime, way: Way, actor: str | None
) -> None:
    """Say that a duty is answered or in hand, and that nobody need be called for it any more."""
    duty = await duties.get(tx, duty_id)
    if duty is not None:
        await spare(tx, duty)
        tx.record(
            kind,
            mode=duty.mode,
            lane=Lane.URGENT,
            actor=actor,
            warning_id=duty.warning_id,
            about=duty.place,
            revision=duty.revision,
            way=way,
            after_s=round((at - duty.started_at).total_seconds(), 1),
        )


@dataclass(frozen=True)
class Told:
    """What a person writes down: who answered, on which phone, when."""

    name: str
    phone: str | None
    at: datetime | None
    note: str = ""
    way: Way = Way.MANUAL
    in_hand: bool = False
    """Somebody above the place has it in hand; the place itself is still silent."""


async def record(
    db: Database, crypto: CryptoProvider, duty_id: UUID, told: Told, *, by: str, town: str | None
) -> Duty:
    """Write an answer down, and stop the clock; `town` is the only one whose answers this person records."""
    async with db.transaction() as tx:
        duty = await duties.get(tx, duty_id)
        if duty is not None:
            await duties.lock_climbs(tx, [(duty.warning_id, duty.revision)])
            duty = await duties.get(tx, duty_id, lock=True)
        if duty is None or (town is not None and duty.town != town):
            raise NotFound("no such duty in your town")
        if duty.ended_at is not None:
            raise Refused("this revision is over; nobody must answer it any more")
        at = _moment(told.at, duty, tx.now)
        phone = crypto.seal(told.phone.encode(), PHONE_CONTEXT) if told.phone else None
        row = Answer(uuid7(), duty_id, told.way, told.name, phone, at, tx.now, by, told.note)
        await answers.keep(tx, row)
        act = _take if told.in_hand else _confirm
        await act(tx, duty_id, at, told.name, told.way, by)
        found = await duties.get(tx, duty_id)
    assert found is not None, "it was there in this transaction"
    return found


def _moment(at: datetime | None, duty: Duty, now: datetime) -> datetime:
    if at is None:
        return now
    if at > now + AHEAD:
        raise Invalid("at", "lies in the future", "say when the person answered, or leave it out")
    if at < duty.started_at - AHEAD:
        raise Invalid("at", "lies before the warning", "say when the person answered, or leave it out")
    return min(at, now)
