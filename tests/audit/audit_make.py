"""A warning, and everything that is said of it."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts.canonical import sha256_hex
from contracts.delivery import (
    DeliveryReported,
    DeliveryRequested,
    PlanMade,
    PlannedDelivery,
    SealedBatch,
    delivery_id_of,
)
from contracts.fact import Fact
from contracts.message import Message
from contracts.outcome import Outcome, TargetState
from contracts.plan import ChannelTargets, Manifest
from contracts.values import Action, AreaSelection, Channel, Lane, Level, Mode, Place
from contracts.warning import (
    Notice,
    WarningCancelled,
    WarningHalted,
    WarningIssued,
    WarningPublished,
    WarningText,
    WarningUpdated,
)
from tests.notices import a_rainstorm

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
STATIONS = ("500110001001", "500110001002", "500110001003")
TOWN = "500110001"


def a_notice(level: Level = Level.RED, expires: datetime | None = None) -> Notice:
    """Return the face of a rainstorm warning."""
    text = WarningText(headline="暴雨红色预警信号", description="大雨", instruction="转移", short="请转移")
    return a_rainstorm(
        NOON,
        identifier="50011041600000_20260601120000_1",
        level=level,
        expires=expires or NOON + timedelta(hours=6),
        text=text,
        areas=(Place(code=f"{TOWN}000", name="古南街道"),),
        approved_by=("李", "王"),
    )


def a_manifest(mode: Mode = Mode.LIVE, stations: Sequence[str] = STATIONS, phones: int = 5) -> Manifest:
    """Return a manifest of stations, one town's broadcast, and some phones."""
    channels = [
        ChannelTargets.named(Channel.STATION, tuple(stations)),
        ChannelTargets.named(Channel.BROADCAST, (f"{TOWN}000",)),
    ]
    if phones:
        block = f"{STATIONS[0]}/{'0' * 64}/{phones}"
        channels.append(ChannelTargets.sealed(Channel.SMS, (block,), bytes(phones)))
    return Manifest.pinned(
        mode=mode,
        registry_version="0" * 64,
        selection=AreaSelection(towns=(TOWN,)),
        towns=(TOWN,),
        villages=tuple(stations),
        generated=(),
        areas=(Place(code=f"{TOWN}000", name="古南街道"),),
        channels=tuple(channels),
    )


@dataclass
class AWarning:
    """A warning, and what the services say of it; each report grows by itself."""

    warning_id: UUID = field(default_factory=uuid4)
    manifest: Manifest = field(default_factory=a_manifest)
    mode: Mode = Mode.LIVE
    at: datetime = NOON
    level: Level = Level.RED
    reports: dict[UUID, int] = field(default_factory=dict)

    def _head(self, revision: int, **more: Any) -> dict[str, Any]:
        return {
            "mode": self.mode,
            "lane": Lane.URGENT,
            "warning_id": self.warning_id,
            "revision": revision,
            "at": self.at,
            **more,
        }

    def published(
        self, kind: type[WarningPublished] = WarningIssued, revision: int = 1, **more: Any
    ) -> WarningPublished:
        """Return a published revision."""
        given = {
            "notice": a_notice(self.level, self.at + timedelta(hours=6)),
            "selection": self.manifest.selection,
            "cap_xml": "<alert/>",
            "content_sha256": "1" * 64,
            "manifest_sha256": self.manifest.sha256,
            "registry_version": "0" * 64,
            "approved_at": self.at,
            **more,
        }
        return kind(**self._head(revision, **given))

    def updated(self, revision: int = 2) -> WarningPublished:
        """Return the update."""
        return self.published(WarningUpdated, revision)

    def cancelled(self, revision: int = 2) -> WarningPublished:
        """Return the lift."""
        return self.published(WarningCancelled, revision)

    def halted(self, revision: int = 1) -> WarningHalted:
        """Return the halt."""
        return WarningHalted(**self._head(revision, by="wang", reason="写错了"))

    def delivery_id(self, channel: Channel, revision: int = 1) -> UUID:
        """Return the id of a channel's one delivery."""
        return delivery_id_of(self.warning_id, revision, channel, "0")

    def plan(self, revision: int = 1, **more: Any) -> PlanMade:
        """Return the plan: one delivery for each channel."""
        deliveries = tuple(
            PlannedDelivery(
                delivery_id=self.delivery_id(c.channel, revision), channel=c.channel, size=c.count
            )
            for c in self.manifest.channels
        )
        return PlanMade(**self._head(revision, manifest=self.manifest, deliveries=deliveries, **more))

    def requests(self, revision: int = 1) -> list[DeliveryRequested]:
        """Return what is asked of the channels."""
        return [self._request(entry, revision) for entry in self.manifest.channels]

    def _request(self, entry: ChannelTargets, revision: int) -> DeliveryRequested:
        batch = None
        if entry.channel is Channel.SMS:
            body = b"sealed numbers" * 20
            batch = SealedBatch(
                size=entry.count,
                rendering="public",
                route="cmcc-1",
                hashes=base64.b64encode(bytes(8 * entry.count)).decode(),
                sealed=base64.b64encode(body).decode(),
                sha256=sha256_hex(body),
            )
        return DeliveryRequested(
            **self._head(revision),
            channel=entry.channel,
            delivery_id=self.delivery_id(entry.channel, revision),
            action=Action.START,
            notice=a_notice(self.level),
            targets=() if batch else entry.targets,
            batch=batch,
            manifest_sha256=self.manifest.sha256,
        )

    def report(
        self,
        channel: Channel,
        tally: dict[TargetState, int],
        outcomes: Iterable[Outcome] = (),
        revision: int = 1,
    ) -> DeliveryReported:
        """Return the next photograph of a channel's delivery."""
        name = self.delivery_id(channel, revision)
        self.reports[name] = self.reports.get(name, 0) + 1
        return DeliveryReported(
            **self._head(revision),
            channel=channel,
            delivery_id=name,
            report=self.reports[name],
            tally=tally,
            outcomes=tuple(outcomes),
        )

    def whole(self) -> list[Message]:
        """Return everything that is said until nobody is left open."""
        heard = [
            outcome(STATIONS[0], TargetState.RECEIVED, 2),
            outcome(STATIONS[0], TargetState.CONFIRMED, 40, "赵村长"),
            outcome(STATIONS[1], TargetState.RECEIVED, 4),
            outcome(STATIONS[2], TargetState.FAILED, 60),
        ]
        one = TargetState
        return [
            self.published(),
            self.plan(),
            *self.requests(),
            *(self.report(c.channel, {one.QUEUED: c.count}) for c in self.manifest.channels),
            self.report(Channel.STATION, {one.CONFIRMED: 1, one.RECEIVED: 1, one.FAILED: 1}, heard),
            self.report(Channel.BROADCAST, {one.PLAYED: 1}, [outcome(f"{TOWN}000", one.PLAYED, 9)]),
            self.report(Channel.SMS, {one.RECEIVED: 4, one.FAILED: 1}),
        ]


def outcome(target: str, state: TargetState, after_s: float, by: str | None = None) -> Outcome:
    """Return what happened to a target so many seconds after the approval."""
    return Outcome(target=target, state=state, at=NOON + timedelta(seconds=after_s), by=by)


def a_fact(number: int = 0, **given: Any) -> Fact:
    """Return a fact about nothing in particular."""
    return Fact(
        **{
            "mode": Mode.LIVE,
            "lane": Lane.ROUTINE,
            "kind": "note.kept",
            "at": NOON,
            "service": "test",
            "actor": "li",
            "detail": {"number": number},
            **given,
        }
    )
