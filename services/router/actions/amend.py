"""Amend: a person decides whether those who came into the registry after a plan are reached too."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from contracts.amendment import PlanAmended
from contracts.delivery import PlanMade, PlannedDelivery
from contracts.plan import ChannelTargets, Manifest
from contracts.values import Channel
from contracts.warning import WarningCancelled, WarningPublished
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Invalid, NotFound, Refused
from services.router.actions import clocks
from services.router.actions.contents import Content, named, sealed
from services.router.actions.library import Library
from services.router.actions.opening import people_of
from services.router.actions.plan import requests
from services.router.model.change import Change, added_to, changes, hashes_of, in_hex
from services.router.model.crowd import SEALED
from services.router.model.deliveries import asked_again_s, block_shares, lane_of
from services.router.model.manifest import Drawn, draw
from services.router.model.packing import unpack_people
from services.router.model.registry import Registry
from services.router.model.routing import Decided, Occasion
from services.router.model.rules import kept
from services.router.store import amendments, blocks, ends, plans, rules
from services.router.store.amendments import Amendment
from services.router.store.blocks import Reader


@dataclass(frozen=True, eq=False)
class Drift:
    """The newest plan of a warning, what has changed since, and what was decided already."""

    made: PlanMade
    drawn: Drawn
    changes: list[Change]
    decided: list[Amendment]

    @property
    def registry(self) -> Registry:
        """The registry as it is now."""
        return self.drawn.decided.registry


@dataclass(frozen=True)
class Decision:
    """What somebody decided, on which version of the registry."""

    registry_version: str
    take: bool
    by: str
    reason: str = ""
    """Why nobody is told; a no has one."""


async def drift(db: Database, library: Library, warning_id: UUID) -> Drift:
    """Return what the registry has changed since the newest plan of a warning was pinned."""
    async with db.read() as connection:
        made = await plans.newest(connection, warning_id)
        if made is None:
            raise NotFound("no plan was made for this warning")
        decided = await amendments.of_revision(connection, warning_id, made.revision)
        registry = await library.newest(connection)
        drawn = await _drawn_again(connection, made.manifest, registry)
        before = await _before(connection, library.crypto, made.manifest)
    for one in decided:
        for channel, names in one.added.items():
            before[Channel(channel)] = before.get(Channel(channel), frozenset()) | frozenset(names)
    return Drift(made, drawn, await asyncio.to_thread(changes, drawn, before), decided)


async def amend(
    db: Database, library: Library, crypto: CryptoProvider, warning_id: UUID, decision: Decision
) -> Amendment:
    """Reach who was added, or note that nobody is to; raise Refused when that is not what was looked at."""
    if not (decision.take or decision.reason):
        raise Invalid("reason", "is empty", "say why those who came are not told")
    found = await drift(db, library, warning_id)
    added = [change for change in found.changes if change.added]
    if found.registry.version != decision.registry_version:
        raise Refused("the registry has changed once more", mend="look at the changes again, and decide then")
    if not added:
        raise Refused("nobody was added since the plan", mend="there is nothing to decide")
    try:
        async with db.transaction() as tx:
            return await _decide(tx, crypto, found, added, decision)
    except IntegrityError:
        raise Refused("somebody else has just decided", mend="look at the changes again") from None


async def _drawn_again(reader: Reader, manifest: Manifest, registry: Registry) -> Drawn:
    """Return the manifest as it would be drawn now: by the same rules, at the hour of then."""
    routing = manifest.routing
    text = await rules.text(reader, routing.rules_sha256) if routing else None
    if routing is None or text is None:
        raise NotFound("the rules by which the manifest was drawn are not here")
    occasion = Occasion(manifest.mode, routing.at, routing.level, routing.hazard, routing.strictly)
    decided = Decided.of(kept(text), occasion, registry)
    return await asyncio.to_thread(draw, decided, manifest.selection, routing.ways, routing.margin_km)


async def _before(
    reader: Reader, crypto: CryptoProvider, manifest: Manifest
) -> dict[Channel, frozenset[str]]:
    found = {}
    for entry in manifest.channels:
        if entry.channel not in SEALED:
            found[entry.channel] = frozenset(entry.targets)
            continue
        shares = block_shares(entry)
        kept = await blocks.kept(reader, (share.sha256 for share in shares))
        picks = await plans.picks(reader, manifest.sha256, entry.channel)
        if picks is None or any(share.sha256 not in kept for share in shares):
            raise NotFound("a block of the pinned registry version is not here")
        people = [unpack_people(people_of(s.key, kept[s.sha256], crypto)) for s in shares]
        found[entry.channel] = frozenset(in_hex(hashes_of(people, picks, entry.channel)))
    return found


async def _decide(
    tx: Transaction, crypto: CryptoProvider, found: Drift, added: list[Change], decision: Decision
) -> Amendment:
    made = found.made
    message = await _published(tx, made)
    amendment = Amendment(
        number=len(found.decided) + 1,
        registry_version=decision.registry_version,
        taken=decision.take,
        decided_by=decision.by,
        decided_at=tx.now,
        reason=decision.reason,
        added={change.channel.value: list(change.added) for change in added},
    )
    await amendments.keep(tx, made.warning_id, made.revision, amendment)
    tx.record(
        "plan.amendment-taken" if decision.take else "plan.amendment-declined",
        mode=made.mode,
        lane=made.lane,
        actor=decision.by,
        warning_id=made.warning_id,
        about=f"{made.revision}/{amendment.number}",
        registry_version=decision.registry_version,
        reason=decision.reason,
        added={change.channel.value: len(change.added) for change in added},
        removed={change.channel.value: len(change.removed) for change in found.changes},
    )
    if decision.take:
        await _reach(tx, crypto, found, added, message, amendment)
    return amendment


async def _published(tx: Transaction, made: PlanMade) -> WarningPublished:
    """Return the warning as it was published, while it stands; raise Refused when it does not."""
    await ends.lock(tx, made.mode, [made.warning_id])
    stone = await ends.stone(tx, made.mode, made.warning_id)
    message = await plans.published(tx, made.warning_id, made.revision)
    over = stone is not None and stone.revision >= made.revision
    if message is None or over or message.notice.expires <= tx.now or isinstance(message, WarningCancelled):
        raise Refused("the warning is over", mend="nobody is to be told of it any more")
    return message


async def _reach(
    tx: Transaction,
    crypto: CryptoProvider,
    found: Drift,
    added: list[Change],
    message: WarningPublished,
    amendment: Amendment,
) -> None:
    registry, prefix = found.registry, f"amendment-{amendment.number}/"
    await blocks.pin(tx, registry.version, registry.blocks)
    entries: list[ChannelTargets] = []
    contents: list[Content] = []
    for change in added:
        entry, picks = await asyncio.to_thread(added_to, found.drawn, change)
        entries.append(entry)
        if entry.channel in SEALED:
            contents += await sealed(tx, message, entry, picks, registry.version, crypto, prefix)
        else:
            contents += named(message, [entry], prefix)
    asked = await requests(tx, message, found.made.manifest, contents)
    routes = {c.delivery_id: c.route for c in contents if c.route}
    await plans.keep_deliveries(tx, asked, routes, asked_again_s(found.made.manifest.routing))
    tx.emit(
        PlanAmended(
            mode=message.mode,
            lane=lane_of(message, found.made.manifest.routing),
            warning_id=message.warning_id,
            revision=message.revision,
            number=amendment.number,
            at=tx.now,
            by=amendment.decided_by,
            registry_version=registry.version,
            channels=tuple(entries),
            deliveries=tuple(
                PlannedDelivery(delivery_id=r.delivery_id, channel=r.channel, size=r.size) for r in asked
            ),
        )
    )
    for request in asked:
        tx.emit(request)
    stations = [name for change in added if change.channel is Channel.STATION for name in change.added]
    await clocks.join(tx, message, stations)
