"""Hear a report on a lease: in full, as exceptions, in part; late, or for the hundredth time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import orjson

from contracts.delivery import SealedBatch
from contracts.outcome import TargetState
from contracts.values import Channel, Mode
from services.channels.pull.gateways import bell
from services.channels.pull.gateways.actions import seen
from services.channels.pull.gateways.actions.alarm import alarm_dead, note_late
from services.channels.pull.gateways.actions.photograph import news, photograph
from services.channels.pull.gateways.model import columns, results
from services.channels.pull.gateways.model.places import Places
from services.channels.pull.gateways.model.said import MOST_FAULTS, Counts, Report
from services.channels.pull.gateways.model.work import State, Work
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import batches, leases
from services.kit.crypto import CryptoProvider, hashes_of
from services.kit.db import Transaction
from services.kit.errors import Fault, Invalid, NotFound, Reject, Retry

UNDONE = "no gateway brought a result"


@dataclass(frozen=True)
class Job:
    """A report as a gateway sent it."""

    gateway: str
    mode: Mode
    lease: str
    said: Report


@dataclass(frozen=True)
class Taken:
    """What became of a report."""

    work: Work
    late: bool


async def report_all(tx: Transaction, parts: Parts, jobs: Sequence[Job]) -> list[Taken]:
    """Fold reports in, one after the other, and write what they changed together."""
    found = await leases.found(tx, [job.lease for job in jobs])
    now = {lease.work.delivery_id: lease.work for lease in found.values()}
    first, taken, heard = dict(now), [], set[str]()
    for job in jobs:
        lease = found.get(job.lease)
        if lease is None or not lease.is_of(job.gateway, job.mode):
            raise NotFound("this gateway was never given such a lease")
        again = lease.reported_at is not None or job.lease in heard
        work, late = await _fold(tx, parts, lease, now[lease.work.delivery_id], job.said, again=again)
        now[work.delivery_id] = work
        heard.add(job.lease)
        taken.append(Taken(work, late))
    await batches.save(tx, [work for name, work in now.items() if work != first[name]])
    await leases.note_reported(tx, [name for name, lease in found.items() if lease.reported_at is None])
    for job, told in zip(jobs, taken, strict=True):
        if told.work.state is State.READY or parts.terms.of(job.gateway).numbers_per_s:
            tx.after_commit(partial(parts.bells.ring, bell.work(job.gateway, job.mode)))
    return taken


async def _fold(
    tx: Transaction, parts: Parts, lease: leases.Lease, before: Work, said: Report, *, again: bool
) -> tuple[Work, bool]:
    """Return the work after a report, and whether that came late; say what is new."""
    heard, detail = _heard(parts.crypto, before, lease, said)
    after = heard.after_report(lease.attempt, before, parts.settings.gateways_most_misses)
    late = before.late(lease.attempt)
    if late and not again:
        note_late(tx, before, lease.attempt)
    if after.state is State.DEAD and before.state is not State.DEAD:
        alarm_dead(tx, after, UNDONE)
    if after.results != before.results:
        after = photograph(tx, after, news(before, after, lease.body.name, tx.now), detail)
    if after.run:
        await seen.reported(tx, before, after, said, again=again, late=late)
    return after, late


def _heard(
    crypto: CryptoProvider, before: Work, lease: leases.Lease, said: Report
) -> tuple[Work, str | None]:
    if before.channel is Channel.AREA:
        return _heard_of_order(before, said)
    if said.counts:
        raise Invalid("delivered", "counts are for area orders", "send `state`, `exceptions` or `results`")
    named, reasons = _named(crypto, before, lease.body, said)
    unnamed = (place for place in lease.places if not named[place])
    state, why = said.rest or (None, "")
    if state is None and not said.partial and 0 in named and next(unnamed, None) is not None:
        raise Invalid("results", "does not name every number", "add `state` for the others, or `partial`")
    if state is TargetState.FAILED:
        reasons = {**dict.fromkeys(unnamed, why), **reasons}
    return before.heard(named, reasons, state, lease.places), None


MANY = 50
"""From so many numbers on it is quicker to open the body than to hash each."""

Named = tuple[bytes, dict[int, str]]
"""A code for each place, 0 for one that is not named, and why some failed."""


def _named(crypto: CryptoProvider, before: Work, body: batches.Body, said: Report) -> Named:
    """Return what a report says of each place; raise Invalid for numbers that have none."""
    if len(said.numbers) >= MANY and before.channel is Channel.SMS:
        found = _by_body(crypto, before, body, said)
        if found is not None:
            return found
    if not said.numbers:
        return bytes(before.size), {}
    hashed = Places(body.hashes)
    places = [hashed.of_any(hashes_of(crypto, number, body.hash_key)) for number in said.numbers]
    return _by_hash(places, said, before.size)


def _by_body(crypto: CryptoProvider, before: Work, body: batches.Body, said: Report) -> Named | None:
    """Match whole columns; None when a number stands twice, or in no place, or the body does not open."""
    try:
        plain = crypto.unseal(body.sealed or b"", SealedBatch.context(before.mode, before.delivery_id))
    except (Reject, Retry):
        return None
    known = columns.of_batch(plain) or tuple(row[0] for row in orjson.loads(plain))
    codes, places = said.told.codes(), _places(known, said.numbers)
    if places is None or len(known) != before.size:
        return None
    alike = isinstance(places, range) and len(set(codes)) == 1
    if not alike and Places(body.hashes).distinct() < before.size:
        return None
    failed = results.places(codes, results.FAILED)
    reasons = {places[turn]: said.told[turn][1] for turn in failed}
    if isinstance(places, range):
        return codes, reasons
    return results.spread(dict(zip(places, codes, strict=True)), before.size), reasons


def _places(known: Sequence[str], numbers: Sequence[str]) -> Sequence[int] | None:
    """Return where numbers stand; a range when all come in their order, None when one comes not once."""
    if numbers == known:
        return range(len(known))
    index = {number: place for place, number in enumerate(known)}
    places = [index.get(number, -1) for number in numbers]
    return None if -1 in places or len(set(places)) != len(places) else places


def _by_hash(places: Sequence[range], said: Report, size: int) -> Named:
    """Match number by number."""
    named: dict[int, int] = {}
    reasons: dict[int, str] = {}
    faults: list[Fault] = []
    for turn, (found, (state, why)) in enumerate(zip(places, said.told, strict=True)):
        if not found:
            faults.append(Fault(said.field(turn), "is a number that is not in this batch", "leave it out"))
        for place in found:
            named[place] = max(named.get(place, 0), results.CODE[state])
            if state is TargetState.FAILED:
                reasons[place] = why
    if faults:
        raise Invalid.of(faults[:MOST_FAULTS])
    return results.spread(named, size), reasons


def _heard_of_order(before: Work, said: Report) -> tuple[Work, str | None]:
    """Fold the counts of an area order: received when any phone has, failed when none will, else sent."""
    if said.numbers or said.partial:
        raise Invalid("results", "an area order is reported by counts", "send delivered, failed, phones")
    if said.rest is None and said.counts is None:
        raise Invalid("delivered", "is missing", "send delivered, failed, phones, or `state`")
    state, why = said.rest or _of_counts(said.counts or Counts(0, 0, 0))
    reasons = dict.fromkeys(range(before.size), why) if state is TargetState.FAILED else {}
    detail = None
    if said.counts:
        detail = (
            f"phones {said.counts.phones}, delivered {said.counts.delivered}, failed {said.counts.failed}"
        )
    return before.heard({}, reasons, state, range(before.size)), detail


def _of_counts(counts: Counts) -> tuple[TargetState, str]:
    if counts.delivered > 0:
        return TargetState.RECEIVED, ""
    if counts.failed < counts.phones:
        return TargetState.SENT, ""
    return TargetState.FAILED, f"none of {counts.phones} phones"
