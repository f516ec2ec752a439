"""The story of one warning: approved, issued, planned, delivered, reported, and ended in the end."""

import base64
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from benchmarks import batches
from benchmarks.ledger_moulds import SOME_DELIVERY, SOME_WARNING, THEN, Mould, Said
from contracts.delivery import (
    DeliveryReported,
    DeliveryRequested,
    PlanMade,
    PlannedDelivery,
    SealedBatch,
    delivery_id_of,
)
from contracts.fact import Fact
from contracts.outcome import Outcome, TargetState
from contracts.plan import ChannelTargets, Manifest
from contracts.values import Action, AreaSelection, Channel, Lane, Level, Mode, Place
from contracts.warning import WarningCancelled, WarningIssued, WarningPublished, WarningUpdated
from services.kit.crypto import SoftwareCrypto

TOLD_AT_ONCE = 20
"""Stations in one report."""
FAILED_EVERY = 100
"""One phone in so many cannot be reached: the exceptions of a batch."""
REASONS = (
    "雷达回波显示强降水正向赶水、石壕一带移动，{n}毫米每小时，同意发布。",
    "水文站报綦江{n}号断面水位上涨，需提前转移低洼处群众。",
    "与应急管理局会商（第{n}次），意见一致，请按红色等级处置。",
    "地质灾害隐患点{n}处，山洪风险高，批准。",
    "实况已达{n}米每秒阵风，覆盖范围与雷暴单体一致。",
)
STATES = (TargetState.RECEIVED, TargetState.CONFIRMED, TargetState.FAILED)
SHARES = (70, 26, 4)
ACTORS = tuple(f"forecaster-{n:02d}" for n in range(24))


@dataclass(frozen=True)
class Sealed:
    """A batch of people, the same in every warning."""

    route: str
    hashes: bytes
    batch: SealedBatch

    @property
    def failed(self) -> list[str]:
        """The names of those who cannot be reached."""
        return [self.hashes[n : n + 8].hex() for n in range(0, len(self.hashes), 8 * FAILED_EVERY)]


def phone(number: int) -> str:
    """Return the number of one of the people."""
    return f"13{number:09d}"


def people(crypto: SoftwareCrypto, count: int) -> list[Sealed]:
    """Return so many people in batches of a thousand, in turn over the three gateways."""
    numbers = sorted(map(phone, range(count)), key=crypto.keyed_hash)
    found = []
    for part, begin in enumerate(range(0, count, batches.AT_ONCE)):
        route = batches.GATEWAYS[part % len(batches.GATEWAYS)]
        batch = batches.a_batch(crypto, SOME_DELIVERY, route, numbers[begin : begin + batches.AT_ONCE])
        found.append(Sealed(route, base64.b64decode(batch.hashes), batch))
    return found


class Teller:
    """Tells warnings, each to some of the stations, some of them to all people too."""

    def __init__(self, stations: Sequence[str], sealed: Sequence[Sealed], seed: int = 1) -> None:
        self.stations = stations
        self.sealed = sealed
        self.chance = random.Random(seed)

    def length(self, reached: int, *, people: bool) -> int:
        """Return how many facts a story has."""
        reports = -(-reached // TOLD_AT_ONCE)
        return 5 + reports + 3 + (3 * len(self.sealed) if people else 0)

    def tell(
        self, warning_id: UUID, at: datetime, on: Callable[[], str], reached: int, *, people: bool
    ) -> Iterator[Said]:
        """Yield what is said of one warning; `on` goes on by a second and says when it is."""
        stations = tuple(sorted(self.chance.sample(list(self.stations), reached)))
        level = self.chance.choice(list(Level))
        manifest = self._manifest(stations, people=people)
        yield self._fact("warning.submitted", warning_id, on())
        yield self._fact("warning.approved", warning_id, on())
        yield _said(_published(WarningIssued, warning_id, 1, at, level, manifest))
        yield _said(_plan(warning_id, 1, at, manifest, self.sealed if people else ()))
        yield _said(_station_request(warning_id, 1, at, level, stations))
        if people:
            yield from self._batches(warning_id, on)
        yield from self._told(warning_id, stations, at, on)
        ends = self.chance.choice((WarningUpdated, WarningCancelled))
        lesser = self._manifest(stations, people=False)
        later = at + timedelta(hours=2)
        yield _said(_published(ends, warning_id, 2, later, level, lesser))
        yield _said(_plan(warning_id, 2, later, lesser, ()))
        yield _said(_station_request(warning_id, 2, later, level, stations))

    def _manifest(self, stations: tuple[str, ...], *, people: bool) -> Manifest:
        channels = [ChannelTargets.named(Channel.STATION, stations)]
        if people:
            blocks = tuple(f"{part:012d}/{'0' * 64}/{s.batch.size}" for part, s in enumerate(self.sealed))
            channels.append(ChannelTargets.sealed(Channel.SMS, blocks, b"all"))
        return Manifest.pinned(
            mode=Mode.LIVE,
            registry_version="0" * 64,
            selection=AreaSelection(towns=("500110001",)),
            towns=("500110001",),
            villages=stations,
            generated=(),
            areas=(Place(code="500110001000", name="古南街道"),),
            channels=tuple(channels),
        )

    def _fact(self, kind: str, warning_id: UUID, at: str) -> Said:
        note = self.chance.choice(REASONS).format(n=self.chance.randrange(10, 200))
        actor = self.chance.choice(ACTORS)
        return self._facts[kind].filled({"at": at, "warning": str(warning_id), "actor": actor, "note": note})

    @cached_property
    def _facts(self) -> dict[str, Mould]:
        return {kind: _note(kind) for kind in ("warning.submitted", "warning.approved")}

    @cached_property
    def _moulds(self) -> list[tuple[Mould, Mould, Mould]]:
        return [(_request(s), _photograph(s, 1), _photograph(s, 2)) for s in self.sealed]

    def _batches(self, warning_id: UUID, on: Callable[[], str]) -> Iterator[Said]:
        asked = []
        for part, moulds in enumerate(self._moulds):
            delivery = delivery_id_of(warning_id, 1, Channel.SMS, str(part))
            values = {"warning": str(warning_id), "delivery": str(delivery)}
            asked.append((moulds, values))
        for turn in range(3):
            for moulds, values in asked:
                yield moulds[turn].filled({**values, "at": on()})

    def _told(
        self, warning_id: UUID, stations: Sequence[str], at: datetime, on: Callable[[], str]
    ) -> Iterator[Said]:
        delivery = delivery_id_of(warning_id, 1, Channel.STATION, "0")
        tally = Counter({TargetState.QUEUED: len(stations)})
        for report, begin in enumerate(range(0, len(stations), TOLD_AT_ONCE), start=1):
            outcomes = [self._outcome(station, at) for station in stations[begin : begin + TOLD_AT_ONCE]]
            tally += Counter(outcome.state for outcome in outcomes)
            tally -= Counter({TargetState.QUEUED: len(outcomes)})
            said = {"warning_id": warning_id, "delivery_id": delivery, "at": datetime.fromisoformat(on())}
            more = {"report": report, "tally": dict(tally), "outcomes": tuple(outcomes)}
            yield _said(_report(Channel.STATION, **said, **more))

    def _outcome(self, station: str, at: datetime) -> Outcome:
        waited = timedelta(seconds=self.chance.randrange(1, 400))
        state = self.chance.choices(STATES, SHARES)[0]
        by = "赵村长" if state is TargetState.CONFIRMED else None
        return Outcome(target=station, state=state, at=at + waited, by=by)


def _said(message: Any) -> Said:
    return message.subject, message.to_bytes()


def _head(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "mode": Mode.LIVE,
        "lane": Lane.URGENT,
        "warning_id": SOME_WARNING,
        "revision": 1,
        "at": THEN,
    }
    return {**given, **more}


def _note(kind: str) -> Mould:
    detail = {"revision": 1, "note": "<note>"}
    fact = Fact(
        mode=Mode.LIVE,
        lane=Lane.ROUTINE,
        kind=kind,
        at=THEN,
        service="issuer",
        actor="<actor>",
        warning_id=str(SOME_WARNING),
        detail=detail,
    )
    return Mould(fact, actor="<actor>", note="<note>")


def _published(
    kind: type[WarningPublished],
    warning_id: UUID,
    revision: int,
    at: datetime,
    level: Level,
    manifest: Manifest,
) -> WarningPublished:
    times = {"sent": at, "effective": at, "expires": at + timedelta(hours=12)}
    notice = batches.a_notice(level).model_copy(
        update={
            **times,
            "identifier": f"50011041600000_{at:%Y%m%d%H%M%S}_{revision}",
            "approved_by": ("李", "王"),
        }
    )
    return kind(
        **_head(warning_id=warning_id, revision=revision, at=at),
        notice=notice,
        selection=manifest.selection,
        cap_xml="<alert/>" * 200,
        content_sha256="1" * 64,
        manifest_sha256=manifest.sha256,
        registry_version="0" * 64,
        approved_at=at,
    )


def _plan(
    warning_id: UUID, revision: int, at: datetime, manifest: Manifest, sealed: Sequence[Sealed]
) -> PlanMade:
    count = next(c.count for c in manifest.channels if c.channel is Channel.STATION)
    sizes = [(Channel.STATION, 0, count), *((Channel.SMS, n, s.batch.size) for n, s in enumerate(sealed))]
    deliveries = tuple(
        PlannedDelivery(
            delivery_id=delivery_id_of(warning_id, revision, channel, str(part)), channel=channel, size=size
        )
        for channel, part, size in sizes
    )
    head = _head(warning_id=warning_id, revision=revision, at=at)
    return PlanMade(**head, manifest=manifest, deliveries=deliveries)


def _station_request(
    warning_id: UUID, revision: int, at: datetime, level: Level, stations: tuple[str, ...]
) -> DeliveryRequested:
    return DeliveryRequested(
        **_head(warning_id=warning_id, revision=revision, at=at),
        channel=Channel.STATION,
        delivery_id=delivery_id_of(warning_id, revision, Channel.STATION, "0"),
        action=Action.START,
        notice=batches.a_notice(level),
        targets=stations,
        manifest_sha256="0" * 64,
    )


def _request(sealed: Sealed) -> Mould:
    asked = DeliveryRequested(
        **_head(),
        channel=Channel.SMS,
        delivery_id=SOME_DELIVERY,
        action=Action.START,
        notice=batches.a_notice(Level.RED),
        batch=sealed.batch,
        manifest_sha256="0" * 64,
    )
    return Mould(asked)


def _photograph(sealed: Sealed, report: int) -> Mould:
    size, failed = sealed.batch.size, sealed.failed
    if report == 1:
        return Mould(_report(Channel.SMS, report=1, tally={TargetState.SENT: size}))
    tally = {TargetState.RECEIVED: size - len(failed), TargetState.FAILED: len(failed)}
    outcomes = tuple(
        Outcome(target=name, state=TargetState.FAILED, at=THEN, detail="no answer from the phone")
        for name in failed
    )
    tally = {state: count for state, count in tally.items() if count}
    return Mould(_report(Channel.SMS, report=2, tally=tally, outcomes=outcomes))


def _report(channel: Channel, **more: Any) -> DeliveryReported:
    return DeliveryReported(**_head(channel=channel, **{"delivery_id": SOME_DELIVERY, **more}))
