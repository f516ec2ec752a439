"""Agreements to delete, holds, lists of what is deleted: learned from the facts in the ledger alone.

A deletion is valid when one auditor proposed it, another one confirmed it within a day, and a list of the
records stood in the ledger before they were emptied. A hold stands from the record that says so until two
auditors have agreed to lift it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from contracts.fact import Fact
from services.audit.model import photographs, spans
from services.audit.model.deliveries import Delivery
from services.audit.model.entry import read
from services.audit.model.fields import FIRST_US, LAST_US, MOST, ODD, name, number
from services.audit.model.photographs import TargetCount
from services.kit.clock import microseconds
from services.kit.errors import Reject

AGREED_WITHIN = timedelta(hours=24)
"""What nobody has confirmed in this time is not agreed upon: as long as a proposal is kept open."""

HOUSE = "audit"
DELETION, LIFTING = "deletion", "hold-lift"
MADE, CONFIRMED = "proposal.made", "proposal.confirmed"
PLACED, LIFTED = "hold.placed", "hold.lifted"
LISTED, DELETED = "records.listed", "records.deleted"
KINDS = (MADE, CONFIRMED, PLACED, LISTED, DELETED)
"""The kinds of facts by which all this is known."""

WARNING, PERIOD, CLASS, EVERYTHING = "warning", "period", "class", "everything"
SCOPES = (WARNING, PERIOD, CLASS, EVERYTHING)

_LONGEST_ID = 36
_OF_A_DELETION = (("before_us", 1, LAST_US), ("upto", 0, 2**62), ("rules", 0, MOST))
_MOST_NUMBER = 2**30
"""An agreement has no list with a higher number."""
MOST_ODD = 100
"""So many facts are named that cannot be read."""


@dataclass(frozen=True)
class Agreement:
    """What one auditor proposed and another one confirmed."""

    agreement_id: str
    what: str
    about: str
    wanted: Mapping[str, Any]
    proposed_by: str
    proposed_at: datetime
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None

    @property
    def before_us(self) -> int:
        """Records of before this moment are meant (UTC microseconds)."""
        found: int = self.wanted["before_us"]
        return found

    @property
    def upto(self) -> int:
        """Records up to this position are meant."""
        found: int = self.wanted["upto"]
        return found


@dataclass(frozen=True)
class Hold:
    """What must not be deleted, and why."""

    hold_id: str
    scope: str
    about: str
    """The warning or the class; empty for the others."""
    from_us: int
    until_us: int
    reason: str
    placed_by: str
    placed_at: datetime
    lifted_by: str | None = None
    """The agreement by which it was lifted, None while it stands."""

    def stops(self, name: str, warning_id: str | None, recorded_at_us: int) -> bool:
        """Tell whether it stands and covers a record of this class and warning."""
        if self.lifted_by is not None:
            return False
        match self.scope:
            case "warning":
                return warning_id == self.about
            case "class":
                return name == self.about
            case "period":
                return self.from_us <= recorded_at_us < self.until_us
        return True


@dataclass(frozen=True)
class Listed:
    """Records that are emptied together: a list that was recorded before."""

    agreement_id: str
    number: int
    group: int
    """The first number of the lists that belong together."""
    groups: int
    """How many belong together."""
    warning_id: str | None
    position: int
    """Of the record that says so."""
    spans: str
    """The positions of the records, written short."""
    first: int
    last: int
    count: int
    sha256: str
    """Over the leaf hashes of the records, in order."""
    deliveries: tuple[Delivery, ...] = ()
    targets: tuple[TargetCount, ...] = ()
    holds: tuple[Hold, ...] = ()
    """Those that stood when it was recorded, and of which only a record itself tells whether it is held."""

    @property
    def key(self) -> tuple[str, int]:
        """The agreement and the number of the list."""
        return self.agreement_id, self.number

    @property
    def positions(self) -> list[int]:
        """The positions of the records, in order."""
        return spans.read(self.spans)

    def bare(self) -> "Listed":
        """Return it without what it carries of accounts."""
        return replace(self, deliveries=(), targets=())


@dataclass
class Agreements:
    """Everything of this kind that the facts say, folded in the ledger's order."""

    proposed: dict[str, Agreement] = field(default_factory=dict)
    agreed: dict[str, Agreement] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    lists: dict[tuple[str, int], Listed] = field(default_factory=dict)
    deleted: dict[tuple[str, int], set[datetime]] = field(default_factory=dict)
    """When a list was carried out, as the worker says: again, after a backup was restored."""
    odd: dict[int, str] = field(default_factory=dict)
    """Kinds of facts, by their positions, that are not as the ledger writes them: they change nothing."""

    def hear(self, position: int, fact: Fact) -> Listed | None:
        """Fold a fact in, return the list that it is; one that is not as it must be changes nothing."""
        if fact.service != HOUSE:
            return None
        try:
            match fact.kind:
                case "proposal.made":
                    self._made(fact)
                case "proposal.confirmed":
                    self._confirmed(fact)
                case "hold.placed":
                    found = hold_of(fact)
                    self.holds.setdefault(found.hold_id, found)
                case "records.deleted":
                    key = name(fact.about), number(fact.detail["number"])
                    self.deleted.setdefault(key, set()).add(fact.at)
                case "records.listed":
                    return self._listed(position, fact)
        except ODD:
            if len(self.odd) < MOST_ODD:
                self.odd[position] = fact.kind
        return None

    def hear_record(self, position: int, subject: str, payload: bytes) -> Listed | None:
        """Fold in what a record says."""
        message = read(subject, payload).message
        return self.hear(position, message) if isinstance(message, Fact) else None

    def whole(self, listed: Listed) -> list[Listed] | None:
        """Return the lists that belong together, None as long as one of them is not recorded."""
        found = []
        for which in range(listed.group, listed.group + listed.groups):
            one = self.lists.get((listed.agreement_id, which))
            if one is None:
                return None
            found.append(one)
        return found

    def next_number(self, agreement_id: str) -> int:
        """Return the number of the next list of an agreement."""
        return 1 + max((number for name, number in self.lists if name == agreement_id), default=0)

    def _made(self, fact: Fact) -> None:
        said = fact.detail
        if fact.actor is None or fact.about is None or said["what"] not in (DELETION, LIFTING):
            return
        meant = dict(said["wanted"])
        if said["what"] == DELETION:
            for key, least, most in _OF_A_DELETION:
                number(meant[key], least, most)
        proposal, about = name(said["proposal"], _LONGEST_ID), name(fact.about)
        made = Agreement(proposal, said["what"], about, meant, name(fact.actor), fact.at)
        self.proposed.setdefault(made.agreement_id, made)

    def _confirmed(self, fact: Fact) -> None:
        made = self.proposed.get(fact.detail["proposal"])
        if made is None or fact.actor in (None, made.proposed_by) or made.agreement_id in self.agreed:
            return
        if not timedelta(0) <= fact.at - made.proposed_at < AGREED_WITHIN:
            return
        agreed = replace(made, confirmed_by=name(fact.actor), confirmed_at=fact.at)
        self.agreed[agreed.agreement_id] = agreed
        if agreed.what == LIFTING and agreed.about in self.holds:
            held = self.holds[agreed.about]
            self.holds[agreed.about] = replace(held, lifted_by=held.lifted_by or agreed.agreement_id)

    def _listed(self, position: int, fact: Fact) -> Listed | None:
        found = _list_of(position, fact)
        agreed = self.agreed.get(found.agreement_id)
        if agreed is None or agreed.what != DELETION or found.key in self.lists:
            return None
        if found.last > agreed.upto:
            return None
        standing = [hold for hold in self.holds.values() if hold.lifted_by is None]
        if any(h.stops(agreed.about, found.warning_id, 0) for h in standing if h.scope != PERIOD):
            return None
        found = replace(found, holds=tuple(h for h in standing if h.scope in (PERIOD, WARNING)))
        self.lists[found.key] = found.bare()
        return found


def hold_of(fact: Fact) -> Hold:
    """Return the hold that a fact places."""
    said = fact.detail
    if said["scope"] not in SCOPES or fact.about is None or fact.actor is None:
        raise ValueError("not a hold")
    return Hold(
        hold_id=name(fact.about, _LONGEST_ID),
        scope=said["scope"],
        about=name(said["over"]) if said["over"] != "" else "",
        from_us=number(said["from_us"], FIRST_US, LAST_US),
        until_us=number(said["until_us"], FIRST_US, LAST_US),
        reason=_reason(said["reason"]),
        placed_by=name(fact.actor),
        placed_at=fact.at,
    )


def hold_said(hold: Hold) -> dict[str, Any]:
    """Return what the fact of a hold says beside who, when and its id."""
    span = {"from_us": hold.from_us, "until_us": hold.until_us}
    return {"scope": hold.scope, "over": hold.about, **span, "reason": hold.reason}


def _reason(said: Any) -> str:
    if not isinstance(said, str) or "\0" in said:
        raise Reject("this is no reason")
    return said


def _list_of(position: int, fact: Fact) -> Listed:
    said = fact.detail
    positions = spans.read(said["positions"])
    warning_id = None if fact.warning_id is None else name(fact.warning_id, _LONGEST_ID)
    which, group = number(said["number"], 1, _MOST_NUMBER), number(said["group"], 1, _MOST_NUMBER)
    groups = number(said["groups"], 1, _MOST_NUMBER)
    if not group <= which < group + groups:
        raise Reject("a list is not one of those that it belongs to")
    return Listed(
        agreement_id=name(fact.about, _LONGEST_ID),
        number=which,
        group=group,
        groups=groups,
        warning_id=warning_id,
        position=position,
        spans=said["positions"],
        first=positions[0] if positions else 0,
        last=positions[-1] if positions else 0,
        count=len(positions),
        sha256=name(said["sha256"]),
        deliveries=tuple(photographs.delivery(one, warning_id) for one in _items(said["deliveries"])),
        targets=tuple(photographs.count(one, warning_id) for one in _items(said["targets"])),
    )


def _items(said: Any) -> list[Any]:
    if not isinstance(said, list):
        raise Reject("this is no list")
    return said


def wanted(name: str, before: datetime, upto: int, version: int, records: int) -> dict[str, Any]:
    """Return what a proposal to delete says."""
    moment = {"before": before.isoformat(), "before_us": microseconds(before)}
    return {"class": name, **moment, "upto": upto, "rules": version, "records": records}
