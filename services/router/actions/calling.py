"""Call: what goes out beside the plan, to a station once more or to people by SMS and telephone."""

import asyncio
import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from contracts.canonical import list_hash, sha256_hex
from contracts.delivery import MOST_TARGETS, DeliveryRequested, SealedBatch, call_id_of
from contracts.values import Channel, Lane
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction
from services.router.actions.batches import open_district
from services.router.model.deliveries import FORWARDS_CAP, action_of, asked_again_s, lane_of, notice_for
from services.router.model.duty import Climb
from services.router.model.people import OPERATORS, Rendering
from services.router.model.registry import DISTRICT_KEY, base_of
from services.router.model.roster import Person
from services.router.store import blocks, plans

VOICE_ACCOUNT = "voice-main"
"""Who carries telephone calls where the registry names nobody."""


@dataclass
class Calls:
    """Who is to be called at one rung: stations by code, people by the hash of their phone."""

    stations: set[str] = field(default_factory=set)
    people: dict[Channel, dict[bytes, Person]] = field(default_factory=dict)

    def add(self, ways: Iterable[Channel], people: Iterable[Person], crypto: CryptoProvider) -> None:
        """Call these people by these ways; whoever stands for several places is called once."""
        for entry in people:
            assert entry.phone, "only people with a phone can be called"
            for way in ways:
                self.people.setdefault(way, {})[crypto.keyed_hash(entry.phone)] = entry


@dataclass(frozen=True)
class _Rung:
    """What all deliveries of one rung have in common."""

    tx: Transaction
    climb: Climb
    name: str
    lane: Lane
    """That of the plan: a rule that makes it urgent makes its calls urgent too."""

    def call_id(self, channel: Channel, part: str) -> UUID:
        """Return the id of a call: the same people and stations give the same one."""
        return call_id_of(*self.climb.key, channel, f"{self.name}/{part}")


async def call(tx: Transaction, climb: Climb, name: str, calls: Calls, crypto: CryptoProvider) -> None:
    """Request the deliveries of one rung, in the lane and with the patience of the plan."""
    made = await plans.made(tx, *climb.key)
    assert made is not None, "a revision climbs because of its plan"
    routing = made.manifest.routing
    rung = _Rung(tx, climb, name, lane_of(climb.message, routing))
    requests = [*_stations(rung, calls.stations)]
    if calls.people:
        carriers = await _carriers(tx, crypto)
        for channel, people in sorted(calls.people.items()):
            shares = _shares(people, carriers[channel])
            requests += await asyncio.to_thread(_batches, rung, channel, shares, crypto)
    routes = {request.delivery_id: request.batch.route for request in requests if request.batch}
    if not requests:
        return
    await plans.keep_deliveries(tx, requests, routes, asked_again_s(routing))
    for request in requests:
        tx.emit(request)


def _stations(rung: _Rung, stations: Iterable[str]) -> Iterable[DeliveryRequested]:
    ordered = sorted(stations)
    for start in range(0, len(ordered), MOST_TARGETS):
        targets = tuple(ordered[start : start + MOST_TARGETS])
        yield _request(rung, Channel.STATION, list_hash(targets), targets=targets)


def _request(
    rung: _Rung,
    channel: Channel,
    part: str,
    *,
    targets: tuple[str, ...] = (),
    batch: SealedBatch | None = None,
) -> DeliveryRequested:
    message = rung.climb.message
    return DeliveryRequested(
        mode=message.mode,
        lane=rung.lane,
        warning_id=message.warning_id,
        revision=message.revision,
        channel=channel,
        at=rung.tx.now,
        delivery_id=rung.call_id(channel, part),
        action=action_of(message),
        notice=notice_for(Channel.SMS if batch else channel, message.notice),
        targets=targets,
        batch=batch,
        cap_xml=message.cap_xml if channel in FORWARDS_CAP else None,
        manifest_sha256=message.manifest_sha256,
    )


async def _carriers(tx: Transaction, crypto: CryptoProvider) -> Mapping[Channel, Sequence[Sequence[str]]]:
    """Return who carries SMS and calls now, by the number of the operator."""
    listing = await blocks.listing(tx)
    keys = {key: sha256 for key, sha256 in listing.items() if base_of(key) == DISTRICT_KEY}
    district = open_district(keys, await blocks.sealed(tx, keys.values()), crypto)
    voice = [a.account_id for a in district.accounts if a.channel == Channel.VOICE] or [VOICE_ACCOUNT]
    return {Channel.SMS: district.routes(Channel.SMS), Channel.VOICE: [voice[:1] for _ in OPERATORS]}


Share = list[tuple[bytes, str]]
"""Hash and phone of the people whom one carrier calls, sorted by hash."""


def _shares(people: Mapping[bytes, Person], carriers: Sequence[Sequence[str]]) -> dict[str, Share]:
    shares: dict[str, Share] = {}
    for name in sorted(people):
        entry = people[name]
        routes = carriers[OPERATORS.index(entry.operator or "")]
        if routes:
            shares.setdefault(routes[name[-1] % len(routes)], []).append((name, str(entry.phone)))
    return shares


def _batches(
    rung: _Rung, channel: Channel, shares: Mapping[str, Share], crypto: CryptoProvider
) -> list[DeliveryRequested]:
    return [
        _batch(rung, channel, route, share[start : start + MOST_TARGETS], crypto)
        for route, share in sorted(shares.items())
        for start in range(0, len(share), MOST_TARGETS)
    ]


def _batch(
    rung: _Rung, channel: Channel, route: str, share: Share, crypto: CryptoProvider
) -> DeliveryRequested:
    part = f"{route}/{list_hash(name.hex() for name, _ in share)}"
    context = SealedBatch.context(rung.climb.message.mode, rung.call_id(channel, part))
    sealed = crypto.seal(orjson.dumps([[phone] for _, phone in share]), context)
    batch = SealedBatch(
        size=len(share),
        rendering=Rendering.DUTY.word,
        route=route,
        hashes=base64.b64encode(b"".join(name for name, _ in share)).decode(),
        sealed=base64.b64encode(sealed).decode(),
        sha256=sha256_hex(sealed),
        hash_key=crypto.hash_key,
    )
    return _request(rung, channel, part, batch=batch)
