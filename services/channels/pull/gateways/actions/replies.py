"""Hear replies: who answers for a place and replies 1 has confirmed the newest warning that he was sent."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from services.channels.pull.gateways.store import batches
from services.kit.db import Transaction

CONFIRMED = results.CODE[TargetState.CONFIRMED]


@dataclass(frozen=True)
class Counted:
    """How many replies confirmed something, and how many did not."""

    confirmed: int
    other: int


async def receive(parts: Parts, gateway: str, mode: Mode, replies: Sequence[Reply]) -> Counted:
    """Let replies count for the batches of the newest warning in which their numbers stand."""
    said = {parts.crypto.keyed_hash(reply.number): reply.at for reply in reversed(replies) if reply.confirms}
    heard: defaultdict[UUID, dict[int, datetime]] = defaultdict(dict)
    async with parts.db.transaction() as tx:
        asked = await batches.lock_asked(tx, gateway, mode)
        bodies = await batches.bodies(tx, [work.delivery_id for work in asked])
        places = {work.delivery_id: Places(bodies[work.delivery_id].hashes) for work in asked}
        confirmed = sum(_find(number, at, asked, places, heard) for number, at in said.items())
        await _confirm(tx, [work for work in asked if work.delivery_id in heard], bodies, heard)
    return Counted(confirmed, len(replies) - confirmed)


def _find(
    number: bytes,
    at: datetime,
    asked: Sequence[Work],
    places: Mapping[UUID, Places],
    heard: Mapping[UUID, dict[int, datetime]],
) -> bool:
    """Note where a number stands, in every batch of the newest warning that was sent to it."""
    mine = [work for work in asked if places[work.delivery_id].of(number)]
    for work in mine:
        if work.warning_id == mine[0].warning_id:
            heard[work.delivery_id].update(dict.fromkeys(places[work.delivery_id].of(number), at))
    return bool(mine)


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
