"""Alarms: differences that stand. When two are the same, when one is over, when it is said again, to whom."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.canonical import sha256_hex
from contracts.difference import ISSUER, ROUTER
from contracts.values import Lane, Mode
from services.audit.model.books import Books
from services.audit.model.differences import Difference, Patience

PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""How long after each time an alarm is said again; the last one for ever."""

MOST_DRIVEN = 8
"""After so many times the owners are left alone: what they could not mend by then, people must."""

_OWNERS = {
    "plan-missing": ROUTER,
    "deliveries-missing": ROUTER,
    "delivery-not-requested": ROUTER,
    "targets-forgotten": ROUTER,
    "warning-missing": ISSUER,
    "issued-unheard": ISSUER,
}
_OF_THE_CHANNEL = frozenset({"delivery-silent", "tally-differs", "open-after-end"})
_THEN = {"plan-missing": ISSUER, "delivery-silent": ROUTER}
"""Who is told as well when the first owner did not mend it: perhaps he was never asked."""

BOOKS, ISSUED = "books", "issued"


def books_of(warning_id: str) -> str:
    """Return the scope of a warning's books."""
    return f"{BOOKS}:{warning_id}"


def issued_of(warning_id: str) -> str:
    """Return the scope of what the issuer has issued of a warning."""
    return f"{ISSUED}:{warning_id}"


@dataclass(frozen=True)
class Alarm:
    """A difference that stands, or has stood."""

    alarm_id: str
    name: str
    scope: str
    what: str
    why: str
    mode: str
    urgent: bool
    warning_id: str | None
    revision: int | None
    channel: str | None
    about: str | None
    expected: str | None
    found: str | None
    since: datetime | None
    first_seen: datetime
    last_seen: datetime
    said: int
    say_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_why: str | None
    ended_at: datetime | None
    agreement_id: str | None = None
    """That by which two people deleted what it was about; None when it added up in the end."""

    @property
    def difference(self) -> Difference:
        """What differs, as comparing names it; since the watch has seen it when nobody knows better."""
        place = (self.warning_id, self.revision, self.channel, self.about)
        return Difference(
            self.what, self.why, *place, self.expected, self.found, self.since or self.first_seen
        )

    @property
    def lane(self) -> Lane:
        """The lane in which it is told."""
        return Lane.URGENT if self.urgent else Lane.ROUTINE


@dataclass
class Compared:
    """What a round has compared: scopes that were looked at whole, what was there, and what differs."""

    scopes: set[str] = field(default_factory=set)
    things: set[tuple[str | None, int | None, str | None]] = field(default_factory=set)
    """Of books: every revision, delivery and target that was there to be compared."""
    found: dict[str, tuple[str, Difference]] = field(default_factory=dict)
    """Scope and difference, by name."""
    modes: dict[str, tuple[Mode, bool]] = field(default_factory=dict)
    """Mode and urgency of the warnings."""
    deliveries: int = 0
    """How many deliveries the books have that were compared."""
    buried: dict[str, str] = field(default_factory=dict)
    """Warnings whose named targets two people agreed to delete, each with the agreement."""

    def add(self, scope: str, differences: Collection[Difference]) -> None:
        """Note that a scope was compared whole, and what differs in it."""
        self.scopes.add(scope)
        for difference in differences:
            self.found.setdefault(name_of(scope, difference), (scope, difference))

    def covers(self, alarm: Alarm) -> bool:
        """Tell whether the very thing that an alarm is about was compared again."""
        if alarm.scope not in self.scopes:
            return False
        if not alarm.scope.startswith((f"{BOOKS}:", f"{ISSUED}:")):
            return True
        return (alarm.warning_id, alarm.revision, alarm.about) in self.things or self.ended_by(
            alarm
        ) is not None

    def ended_by(self, alarm: Alarm) -> str | None:
        """Return the agreement by which what an alarm is about was deleted, None of what is still there."""
        if not alarm.scope.startswith(f"{BOOKS}:") or alarm.about is None:
            return None
        there = (alarm.warning_id, alarm.revision, alarm.about) in self.things
        return None if there else self.buried.get(str(alarm.warning_id))


def name_of(scope: str, difference: Difference) -> str:
    """Return the name of a difference: of two with one name the later is the same one, seen again."""
    d = difference
    parts = (scope, d.what, d.warning_id, d.revision, d.channel, d.about)
    return sha256_hex("\n".join("" if part is None else str(part) for part in parts).encode())


def things_of(books: Books) -> set[tuple[str | None, int | None, str | None]]:
    """Return everything in books that differences are about."""
    found: set[tuple[str | None, int | None, str | None]] = set()
    for warning_id, revision in (*books.revisions, *books.plans):
        found.add((warning_id, revision, None))
    for delivery in books.deliveries.values():
        found.add((delivery.warning_id, delivery.revision, delivery.delivery_id))
        found.add((delivery.warning_id, delivery.revision, None))
    for target in books.targets.values():
        found.add((target.warning_id, target.revision, target.target))
    return found


def urgency_of(books: Books, warning_id: str) -> tuple[Mode, bool]:
    """Return mode and urgency of a warning; what is not known counts as urgent."""
    mine = [r for r in books.revisions.values() if r.warning_id == warning_id]
    plans = [p for p in books.plans.values() if p.warning_id == warning_id]
    newest = max(mine, key=lambda revision: revision.revision, default=None)
    mode = Mode(newest.mode) if newest else Mode(plans[0].mode) if plans else Mode.LIVE
    calm = newest is not None and newest.level in ("YELLOW", "BLUE") and newest.verb == "issued"
    return mode, not calm


def pause(said: int) -> timedelta:
    """Return how long to wait after an alarm was said so many times."""
    return PAUSES[min(max(said, 1), len(PAUSES)) - 1]


def owners(alarm: Alarm) -> list[str]:
    """Return who is told of a difference the next time, nobody when only people can mend it."""
    if alarm.warning_id is None or alarm.said >= MOST_DRIVEN:
        return []
    first = alarm.channel if alarm.what in _OF_THE_CHANNEL else _OWNERS.get(alarm.what)
    then = _THEN.get(alarm.what) if alarm.said else None
    return [owner for owner in (first, then) if owner]


def next_patience(books: Books, patience: Patience, warning_id: str) -> datetime | None:
    """Return when somebody's patience runs out next: before that only news can change the comparison."""
    begun = [r.heard_at for r in books.revisions.values() if r.warning_id == warning_id]
    begun += [r.expires_at for r in books.revisions.values() if r.warning_id == warning_id]
    begun += [p.heard_at for p in books.plans.values() if p.warning_id == warning_id]
    begun += [e.at for e in books.endings.values() if e.warning_id == warning_id]
    of_deliveries = {d.heard_at for d in books.deliveries.values() if d.warning_id == warning_id}
    begun += [at for at in of_deliveries if at is not None]
    ends = [at + patience.grace for at in begun]
    return min((at for at in ends if at >= patience.now), default=None)
