"""The books: every message folded into accounts, in whatever order it is heard.

The same fold keeps the tables of the service up to date, message by message, and verifies an export with no
service at all.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from contracts.amendment import PlanAmended
from contracts.delivery import DeliveryReported, DeliveryRequested, PlanMade, is_call
from contracts.message import Message
from contracts.values import Channel, Withdrawal
from contracts.warning import ENDS, WarningMessage, WarningPublished, withdrawn_up_to
from services.audit.model.amended import Amendment, AmendmentKey, amended
from services.audit.model.deliveries import Delivery, Target, TargetKey
from services.audit.model.entry import NAMED, plain
from services.audit.model.rows import Ending, EndingKey, Plan, Revision, RevisionKey

K = TypeVar("K", bound=Hashable)


class Row(Protocol):
    """A row that knows its key."""

    @property
    def key(self) -> Any:
        """What names it in its shelf."""
        ...


V = TypeVar("V", bound=Row)


class Shelf(dict[K, V], Generic[K, V]):
    """Rows by key, and which of them have changed."""

    def __init__(self, rows: Iterable[V] = ()) -> None:
        super().__init__((row.key, row) for row in rows)
        self.changed: set[K] = set()

    def put(self, row: V) -> None:
        """Keep a row; note that it changed when it did."""
        if self.get(row.key) != row:
            self[row.key] = row
            self.changed.add(row.key)

    def news(self) -> list[V]:
        """Return the rows that have changed, in the order of their keys."""
        return [self[key] for key in sorted(self.changed)]  # type: ignore[type-var]


@dataclass
class Books:
    """The accounts of some warnings, or of all."""

    revisions: Shelf[RevisionKey, Revision] = field(default_factory=Shelf)
    endings: Shelf[EndingKey, Ending] = field(default_factory=Shelf)
    plans: Shelf[RevisionKey, Plan] = field(default_factory=Shelf)
    deliveries: Shelf[str, Delivery] = field(default_factory=Shelf)
    targets: Shelf[TargetKey, Target] = field(default_factory=Shelf)
    amendments: Shelf[AmendmentKey, Amendment] = field(default_factory=Shelf)

    def hear(self, message: Message, heard_at: datetime) -> None:
        """Fold a message in; those that no account is made of change nothing, as calls beside the plan."""
        match message:
            case WarningMessage():
                self._hear_warning(message, heard_at)
            case PlanMade():
                self._hear_plan(message, heard_at)
            case PlanAmended():
                self._hear_amendment(message, heard_at)
            case DeliveryRequested() if not is_call(message.delivery_id):
                self._hear_request(message, heard_at)
            case DeliveryReported() if not is_call(message.delivery_id):
                self._hear_report(message, heard_at)

    def _hear_warning(self, message: WarningMessage, heard_at: datetime) -> None:
        if isinstance(message, WarningPublished):
            said = Revision.of(message, heard_at)
            known = self.revisions.get(said.key)
            self.revisions.put(known.again(said) if known else said)
        for ending in endings(message):
            earlier = self.endings.get(ending.key)
            self.endings.put(ending if earlier is None or ending.at < earlier.at else earlier)

    def _hear_plan(self, message: PlanMade, heard_at: datetime) -> None:
        made = Plan.of(message, heard_at)
        earlier: list[Amendment] = []
        for one in self._amendments_of(made.key):
            made = amended(made, one, earlier)
            earlier.append(one)
        known = self.plans.get(made.key)
        self.plans.put(known.again(made) if known else made)
        if not known:
            self._plan_targets(message, heard_at)

    def _hear_amendment(self, message: PlanAmended, heard_at: datetime) -> None:
        said = Amendment.of(message)
        if said.key in self.amendments:
            return
        known = self.plans.get(said.plan)
        if known and not self._counts_already(message):
            self.plans.put(amended(known, said, self._amendments_of(said.plan)))
        self.amendments.put(said)
        self._plan_targets(message, heard_at)

    def _amendments_of(self, plan: RevisionKey) -> list[Amendment]:
        return sorted((a for a in self.amendments.values() if a.plan == plan), key=lambda a: a.number)

    def _counts_already(self, message: PlanAmended) -> bool:
        """Tell whether a plan counts an amendment that it was given before amendments were kept."""
        mine = [self.deliveries.get(str(d.delivery_id)) for d in message.deliveries]
        return bool(mine) and all(one is not None and one.planned is not None for one in mine)

    def _plan_targets(self, message: PlanMade | PlanAmended, heard_at: datetime) -> None:
        for planned in message.deliveries:
            delivery = self._delivery(str(planned.delivery_id), message, planned.channel, heard_at)
            self.deliveries.put(replace(delivery, planned=planned.size).counted())
        for key in planned_targets(message):
            self.targets.put(replace(self._target(key), planned=True))

    def _hear_request(self, message: DeliveryRequested, heard_at: datetime) -> None:
        delivery = self._delivery(str(message.delivery_id), message, message.channel, heard_at)
        if delivery.requested is None or delivery.mode is None:
            asked = replace(
                delivery,
                requested=message.size,
                requested_at=message.at,
                route=route_of(message),
                mode=message.mode.value,
            )
            self.deliveries.put(asked.counted())
        for key in named_targets(message, message.targets):
            self.targets.put(replace(self._target(key), delivery_id=str(message.delivery_id)))

    def _hear_report(self, message: DeliveryReported, heard_at: datetime) -> None:
        delivery = self._delivery(str(message.delivery_id), message, message.channel, heard_at)
        if message.report > delivery.report:
            tally = {state.value: count for state, count in message.tally.items()}
            newest = replace(delivery, report=message.report, reported_at=message.at, tally=tally)
            delivery = newest.counted()
        self.deliveries.put(delivery.timed(message))
        if message.channel in NAMED:
            for outcome in message.outcomes:
                (key,) = named_targets(message, (outcome.target,))
                by = plain(outcome.by) if outcome.by else None
                self.targets.put(self._target(key).told(outcome, by))

    def _delivery(
        self,
        name: str,
        message: PlanMade | PlanAmended | DeliveryRequested | DeliveryReported,
        channel: str,
        at: datetime,
    ) -> Delivery:
        known = self.deliveries.get(name)
        if known is not None:
            return known
        return Delivery(name, str(message.warning_id), message.revision, str(channel), heard_at=at)

    def _target(self, key: TargetKey) -> Target:
        return self.targets.get(key) or Target(*key)


def route_of(message: DeliveryRequested) -> str | None:
    """Return who carries a delivery: a batch's gateway, an area order's (`gateway:place`), nobody's else."""
    if message.batch is not None:
        return plain(message.batch.route)
    first = message.targets[0] if message.targets else ""
    if message.channel is Channel.AREA and ":" in first:
        return plain(first.partition(":")[0])
    return None


def endings(message: WarningMessage) -> list[Ending]:
    """Return what a message ends: earlier revisions of its own warning, and warnings that it supersedes."""
    found = []
    upto = withdrawn_up_to(message)
    if type(message) in ENDS and upto:
        found.append(Ending(str(message.warning_id), upto, ENDS[type(message)].value, message.at))
    if isinstance(message, WarningPublished):
        reason = Withdrawal.SUPERSEDED.value
        found += [Ending(str(p.warning_id), p.revision, reason, message.at) for p in message.supersedes]
    return found


def planned_targets(message: PlanMade | PlanAmended) -> list[TargetKey]:
    """Return the named targets of a plan, or of what was added to one."""
    head = (str(message.warning_id), message.revision)
    channels = message.manifest.channels if isinstance(message, PlanMade) else message.channels
    lists = (entry for entry in channels if entry.channel in NAMED)
    return [(*head, entry.channel.value, target) for entry in lists for target in entry.targets]


def named_targets(message: DeliveryRequested | DeliveryReported, targets: Iterable[str]) -> list[TargetKey]:
    """Return the keys of targets of a delivery, none when its channel has no names."""
    if message.channel not in NAMED:
        return []
    return [(str(message.warning_id), message.revision, message.channel.value, target) for target in targets]


@dataclass(frozen=True)
class Needs:
    """Which rows must be at hand before messages are folded in."""

    revisions: frozenset[RevisionKey]
    endings: frozenset[EndingKey]
    plans: frozenset[RevisionKey]
    deliveries: frozenset[str]
    targets: frozenset[TargetKey]


def needs(messages: Iterable[Message]) -> Needs:
    """Return the keys of all rows that these messages may change."""
    wanted: dict[str, set[Any]] = {name: set() for name in Needs.__dataclass_fields__}
    for message in messages:
        match message:
            case WarningMessage():
                wanted["revisions"].add((str(message.warning_id), message.revision))
                wanted["endings"].update(ending.key for ending in endings(message))
            case PlanMade() | PlanAmended():
                wanted["plans"].add((str(message.warning_id), message.revision))
                wanted["deliveries"].update(str(d.delivery_id) for d in message.deliveries)
                wanted["targets"].update(planned_targets(message))
            case DeliveryRequested():
                wanted["deliveries"].add(str(message.delivery_id))
                wanted["targets"].update(named_targets(message, message.targets))
            case DeliveryReported():
                wanted["deliveries"].add(str(message.delivery_id))
                wanted["targets"].update(named_targets(message, (o.target for o in message.outcomes)))
    return Needs(**{name: frozenset(keys) for name, keys in wanted.items()})
