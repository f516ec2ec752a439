"""What gateways say, read from JSON that anybody may have sent. No number is repeated in errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.outcome import TargetState
from contracts.printable import is_line
from contracts.values import YEARS
from services.channels.pull.gateways.model import columns, receipts, results
from services.kit.errors import Fault, Invalid

MOST_RESULTS = 1000
MOST_RECEIPTS = 10_000
MOST_FAULTS = 10
"""An answer names at most so many faults."""

_STATES = f"use one of {', '.join(receipts.MEANINGS)}, or the operator's own such as MA:0054"
_REPORT_FIELDS = frozenset(
    {"state", "reason", "exceptions", "results", "partial", "delivered", "failed", "phones"}
)

Named = tuple[str, TargetState, str]
"""Number, what it means, why."""


@dataclass(frozen=True)
class Counts:
    """What an operator says about an area order: how many phones, never which."""

    delivered: int
    failed: int
    phones: int


@dataclass(frozen=True)
class Told(Sequence[tuple[TargetState, str]]):
    """What became of each number, and why; whole batches say the same few words again and again."""

    words: Sequence[Any] = ()
    meant: Mapping[Any, tuple[TargetState, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, turn: Any) -> Any:
        return self.meant[self.words[turn]]

    def codes(self) -> bytes:
        """Return the code of each."""
        codes = {word: results.CODE[state] for word, (state, _) in self.meant.items()}
        if len(codes) == 1:
            return bytes(codes.values()) * len(self.words)
        return bytes(map(codes.__getitem__, self.words))


@dataclass(frozen=True)
class Report:
    """A report on a lease, read but not yet matched with the batch."""

    numbers: Sequence[str] = ()
    """Whom it names: results first, then exceptions."""
    told: Told = Told()
    """What became of each of them, and why."""
    results: int = 0
    """How many of the named came as `results`."""
    rest: tuple[TargetState, str] | None = None
    """What holds for every number that is not named."""
    partial: bool = False
    counts: Counts | None = None

    def field(self, place: int) -> str:
        """Return where in the request a named number stood."""
        return f"results.{place}" if place < self.results else f"exceptions.{place - self.results}"


@dataclass(frozen=True)
class Receipt:
    """A carrier's later word on one number."""

    delivery_id: UUID
    number: str
    state: TargetState
    reason: str
    at: datetime


def read_columns(body: bytes) -> Report | None:
    """Read a full report of plain numbers and known states; None when it is anything else."""
    found = columns.of_report(body)
    if found is None or len(found[0]) > MOST_RESULTS:
        return None
    told = _meant(found[1])
    return Report(found[0], told, len(found[0])) if told else None


def read_report(sent: Any) -> Report:
    """Read a report; raise Invalid with the fields that are wrong."""
    said = _object("body", sent, _REPORT_FIELDS)
    faults: list[Fault] = []
    pairs, exceptions = _list("results", said), _list("exceptions", said)
    named = [_pair(f"results.{i}", r, faults) for i, r in enumerate(pairs)]
    named += [_exception(f"exceptions.{i}", e, faults) for i, e in enumerate(exceptions)]
    rest = _rest(said, faults)
    partial = said.get("partial", False)
    if not isinstance(partial, bool):
        faults.append(Fault("partial", "is not true or false", "send true or false"))
    elif partial and rest:
        faults.append(
            Fault("partial", "contradicts `state`", "with `partial` the unnamed return to the pool")
        )
    counts = _counts(said, faults)
    _raise(faults)
    numbers, told = _one_by_one([one for one in named if one])
    return Report(numbers, told, len(pairs), rest, bool(partial), counts)


def read_receipts(sent: Any) -> list[Receipt]:
    """Read carrier receipts; raise Invalid with the fields that are wrong."""
    said = _object("body", sent, frozenset({"receipts"}))
    entries = _list("receipts", said, MOST_RECEIPTS)
    faults: list[Fault] = []
    found = [_receipt(f"receipts.{i}", entry, faults) for i, entry in enumerate(entries)]
    _raise(faults)
    return [receipt for receipt in found if receipt]


def listed(field: str, sent: Any, most: int, *also: str) -> list[Any]:
    """Return the list that a body holds beside what it may hold `also`; raise Invalid when it is not one."""
    return _list(field, _object("body", sent, frozenset({field, *also})), most)


def _raise(faults: list[Fault]) -> None:
    if faults:
        raise Invalid.of(faults[:MOST_FAULTS])


def _object(field: str, sent: Any, known: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(sent, dict):
        raise Invalid(field, "is not a JSON object", "send an object as shown at /docs")
    if not known.issuperset(sent):
        raise Invalid(field, "has a field that is not known", f"leave out all but {', '.join(sorted(known))}")
    return sent


def _list(field: str, said: Mapping[str, Any], most: int = MOST_RESULTS) -> list[Any]:
    entries = said.get(field, [])
    if not isinstance(entries, list):
        raise Invalid(field, "is not a list", "send a JSON array")
    if len(entries) > most:
        raise Invalid(field, f"is longer than {most}", "send less at a time")
    return entries


def _one_by_one(named: Sequence[Named]) -> tuple[tuple[str, ...], Told]:
    meant = [(state, why) for _, state, why in named]
    return tuple(number for number, _, _ in named), Told(meant, {one: one for one in meant})


def _meant(states: Sequence[Any]) -> Told | None:
    """Return what states mean; None when one of them is not known."""
    meant = {state: (receipts.meaning(state), receipts.reason(state)) for state in set(states)}
    known = all(meaning is not None for meaning, _ in meant.values())
    return Told(states, meant) if known else None  # type: ignore[arg-type]


def _pair(field: str, entry: Any, faults: list[Fault]) -> Named | None:
    if not isinstance(entry, list) or len(entry) != 2:
        faults.append(Fault(field, "is not a pair", "send [number, state]"))
        return None
    return _named(field, entry[0], entry[1], None, faults)


def _exception(field: str, entry: Any, faults: list[Fault]) -> Named | None:
    if not isinstance(entry, dict) or not {"number", "state", "reason"}.issuperset(entry):
        faults.append(Fault(field, "is not an exception", "send {number, state, reason?}"))
        return None
    return _named(field, entry.get("number"), entry.get("state"), entry.get("reason"), faults)


def _named(field: str, number: Any, state: Any, words: Any, faults: list[Fault]) -> Named | None:
    meaning = receipts.meaning(state)
    if meaning is None:
        faults.append(Fault(field, "has no known state", _STATES))
    elif not isinstance(number, str) or len(number) > 20 or not is_line(number):
        faults.append(Fault(field, "has no number", "send the number as a string, as it was leased"))
    elif words is not None and not (isinstance(words, str) and is_line(words)):
        faults.append(Fault(field, "has a reason that is not a line of text", "send text, or leave it out"))
    else:
        return receipts.bare(number), meaning, receipts.reason(state, words)
    return None


def _rest(said: Mapping[str, Any], faults: list[Fault]) -> tuple[TargetState, str] | None:
    state, words = said.get("state"), said.get("reason")
    if state is None:
        return None
    meaning = receipts.meaning(state)
    if meaning is None:
        faults.append(Fault("state", "is not a receipt state", _STATES))
        return None
    if words is not None and not (isinstance(words, str) and is_line(words)):
        faults.append(Fault("reason", "is not a line of text", "send text, or leave it out"))
        return None
    return meaning, receipts.reason(state, words)


def _counts(said: Mapping[str, Any], faults: list[Fault]) -> Counts | None:
    if not {"delivered", "failed", "phones"}.intersection(said):
        return None
    found = [said.get(name, 0) for name in ("delivered", "failed", "phones")]
    if not all(type(n) is int and 0 <= n < 10**9 for n in found):
        faults.append(Fault("delivered", "counts are not whole numbers", "send 0 or more"))
        return None
    delivered, failed, phones = found
    if phones and delivered + failed > phones:
        faults.append(Fault("phones", "is less than delivered and failed together", "send all phones found"))
        return None
    return Counts(delivered, failed, phones or delivered + failed)


def _receipt(field: str, entry: Any, faults: list[Fault]) -> Receipt | None:
    if not isinstance(entry, dict) or not {"delivery_id", "number", "state", "at"}.issuperset(entry):
        faults.append(Fault(field, "is not a receipt", "send {delivery_id, number, state, at}"))
        return None
    try:
        delivery_id = UUID(entry.get("delivery_id"))
    except (ValueError, TypeError, AttributeError):
        faults.append(Fault(field, "has no delivery id", "send the delivery_id of the leased item"))
        return None
    at = moment(entry.get("at"))
    if at is None:
        faults.append(Fault(field, "has no moment", "send `at` as RFC 3339 with an offset"))
        return None
    named = _named(field, entry.get("number"), entry.get("state"), None, faults)
    return Receipt(delivery_id, named[0], named[1], named[2], at) if named else None


def moment(sent: Any) -> datetime | None:
    """Return a moment as it was sent, None when it is not one."""
    try:
        at = datetime.fromisoformat(sent)
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo is not None and at.year in YEARS else None
