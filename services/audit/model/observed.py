"""Observations: what people said of the weather afterwards, out of facts; the newest word counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.fact import Fact
from services.audit.model.entry import plain

ONSET, OUTCOME, MISSED, FIGURE = "onset.observed", "outcome.judged", "event.missed", "figure.entered"
AFTERWARDS = "afterwards.written"
"""What the forecaster's desk writes beside a warning: an onset and a verdict in one."""

OBSERVED = (ONSET, OUTCOME, MISSED, FIGURE, AFTERWARDS)

OUTCOMES = ("hit", "partly", "miss", "false-alarm")
LONGEST_NOTE = 500
YEARS = range(1990, 2200)
"""Weather of other years is a slip of the pen."""


@dataclass(frozen=True)
class Observation:
    """One thing that somebody said. What it does not speak of is None."""

    position: int
    """Of the record that says it."""
    part: int
    what: str
    """One of `onset`, `outcome`, `missed`, `figure`."""
    mode: str
    said_at: datetime
    """Never later than it was recorded: a clock that is ahead must not forbid every correction."""
    by: str
    source: str
    note: str
    subject: str = ""
    """A missed event by its id, an indicator by its name; empty for a warning."""
    warning_id: str | None = None
    town: str | None = None
    """Twelve digits; None: of the whole warning."""
    at: datetime | None = None
    """The onset, or when the missed event was; None takes an onset back."""
    outcome: str | None = None
    hazard: str | None = None
    level: str | None = None
    towns: list[str] | None = None
    month: str | None = None
    numerator: float | None = None
    denominator: float | None = None
    withdrawn: bool = False

    @property
    def thing(self) -> tuple[str, str, str, str, str]:
        """What it speaks of; a later word on the same thing stands in its place."""
        return self.what, self.warning_id or "", self.town or "", self.subject, self.month or ""

    @property
    def order(self) -> tuple[datetime, int, int]:
        """What counts is said last, whatever was heard last."""
        return self.said_at, self.position, self.part


def observations(position: int, fact: Fact, recorded_at: datetime) -> list[Observation]:
    """Return what a fact says; nothing when it says it in a way that nobody can read."""
    try:
        return _read(position, fact, recorded_at)
    except (KeyError, TypeError, ValueError, OverflowError):
        return []


def _read(position: int, fact: Fact, recorded_at: datetime) -> list[Observation]:
    said, common = fact.detail, _common(position, fact, recorded_at)
    match fact.kind:
        case "onset.observed":
            at = _moment(said["onset"])
            return [Observation(**common, part=0, what="onset", town=_text(said.get("town"), 12), at=at)]
        case "outcome.judged":
            return [Observation(**common, part=0, what="outcome", outcome=_outcome(said["outcome"]))]
        case "event.missed":
            return [_missed(common, fact)]
        case "figure.entered":
            return [_figure(common, fact)]
        case "afterwards.written":
            return _afterwards(common, said)
    return []


def _common(position: int, fact: Fact, recorded_at: datetime) -> dict[str, Any]:
    said = fact.detail
    return {
        "position": position,
        "mode": fact.mode.value,
        "said_at": min(fact.at, recorded_at),
        "by": plain(fact.actor or ""),
        "source": plain(str(said.get("observed_by") or ""), LONGEST_NOTE),
        "note": plain(str(said.get("note") or ""), LONGEST_NOTE),
        "warning_id": plain(fact.warning_id, 36) if fact.warning_id else None,
    }


def _missed(common: dict[str, Any], fact: Fact) -> Observation:
    said = fact.detail
    withdrawn = said.get("withdrawn") is True
    return Observation(
        **common,
        part=0,
        what="missed",
        subject=plain(str(fact.about), 36),
        at=_moment(said["at"]),
        hazard=plain(str(said["hazard"]), 8),
        level=_text(said.get("level"), 8),
        towns=[plain(str(town), 12) for town in said.get("towns") or ()],
        withdrawn=withdrawn,
    )


def _figure(common: dict[str, Any], fact: Fact) -> Observation:
    said = fact.detail
    return Observation(
        **common,
        part=0,
        what="figure",
        subject=plain(str(fact.about), 36),
        month=plain(str(said["month"]), 7),
        numerator=_amount(said["numerator"]),
        denominator=_amount(said["denominator"]),
    )


def _afterwards(common: dict[str, Any], said: Mapping[str, Any]) -> list[Observation]:
    found = [Observation(**common, part=1, what="outcome", outcome=_outcome(said["verdict"]))]
    if said.get("onset"):
        found.insert(0, Observation(**common, part=0, what="onset", at=_moment(said["onset"])))
    return found


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    found = datetime.fromisoformat(str(text))
    if found.tzinfo is None:
        raise ValueError("has no zone")
    if found.year not in YEARS:
        raise ValueError("is not of our time")
    return found


def _outcome(text: Any) -> str:
    if text not in OUTCOMES:
        raise ValueError("is no outcome")
    return str(text)


def _amount(given: Any) -> float:
    found = float(given)
    if not 0 <= found < 1e12:
        raise ValueError("is no amount")
    return found


def _text(given: Any, longest: int) -> str | None:
    return plain(str(given), longest) if given else None


def newest(found: Iterable[Observation]) -> dict[tuple[str, str, str, str, str], Observation]:
    """Return the word that counts on each thing, whatever was heard first or twice."""
    counts: dict[tuple[str, str, str, str, str], Observation] = {}
    for one in sorted(found, key=lambda o: o.order):
        counts[one.thing] = one
    return counts


@dataclass(frozen=True)
class Onsets:
    """When the weather of a warning began: as a whole, and in towns of which somebody said it."""

    whole: Observation | None
    towns: Mapping[str, Observation]

    def of(self, town: str | None) -> datetime | None:
        """Return the onset in a town: its own, else that of the warning."""
        own = self.towns.get(town or "")
        if own is not None and own.at is not None:
            return own.at
        return self.first

    @property
    def first(self) -> datetime | None:
        """The onset of the warning: as somebody said, else the earliest of its towns."""
        if self.whole is not None and self.whole.at is not None:
            return self.whole.at
        return min((o.at for o in self.towns.values() if o.at is not None), default=None)


def onsets_of(found: Iterable[Observation]) -> Onsets:
    """Return the onsets of one warning out of everything that was said of it."""
    counts = [one for one in newest(found).values() if one.what == "onset"]
    whole = next((one for one in counts if one.town is None), None)
    return Onsets(whole, {one.town: one for one in counts if one.town is not None})


def outcome_of(found: Iterable[Observation]) -> Observation | None:
    """Return the outcome of one warning that counts."""
    return next((one for one in newest(found).values() if one.what == "outcome"), None)
