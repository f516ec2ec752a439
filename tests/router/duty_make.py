"""A district with rosters, a fake clock and fake ears: whom silence calls, step by step."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.delivery import DeliveryReported, DeliveryRequested, is_call
from contracts.fact import Fact
from contracts.outcome import Outcome, TargetState
from contracts.plan import Manifest
from contracts.registry import RosterEntry, TownBlock, VillageBlock
from contracts.values import AreaSelection, Channel, Lane, Level, Mode
from contracts.warning import WarningPublished
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.leadership import LEASES, Leadership
from services.router.actions import answering, beginning, climbing, clocks, hands
from services.router.actions.end import end
from services.router.actions.hear import hear
from services.router.actions.library import Library
from services.router.actions.plan import plan
from services.router.actions.preview import preview
from services.router.actions.rulebook import ESCALATION, Rulebook
from services.router.model.duty import Duty, duty_id_of
from services.router.model.ladder import Ladders
from services.router.store import duties
from tests.clock import HandClock
from tests.outbox import said
from tests.router.registry_make import NOON, TOWNS, Block, a_district, a_district_block, a_person
from tests.router.router_make import EVERY_WAY, AWarning, a_halt, a_question, fill, forget_said, of_kind

FIRST, SECOND = f"{TOWNS[0]}201", f"{TOWNS[0]}202"
"""Two villages of one town; each has a first, a second and a third person."""
NOBODY = f"{TOWNS[1]}201"
"""A village whose roster is empty, in a town whose desk has somebody."""
LOST = f"{TOWNS[2]}201"
"""A village whose roster is empty, in a town whose desk has nobody."""


def a_turn(
    name: str, role: str, order: int = 1, place: str = "", kind: str = "village", **given: Any
) -> RosterEntry:
    """Return a turn on a roster, of somebody with a phone of his own."""
    number = int.from_bytes(name.encode()[-4:].rjust(4, b"\0")) % 10**8
    own = {"phone": f"136{number:08d}", "operator": "cmcc", "place": place, "place_kind": kind, **given}
    return RosterEntry(recipient_id=name, name=name, role=role, order=order, **own)


def phone_of(name: str) -> str:
    """Return the number of somebody on a roster."""
    return str(a_turn(name, "any").phone)


def a_district_with_rosters(villages: int = 2) -> dict[str, Block]:
    """Return three towns of two villages, with rosters as the constants above say."""
    blocks = a_district(villages, TOWNS[:3])
    for key, block in blocks.items():
        if isinstance(block, VillageBlock) and key not in (NOBODY, LOST):
            people = [a_turn(f"{key}-{n}", "responsible", n, key) for n in (1, 2, 3)]
            agreed = [a_person(n, key, recipient_id=f"{key}-{n}", groups=("drill",)) for n in (2,)]
            blocks[key] = block.model_copy(update={"rosters": tuple(people), "recipients": tuple(agreed)})
        elif isinstance(block, VillageBlock):
            blocks[key] = block.model_copy(update={"recipients": ()})
        elif isinstance(block, TownBlock) and key != TOWNS[2]:
            desk = a_turn(f"desk-{key}", "duty", 1, key, "town")
            mayor = a_turn(f"mayor-{key}", "leader", 1, key, "town")
            blocks[key] = block.model_copy(update={"rosters": (mayor, desk)})
    blocks["district"] = a_district_block(
        rosters=(
            a_turn("chief", "leader", 1, "500110", "district"),
            a_turn("flood", "flood-control", 1, "500110", "district"),
            a_turn("officer", "duty", 1, "500110", "district"),
            a_turn("stranger", "leader", 1, "water", "department"),
        )
    )
    return blocks


@dataclass
class SomeEars:
    """Ears that have heard everything, or up to a moment, or cannot tell."""

    clock: HandClock
    until: datetime | None = None
    deaf: bool = False
    asked: list[tuple[Mode, Sequence[Lane]]] = field(default_factory=list)

    async def heard_until(self, mode: Mode, lanes: Sequence[Lane]) -> datetime | None:
        """Return what a test set; everything, unless it did."""
        self.asked.append((mode, lanes))
        if self.deaf:
            return None
        return self.until or self.clock.now()


@dataclass
class Tower:
    """The router's clocks in a test: a warning, and what silence does about it."""

    db: Database
    crypto: SoftwareCrypto
    clock: HandClock
    ears: SomeEars
    hands: hands.Hands
    warning: AWarning
    escalation: Rulebook[Ladders]
    base: datetime = NOON

    async def anew(self) -> None:
        """Halt the warning and turn to another one, a day later."""
        await self.halt()
        self.base = self.clock.at = self.base + timedelta(days=1)
        expires = self.base + timedelta(hours=6)
        self.warning = AWarning(self.warning.manifest, level=self.warning.level, expires=expires)
        await forget_said(self.db)

    async def replica(self, name: str) -> None:
        """Let another replica take the lead: what this one held in memory is gone."""
        async with self.db.transaction() as tx:
            await tx.execute(LEASES.update().values(until=0))
        leadership = Leadership(self.db, name)
        assert await leadership._claim(hands.LEASE)
        self.hands = replace(self.hands, leadership=leadership)

    async def publish(self, message: WarningPublished | None = None) -> None:
        """Plan a revision, as the consumer does."""
        told = message or self.warning.issued()
        async with self.db.transaction() as tx:
            await plan(tx, told, self.crypto)
            await clocks.begin(tx, told, self.escalation.rules)
            await clocks.settle(tx, told.mode, [told.warning_id])

    async def halt(self) -> None:
        """Stop the first revision, as the consumer does."""
        async with self.db.transaction() as tx:
            await end(tx, a_halt(self.warning))
            await clocks.settle(tx, Mode.LIVE, [self.warning.warning_id])

    async def look(self) -> None:
        """Do all that is due now."""
        while await beginning.open_climbs(self.db, self.hands) + await climbing.climb(self.db, self.hands):
            pass

    async def at(self, seconds: float) -> list["Call"]:
        """Move to a moment after the beginning, do what is due, and return the calls that went out by it."""
        await forget_said(self.db)
        self.clock.at = self.base + timedelta(seconds=seconds)
        await self.look()
        return await self.calls()

    async def calls(self) -> list["Call"]:
        """Return the calls that were said, in their order."""
        requests = [r for r in of_kind(await said(self.db), DeliveryRequested) if is_call(r.delivery_id)]
        return [Call(request, self._names(request)) for request in requests]

    def _names(self, request: DeliveryRequested) -> tuple[str, ...]:
        return tuple(sorted(name_of(request, self.crypto)))

    async def facts(self, kind: str) -> list[Fact]:
        """Return the facts of a kind that were said."""
        return [fact for fact in of_kind(await said(self.db), Fact) if fact.kind == kind]

    async def duty(self, place: str, kind: str = "place", revision: int = 1) -> Duty:
        """Return the duty of a place or a leader."""
        async with self.db.read() as connection:
            name = duty_id_of(self.warning.warning_id, revision, f"{kind}/{place}")
            found = await duties.get(connection, name)
        assert found is not None
        return found

    async def answer(
        self,
        target: str,
        state: TargetState = TargetState.CONFIRMED,
        channel: Channel = Channel.STATION,
        at: datetime | None = None,
        by: str | None = "李四",
        revision: int = 1,
    ) -> None:
        """Let a channel report one outcome, as the consumer hears it."""
        outcome = Outcome(target=target, state=state, at=at or self.clock.now(), by=by)
        report = DeliveryReported(
            mode=self.warning.manifest.mode,
            lane=Lane.URGENT,
            warning_id=self.warning.warning_id,
            revision=revision,
            channel=channel,
            at=self.clock.now(),
            delivery_id=UUID(int=1),
            report=1,
            tally={state: 1},
            outcomes=(outcome,),
        )
        async with self.db.transaction() as tx:
            await hear(tx, report)
            await answering.hear(tx, report)

    def hash(self, name: str) -> str:
        """Return by what a person is known in reports."""
        return self.crypto.keyed_hash(phone_of(name)).hex()


@dataclass(frozen=True)
class Call:
    """A delivery beside the plan, and the names of those whom it calls."""

    request: DeliveryRequested
    names: tuple[str, ...]

    @property
    def channel(self) -> Channel:
        """By which way."""
        return self.request.channel


PEOPLE = [
    *(f"{TOWNS[0]}{201 + east}-{n}" for east in range(20) for n in (1, 2, 3)),
    *(f"{town}202-{n}" for town in TOWNS[1:3] for n in (1, 2, 3)),
    *(f"desk-{town}" for town in TOWNS[:2]),
    *("chief", "flood", "officer", "new-4", "twice-1", "solo-2"),
]


def name_of(request: DeliveryRequested, crypto: SoftwareCrypto) -> list[str]:
    """Return whom a request calls: stations by code, people by name."""
    if request.batch is None:
        return list(request.targets)
    packed = base64.b64decode(request.batch.hashes)
    known = {crypto.keyed_hash(phone_of(name)): name for name in PEOPLE}
    return [known[packed[n : n + 8]] for n in range(0, len(packed), 8)]


async def a_tower(
    db: Database,
    crypto: SoftwareCrypto,
    clock: HandClock,
    level: Level = Level.RED,
    mode: Mode = Mode.LIVE,
    more: Mapping[str, Block] | None = None,
) -> Tower:
    """Return a district with rosters, a pinned manifest, and one replica that leads."""
    await fill(db, crypto, {**a_district_with_rosters(), **(more or {})})
    manifest: Manifest = await pinned_three(db, crypto, mode)
    leadership = Leadership(db, "one")
    assert await leadership._claim(hands.LEASE)
    ears, escalation = SomeEars(clock), Rulebook(db, "", ESCALATION)
    own = hands.Hands(leadership, crypto, Library(crypto), escalation, ears)
    return Tower(db, crypto, clock, ears, own, AWarning(manifest, level=level), escalation)


async def pinned_three(db: Database, crypto: SoftwareCrypto, mode: Mode) -> Manifest:
    """Pin the three towns."""
    question = a_question(AreaSelection(towns=TOWNS[:3]), mode, channels=frozenset(Channel))
    drawn = await preview(db, Library(crypto), EVERY_WAY, question, pin=True)
    return drawn.manifest
