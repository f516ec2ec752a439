"""Hear replies: who answers for a place and replies 1 has confirmed the newest warning that he was sent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.outcome import Outcome, TargetState
from contracts.values import Mode
from services.channels.pull.gateways.actions.photograph import photograph
from services.channels.pull.gateways.model import results
from services.channels.pull.gateways.model.places import Places
from services.channels.pull.gateways.model.replies import Reply
from services.channels.pull.gateways.model.work import State, Work
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import batches, leases
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction

CONFIRMED = results.CODE[TargetState.CONFIRMED]
ARRIVES = frozenset(results.CODE[s] for s in (TargetState.SENT, TargetState.RECEIVED, TargetState.CONFIRMED))
"""In these states something left for a phone; who has confirmed may say so again."""


Hashed = Mapping[str, bytes]
"""The hash of a number under each key."""


@dataclass(frozen=True)
class Counted:
    """How many replies confirmed something, and how many did not."""

    confirmed: int
    other: int


@dataclass(frozen=True)
class _Sent:
    """A batch that was handed out: who stands in it where, and when he left for his phone."""

    work: Work
    places: Places
    given: Sequence[leases.Given]
    hash_key: str | None

    def at(self, place: int) -> datetime | None:
        """Return when the last lease that had a place was given; None when it never left or arrived."""
        if self.work.results[place] not in ARRIVES:
            return None
        return next((at for at, had in self.given if place in had), None)

    def before(self, number: Hashed, at: datetime) -> dict[int, datetime]:
        """Return the places at which a number was sent something before a moment, and when."""
        hashes = number.values() if self.hash_key is None else [number[self.hash_key]]
        sent = {place: self.at(place) for place in self.places.of_any(hashes)}
        return {place: left for place, left in sent.items() if left is not None and left <= at}


async def receive(parts: Parts, gateway: str, mode: Mode, replies: Sequence[Reply]) -> Counted:
    """Let replies count for the batches of the newest warning that was sent to their numbers before them.

    Of whom no gateway has said that he was sent anything cannot have answered: he keeps waiting for his turn.
    """
    answers = [reply for reply in replies if reply.confirms]
    heard: defaultdict[UUID, dict[int, datetime]] = defaultdict(dict)
    async with parts.db.transaction() as tx:
        asked = await batches.lock_asked(tx, gateway, mode)
        bodies = await batches.bodies(tx, [work.delivery_id for work in asked])
        given = await leases.given(tx, asked)
        sent = [_sent(work, bodies[work.delivery_id], given[work.delivery_id]) for work in asked]
        keys = {*parts.crypto.hash_keys(), *(one.hash_key for one in sent if one.hash_key)}
        said = [(_hashed(parts.crypto, answer.number, keys), answer.at) for answer in answers]
        confirmed = sum(_find(number, at, sent, heard) for number, at in said)
        await _confirm(tx, [work for work in asked if work.delivery_id in heard], bodies, heard)
    return Counted(confirmed, len(replies) - confirmed)


def _sent(work: Work, body: batches.Body, given: Sequence[leases.Given]) -> _Sent:
    return _Sent(work, Places(body.hashes), given, body.hash_key)


def _hashed(crypto: CryptoProvider, number: str, keys: Iterable[str]) -> Hashed:
    return {key: crypto.keyed_hash(number, key) for key in keys}


def _find(
    number: Hashed, at: datetime, sent: Sequence[_Sent], heard: Mapping[UUID, dict[int, datetime]]
) -> bool:
    """Note where a number stands in all batches of the newest warning sent to it before a moment."""
    mine = [(one.work, places) for one in sent if (places := one.before(number, at))]
    if not mine:
        return False
    newest, _ = max(mine, key=lambda found: max(found[1].values()))
    for work, places in mine:
        if work.warning_id == newest.warning_id:
            known = heard[work.delivery_id]
            known.update({place: min(at, known.get(place, at)) for place in places})
    return True


async def _confirm(
    tx: Transaction,
    works: Sequence[Work],
    bodies: Mapping[UUID, batches.Body],
    heard: Mapping[UUID, Mapping[int, datetime]],
) -> None:
    changed = []
    for work in works:
        news = {
            place: min(at, tx.now)
            for place, at in heard[work.delivery_id].items()
            if work.results[place] < CONFIRMED
        }
        if not news:
            continue
        after = work.heard(dict.fromkeys(news, CONFIRMED), {})
        after = after.to(State.DONE) if after.live and not after.queued else after
        name = bodies[work.delivery_id].name
        told = [Outcome(target=name(p), state=TargetState.CONFIRMED, at=at) for p, at in news.items()]
        changed.append(photograph(tx, after, told))
    await batches.save(tx, changed)
