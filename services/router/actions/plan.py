"""Plan: the pinned manifest of a revision becomes requests to the channels.

A revision that was ended before its plan was made is planned all the same, or its targets would be missing
from the account. Its withdrawals are said first and then its requests: each channel finds the tombstone,
sends nothing, and reports every target as withdrawn, so that the sum still equals the manifest.
"""

from collections.abc import Mapping
from uuid import UUID

from contracts.delivery import DeliveryRequested, PlanMade, PlannedDelivery
from contracts.plan import ChannelTargets, Manifest
from contracts.values import Channel, Lane
from contracts.warning import WarningPublished
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction
from services.kit.errors import NotFound, Reject
from services.router.actions.contents import Content, named, sealed
from services.router.actions.end import end_predecessors, withdraw
from services.router.model.crowd import SEALED
from services.router.model.deliveries import (
    FORWARDS_CAP,
    action_of,
    asked_again_s,
    lane_of,
    notice_for,
)
from services.router.store import ends, plans


async def plan(tx: Transaction, message: WarningPublished, crypto: CryptoProvider) -> None:
    """Say the plan of a revision and request its deliveries; said again, only the plan is repeated.

    Raises NotFound while the pinned manifest is not here.
    """
    await end_predecessors(tx, message)
    known = await plans.made(tx, message.warning_id, message.revision)
    if known is not None:
        tx.emit(known)
        return
    manifest = await _manifest(tx, message)
    contents = named(message, manifest.channels)
    for entry in manifest.channels:
        if entry.channel in SEALED:
            picks = await _picks(tx, manifest, entry)
            version = manifest.registry_version
            contents += await sealed(tx, message, entry, picks, version, crypto)
    if sum(r.batch.size if r.batch else len(r.targets) for r in contents) != manifest.count:
        raise Reject("the deliveries do not add up to the manifest")
    asked = await requests(tx, message, manifest, contents)
    await _say(tx, message, manifest, asked, {c.delivery_id: c.route for c in contents if c.route})


async def _manifest(tx: Transaction, message: WarningPublished) -> Manifest:
    """Return the pinned manifest; the selection is this warning's own, others may share the targets."""
    found = await plans.manifest(tx, message.manifest_sha256)
    if found is None:
        raise NotFound("the manifest of this revision is not here")
    if found.mode is not message.mode:
        raise Reject("the manifest was pinned for the other mode")
    return found.model_copy(update={"selection": message.selection})


async def _picks(tx: Transaction, manifest: Manifest, entry: ChannelTargets) -> bytes:
    """Return whom the manifest picks; raise Reject when they are not those that were approved."""
    picks = await plans.picks(tx, manifest.sha256, entry.channel)
    if picks is None:
        raise NotFound("whom the manifest picks is not here")
    if ChannelTargets.sealed(entry.channel, entry.targets, picks) != entry:
        raise Reject(f"the recipients of {entry.channel} are not those of the manifest")
    return picks


async def requests(
    tx: Transaction, message: WarningPublished, manifest: Manifest, contents: list[Content]
) -> list[DeliveryRequested]:
    """Return what channels are asked, after the deliveries of earlier revisions that it replaces."""
    earlier: dict[tuple[Channel, str | None], list[UUID]] = {}
    for channel, route, delivery_id in await plans.earlier(tx, message.warning_id, message.revision):
        earlier.setdefault((channel, route), []).append(delivery_id)
    lane = lane_of(message, manifest.routing)
    return [_request(tx, message, lane, content, earlier) for content in contents]


def _request(
    tx: Transaction,
    message: WarningPublished,
    lane: Lane,
    content: Content,
    earlier: Mapping[tuple[Channel, str | None], list[UUID]],
) -> DeliveryRequested:
    """Return the request; batches name no predecessors, whom a phone was told cannot be taken back."""
    named = content.batch is None
    return DeliveryRequested(
        mode=message.mode,
        lane=lane,
        warning_id=message.warning_id,
        revision=message.revision,
        channel=content.channel,
        at=tx.now,
        delivery_id=content.delivery_id,
        action=action_of(message),
        notice=notice_for(content.channel, message.notice),
        targets=content.targets,
        batch=content.batch,
        cap_xml=message.cap_xml if content.channel in FORWARDS_CAP else None,
        references=tuple(earlier.get((content.channel, content.route), ())) if named else (),
        manifest_sha256=message.manifest_sha256,
    )


async def _say(
    tx: Transaction,
    message: WarningPublished,
    manifest: Manifest,
    requests: list[DeliveryRequested],
    routes: Mapping[UUID, str],
) -> None:
    made = _made(tx, message, manifest, requests)
    await plans.keep_plan(tx, made, action_of(message), message.notice.expires, message.to_bytes())
    await plans.keep_deliveries(tx, requests, routes, asked_again_s(manifest.routing))
    tx.emit(made)
    stone = await ends.stone(tx, message.mode, message.warning_id)
    if stone is not None and stone.revision >= message.revision:
        for channel in sorted({request.channel for request in requests}):
            withdraw(tx, message.mode, message.warning_id, stone.revision, channel, stone.reason)
    for request in requests:
        tx.emit(request)


def _made(
    tx: Transaction, message: WarningPublished, manifest: Manifest, requests: list[DeliveryRequested]
) -> PlanMade:
    return PlanMade(
        mode=message.mode,
        lane=lane_of(message, manifest.routing),
        warning_id=message.warning_id,
        revision=message.revision,
        at=tx.now,
        manifest=manifest,
        deliveries=tuple(
            PlannedDelivery(delivery_id=r.delivery_id, channel=r.channel, size=r.size) for r in requests
        ),
    )
