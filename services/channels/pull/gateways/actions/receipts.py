"""Hear carrier receipts: early, twice, out of order, or never."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.outcome import TargetState
from contracts.values import Mode
from services.channels.pull.gateways.actions import seen
from services.channels.pull.gateways.actions.photograph import news, photograph
from services.channels.pull.gateways.model import results
from services.channels.pull.gateways.model.places import Places
from services.channels.pull.gateways.model.said import Receipt
from services.channels.pull.gateways.model.work import State, Work
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import batches
from services.channels.pull.gateways.store import receipts as store
from services.kit.crypto import CryptoProvider, hashes_of
from services.kit.db import Transaction
from services.kit.errors import Refused

Heard = tuple[Sequence[bytes], TargetState, str, datetime]
"""Hashes of the phone, under each key that may be the batch's; what it means, why, when."""


@dataclass
class Sorted:
    """What became of receipts: taken, kept for a delivery yet to come, or of a number nobody asked for."""

    taken: int = 0
    kept: int = 0
    refused: list[int] = field(default_factory=list)
    """The places, in the request, of numbers that are not in their batch."""


async def receive(parts: Parts, gateway: str, mode: Mode, said: Sequence[Receipt]) -> Sorted:
    """Fold receipts into the results of their deliveries."""
    by_delivery: defaultdict[UUID, list[int]] = defaultdict(list)
    for turn, receipt in enumerate(said):
        by_delivery[receipt.delivery_id].append(turn)
    outcome = Sorted()
    async with parts.db.transaction() as tx:
        works = await batches.lock_many(tx, list(by_delivery))
        mine = {d: w for d, w in works.items() if (w.gateway, w.mode) == (gateway, mode)}
        bodies = await batches.bodies(tx, list(mine))
        for delivery_id, work in mine.items():
            turns = by_delivery.pop(delivery_id)
            key = bodies[delivery_id].hash_key
            heard = [_heard(parts.crypto, said[t], key) for t in turns]
            unknown = await _fold(tx, work, bodies[delivery_id], heard)
            outcome.refused += [turns[i] for i in unknown]
            outcome.taken += len(turns) - len(unknown)
        strangers = [turn for turns in by_delivery.values() for turn in turns]
        outcome.kept = len(strangers)
        await _keep(tx, parts, gateway, mode, [said[t] for t in strangers])
    outcome.refused.sort()
    return outcome


def _heard(crypto: CryptoProvider, receipt: Receipt, key: str | None) -> Heard:
    return hashes_of(crypto, receipt.number, key), receipt.state, receipt.reason, receipt.at


async def match_early(tx: Transaction, work: Work, body: batches.Body) -> None:
    """Fold in what was said about a delivery before it came."""
    early = await store.take(tx, work.delivery_id, work.gateway, work.mode)
    heard = [([bytes.fromhex(e["phone_hash"])], TargetState(e["state"]), e["reason"], e["at"]) for e in early]
    if heard:
        await _fold(tx, work, body, heard)


async def _keep(
    tx: Transaction, parts: Parts, gateway: str, mode: Mode, strangers: Sequence[Receipt]
) -> None:
    """Keep receipts under every key: nobody knows yet which one is their batch's."""
    hashed = ((receipt, hashes_of(parts.crypto, receipt.number, None)) for receipt in strangers)
    unmatched = [(receipt, one) for receipt, hashes in hashed for one in hashes]
    most = parts.settings.gateways_most_unmatched
    if unmatched and await store.kept(tx, gateway) + len(unmatched) > most:
        raise Refused(
            f"more than {most} receipts match no delivery", mend="send the delivery_id of the leased item"
        )
    await store.keep(tx, gateway, mode, unmatched)


async def _fold(tx: Transaction, work: Work, body: batches.Body, heard: Sequence[Heard]) -> list[int]:
    """Fold receipts into one delivery; return the places of those that are not of its numbers."""
    places = Places(body.hashes)
    unknown: list[int] = []
    named: dict[int, int] = {}
    reasons: dict[int, str] = {}
    times: dict[int, datetime] = {}
    for turn, (hashes, state, why, at) in enumerate(heard):
        found = places.of_any(hashes)
        if not found:
            unknown.append(turn)
        for place in found:
            code = results.CODE[state]
            if code >= named.get(place, 0):
                named[place], times[place] = code, min(at, tx.now)
            if state is TargetState.FAILED:
                reasons[place] = why
    after = work.heard(named, reasons)
    if after.results != work.results:
        after = after.to(State.DONE) if after.live and not after.queued else after
        after = photograph(tx, after, news(work, after, body.name, tx.now, times))
        await batches.save(tx, [after])
        await seen.receipted(tx, after)
    return unknown
