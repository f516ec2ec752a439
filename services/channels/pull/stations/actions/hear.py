"""Hear what stations tell: many reports of many stations in one transaction, one message per delivery."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from contracts.delivery import is_call
from contracts.outcome import Outcome
from contracts.values import Mode
from services.channels.pull.stations.actions import photograph
from services.channels.pull.stations.model import Item, Kind, Report
from services.channels.pull.stations.store import deliveries, early, items
from services.channels.pull.stations.store.items import Key
from services.kit.db import Transaction
from services.kit.errors import Refused

Told = tuple[Key, Report]

AT_ONCE = 2000
"""So many reports are looked up by one statement; databases bound the number of values."""


class Result(StrEnum):
    """What became of a report."""

    ACCEPTED = "accepted"
    EARLY = "early"
    """Kept until the delivery comes that it is about."""
    UNKNOWN = "unknown"
    """The station was never given that number."""


@dataclass(frozen=True)
class Heard:
    """The answer to one report: what became of it, and the item as it stands now."""

    result: Result
    item: Item | None = None
    first: bool = False
    """True when it was news."""


@dataclass(frozen=True)
class Reports:
    """What one station tells at once."""

    station: str
    mode: Mode
    reports: tuple[Report, ...]


async def hear(tx: Transaction, groups: Sequence[Reports]) -> list[list[Heard]]:
    """Fold the reports of many stations; answer each in the order in which it was told."""
    told = [((group.station, group.mode), report) for group in groups for report in group.reports]
    known = _Known(await _find(tx, told))
    beside = [one for one in map(known.planned, told) if one is not None]
    if beside:
        told += beside
        known.add(await _find(tx, beside))
    await _keep_early(tx, told, known)
    locked = await deliveries.locked(tx, {item.delivery_id for item in known.items.values()})
    known = _Known(await _find(tx, [one for one in told if known.find(*one)], lock=True))
    folded = _Folded(known, tx)
    answers = iter([folded.fold(*one) for one in told])
    if folded.changed:
        await items.keep(tx, list(folded.changed.values()))
    news = [one for one in locked if one.delivery_id in folded.news]
    await photograph.take(tx, news, folded.news)
    return [[next(answers) for _ in group.reports] for group in groups]


async def _keep_early(tx: Transaction, told: Iterable[Told], known: "_Known") -> None:
    """Keep reports that name a warning not yet delivered; look again while nobody can deliver it."""
    missing = [one for one in told if one[1].sequence is None and not known.find(*one)]
    if not missing:
        return
    for warning_id in sorted({report.warning_id for _, report in missing if report.warning_id}):
        await items.lock_warning(tx, warning_id)
    known.add(await _find(tx, missing))
    missing = [one for one in missing if not known.find(*one)]
    if await early.crowded(tx, {station for (station, _), _ in missing}):
        raise Refused("too many reports of warnings that this station was never given")
    await early.keep(tx, missing)


async def _find(tx: Transaction, told: Sequence[Told], *, lock: bool = False) -> list[Item]:
    ordered = sorted(told, key=lambda one: one[0])
    found: list[Item] = []
    for begin in range(0, len(ordered), AT_ONCE):
        about = items.told_of(ordered[begin : begin + AT_ONCE])
        found += await (items.under_lock(tx, about) if lock else _read(tx, about))
    return found


async def _read(tx: Transaction, statement: Select[Any]) -> list[Item]:
    return [items.item_of(row) for row in (await tx.execute(statement)).mappings()]


class _Known:
    """Items by the two names that a report may use."""

    def __init__(self, found: Iterable[Item]) -> None:
        self.items: dict[tuple[Key, int], Item] = {}
        self._numbers: dict[tuple[Key, UUID, int], int] = {}
        self.add(found)

    def add(self, found: Iterable[Item]) -> None:
        """Know these items too."""
        for item in found:
            key = (item.station, item.mode)
            self.items[key, item.sequence] = item
            name = (key, item.warning_id, item.revision)
            if item.kind is not Kind.HALT and (name not in self._numbers or not is_call(item.delivery_id)):
                self._numbers[name] = item.sequence

    def planned(self, told: Told) -> Told | None:
        """Return the same report of the planned item, when it was told of a call for the same revision."""
        key, report = told
        item = self.find(key, report) if report.sequence is not None else None
        if item is None or item.kind is Kind.HALT or not is_call(item.delivery_id):
            return None
        named = replace(report, sequence=None, warning_id=item.warning_id, revision=item.revision)
        return key, named

    def find(self, key: Key, report: Report) -> Item | None:
        """Return the item that a report is about."""
        number = report.sequence
        if number is None and report.warning_id is not None and report.revision is not None:
            number = self._numbers.get((key, report.warning_id, report.revision))
        return None if number is None else self.items.get((key, number))


class _Folded:
    """What the reports of one transaction have changed so far."""

    def __init__(self, known: _Known, tx: Transaction) -> None:
        self.known = known
        self.now = tx.now
        self.changed: dict[tuple[Key, int], Item] = {}
        self.news: dict[UUID, list[Outcome]] = {}

    def fold(self, key: Key, report: Report) -> Heard:
        """Fold one report into its item."""
        item = self.known.find(key, report)
        if item is None:
            return Heard(Result.EARLY if report.sequence is None else Result.UNKNOWN)
        told = item.fold(report, self.now)
        first = report.fact not in item.facts
        if told != item:
            self.known.items[key, item.sequence] = self.changed[key, item.sequence] = told
        if first:
            self.news.setdefault(item.delivery_id, []).append(photograph.outcome(told, report.fact))
        return Heard(Result.ACCEPTED, told, first)
