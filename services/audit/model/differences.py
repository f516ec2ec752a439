"""Differences: everything that does not add up, each one named. What is young may still be on its way."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from contracts.outcome import TargetState
from contracts.values import Channel
from services.audit.model.books import Books
from services.audit.model.deliveries import Delivery, Target
from services.audit.model.entry import NAMED
from services.audit.model.rows import Ending, Plan, Revision, RevisionKey

Asked = Mapping[tuple[str, int, str], int]
"""How many targets of a revision a request named on a channel, where the targets themselves are deleted."""

R = TypeVar("R", Delivery, Target)

_WAITING = (TargetState.REQUESTED.value, TargetState.QUEUED.value)


@dataclass(frozen=True)
class Difference:
    """One thing that does not add up: where, what was expected, what was found."""

    what: str
    """Stable: `plan-missing`, `count-differs`, `delivery-silent` and so on."""
    why: str
    warning_id: str | None = None
    revision: int | None = None
    channel: str | None = None
    about: str | None = None
    """The delivery or target."""
    expected: int | str | None = None
    found: int | str | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Patience:
    """When it is, and how young a thing must be to count as on its way."""

    now: datetime
    grace: timedelta

    def over(self, since: datetime | None) -> bool:
        """Tell whether something has had its time."""
        return since is None or self.now - since > self.grace


def differences(books: Books, patience: Patience, counted: Asked | None = None) -> list[Difference]:
    """Return every difference, warning by warning; `counted` stands for targets that were deleted."""
    found: list[Difference] = []
    deliveries = _grouped(books.deliveries.values())
    targets = _grouped(books.targets.values())
    for key in sorted({*books.revisions, *books.plans, *deliveries}):
        revision, plan = books.revisions.get(key), books.plans.get(key)
        found += _published(key, revision, plan, patience)
        found += _planned(plan, deliveries.get(key, []))
        ended = ended_at(books, key)
        for delivery in deliveries.get(key, []):
            found += _delivered(delivery, plan, patience)
            found += _left_open(delivery, revision, ended, patience)
        found += _targeted(plan, targets.get(key, []), patience, counted or {})
    return found


def ending_of(books: Books, key: RevisionKey) -> Ending | None:
    """Return what ended a revision first, None when nothing has."""
    warning_id, revision = key
    over = [e for e in books.endings.values() if e.warning_id == warning_id and e.revision >= revision]
    return min(over, key=lambda ending: (ending.at, ending.revision), default=None)


def ended_at(books: Books, key: RevisionKey) -> datetime | None:
    """Return when a revision ended, None while it has not."""
    ending = ending_of(books, key)
    return ending.at if ending else None


def _grouped(rows: Iterable[R]) -> dict[RevisionKey, list[R]]:
    groups: dict[RevisionKey, list[R]] = {}
    for row in rows:
        groups.setdefault((row.warning_id, row.revision), []).append(row)
    return groups


def _published(
    key: RevisionKey, revision: Revision | None, plan: Plan | None, patience: Patience
) -> Iterator[Difference]:
    warning_id, number = key
    if revision is None and plan is not None and patience.over(plan.heard_at):
        yield Difference("warning-missing", "planned, but its publication is not in the ledger", *key)
    if plan is None and revision is not None and patience.over(revision.heard_at):
        since = revision.heard_at
        yield Difference("plan-missing", "published, but no plan was made", *key, since=since)
    if revision is not None and revision.conflict:
        yield Difference("revision-twice", "said again with another content or manifest", *key)
    if plan is not None and plan.conflict:
        yield Difference("plan-twice", "another plan was made for the same revision", *key)
    if revision and plan and revision.manifest_sha256 != plan.manifest_sha256:
        yield Difference(
            "manifest-differs",
            "the plan is not of the manifest that was approved",
            warning_id,
            number,
            expected=revision.manifest_sha256,
            found=plan.manifest_sha256,
        )


def _planned(plan: Plan | None, deliveries: list[Delivery]) -> Iterator[Difference]:
    """The manifest, channel by channel, against the plan's deliveries and against what is known of these."""
    if plan is None:
        return
    for channel, line in plan.lines.items():
        if line.count != line.planned:
            why = "the deliveries of the plan do not add up to the manifest"
            yield Difference(
                "count-differs", why, *plan.key, channel, expected=line.count, found=line.planned
            )
        known = [d for d in deliveries if d.channel == channel and d.planned is not None]
        if len(known) != line.deliveries:
            why = "deliveries of the plan are not in the books"
            yield Difference(
                "deliveries-missing", why, *plan.key, channel, expected=line.deliveries, found=len(known)
            )


def _delivered(delivery: Delivery, plan: Plan | None, patience: Patience) -> Iterator[Difference]:
    head = (delivery.warning_id, delivery.revision, delivery.channel, delivery.delivery_id)
    late = patience.over(delivery.heard_at)
    if delivery.planned is None and (plan is not None or late):
        yield Difference("delivery-not-planned", "stands in no plan", *head, None, delivery.size)
    if delivery.requested is None and late:
        yield Difference("delivery-not-requested", "was planned, and nobody was asked", *head, delivery.size)
    if delivery.requested is not None and delivery.requested != delivery.size:
        why = "was asked for with another size"
        yield Difference("size-differs", why, *head, delivery.size, delivery.requested)
    if not delivery.report and late:
        why = "nobody has said a word about it"
        yield Difference("delivery-silent", why, *head, delivery.size, 0, delivery.heard_at)
    told = sum(delivery.tally.values())
    if delivery.report and told != delivery.size:
        yield Difference("tally-differs", "its states do not add up to its size", *head, delivery.size, told)


def _left_open(
    delivery: Delivery, revision: Revision | None, ended: datetime | None, patience: Patience
) -> Iterator[Difference]:
    """Nothing waits once a revision has ended; what was handed over may be answered until it expires."""
    if not delivery.report or not delivery.open:
        return
    expires = revision.expires_at if revision else None
    waiting = sum(delivery.tally.get(state, 0) for state in _WAITING)
    if expires is not None and patience.over(expires):
        left, since = delivery.open, expires
    elif ended is not None and patience.over(ended):
        left, since = waiting, ended
    else:
        return
    if left:
        why = "targets are open although the revision has ended"
        head = (delivery.warning_id, delivery.revision, delivery.channel, delivery.delivery_id)
        yield Difference("open-after-end", why, *head, 0, left, since)


def _targeted(
    plan: Plan | None, targets: list[Target], patience: Patience, counted: Asked
) -> Iterator[Difference]:
    """Named targets: none beside the manifest, none of it forgotten."""
    for target in sorted(targets, key=lambda t: t.key):
        if plan is not None and not target.planned:
            yield Difference("target-not-planned", "is not in the manifest", *target.key)
    if plan is None or not patience.over(plan.heard_at):
        return
    for channel, line in plan.lines.items():
        named = sum(t.delivery_id is not None for t in targets if t.channel == channel and t.planned)
        asked = counted.get((*plan.key, channel), named)
        if Channel(channel) in NAMED and asked != line.count:
            why = "targets of the manifest that no request names"
            yield Difference("targets-forgotten", why, *plan.key, channel, None, line.count, asked)
