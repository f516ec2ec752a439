"""Listing: which records an agreement takes away is said as facts, some at a time, before any is touched.

Delivery detail goes warning by warning, with what it comes to; everything else goes in the ledger's order.
What a record is is read from its payload, never from a column.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import zip_longest
from typing import Any

from services.audit.actions import keeping as acts
from services.audit.actions import recount
from services.audit.model import counted, spans
from services.audit.model.agreements import LISTED, Agreement, Agreements, Hold, Listed
from services.audit.model.entry import read
from services.audit.model.retention import DELIVERY, Retention
from services.audit.store import books, keeping
from services.audit.store.tree import Broken
from services.kit.clock import from_microseconds, microseconds
from services.kit.db import Database, Transaction
from services.kit.leadership import Leadership
from services.kit.telemetry import log

LEASE = "delete"
MOST_RECORDS = 500
"""Records in one list, so that emptying them is a short transaction."""
MOST_DELIVERIES = 300
MOST_TARGETS = 300
SCANNED = 2_000
"""Records that are looked at in one transaction."""
ALL_WARNINGS = "~"
"""Stands behind every id."""

Row = Mapping[str, Any]


def digest(leaf_hashes: Iterable[bytes]) -> str:
    """Return the SHA-256 over leaf hashes, one after another."""
    total = hashlib.sha256()
    for value in leaf_hashes:
        total.update(value)
    return total.hexdigest()


def another(listed: Listed) -> Broken:
    """Return the error that the records of a list are not those that were listed."""
    return Broken(f"the records {listed.spans[:60]} are not those that were listed for deletion")


def class_of(row: Row, rules: Retention) -> str:
    """Return the class of a record, read from its payload."""
    return rules.of(read(keeping.subject_of(row), keeping.payload_of(row)).message)


async def go_on(
    db: Database, leadership: Leadership, rules: Retention, known: Agreements, agreed: Agreement
) -> None:
    """List the next records of an agreement, unless lists that were said are still on their way."""
    async with db.transaction() as tx:
        await leadership.guard(tx, LEASE)
        place = await keeping.listing(tx.connection, agreed.agreement_id)
        said, recorded = (place["lists"] if place else 0), known.next_number(agreed.agreement_id) - 1
        if said > recorded or (place is not None and place["done_at"] is not None):
            return
        step = _Step(tx, rules, known, agreed, await acts.standing(tx.connection, known), recorded)
        warning = place["after_warning"] if place else ("" if agreed.about == DELIVERY else ALL_WARNINGS)
        upto = place["upto"] if place else 0
        done = False
        if warning != ALL_WARNINGS:
            warning = await step.warnings(warning)
        else:
            upto, done = await step.stretch(upto)
        row = {"agreement_id": agreed.agreement_id, "upto": upto, "after_warning": warning}
        ended = {"lists": step.number, "done_at": tx.now if done else None}
        await keeping.keep_listing(tx, {**row, **ended})


class _Step:
    """One transaction of listing."""

    def __init__(
        self,
        tx: Transaction,
        rules: Retention,
        known: Agreements,
        agreed: Agreement,
        holds: Sequence[Hold],
        number: int,
    ) -> None:
        self.tx = tx
        self.rules = rules
        self.known = known
        self.agreed = agreed
        self.holds = holds
        self.number = number
        self.before = from_microseconds(agreed.before_us)

    def _mine(self, row: Row) -> bool:
        """Tell whether a record is one that was agreed upon, and no hold stops it."""
        if bytes(row["payload"]) == keeping.EMPTIED or class_of(row, self.rules) != self.agreed.about:
            return False
        at = microseconds(row["recorded_at"])
        return not any(h.stops(self.agreed.about, row["warning_id"], at) for h in self.holds)

    async def _kinds(self) -> list[str]:
        found = await keeping.kinds(self.tx.connection)
        return [kind for kind in found if self.rules.may_be(self.agreed.about, kind)]

    async def stretch(self, after: int) -> tuple[int, bool]:
        """List what is next in the ledger's order; return how far it was looked, and whether that was all."""
        kinds = await self._kinds()
        rows = await keeping.candidates(
            self.tx.connection, kinds, self.before, self.agreed.upto, after, SCANNED
        )
        apart = self.agreed.about == DELIVERY
        mine = [row for row in rows if self._mine(row) and not (apart and row["warning_id"])]
        for start in range(0, len(mine), MOST_RECORDS):
            some = mine[start : start + MOST_RECORDS]
            self._say(self.number + 1, 1, some, None)
        return (rows[-1]["position"] if rows else after), len(rows) < SCANNED

    async def warnings(self, after: str) -> str:
        """List the detail of the next warning; return up to which one it was looked."""
        kinds = await self._kinds()
        found = await keeping.warnings_of(
            self.tx.connection, kinds, self.before, self.agreed.upto, after, limit=1
        )
        if not found:
            return ALL_WARNINGS
        await self._warning(found[0])
        return found[0]

    async def _warning(self, warning_id: str) -> None:
        """List a warning's detail, all of it or nothing: what is younger keeps the rest."""
        rows = await keeping.of_warning(self.tx.connection, warning_id)
        detail = [r for r in rows if bytes(r["payload"]) and class_of(r, self.rules) == self.agreed.about]
        young = [r for r in detail if r["recorded_at"] >= self.before or r["position"] > self.agreed.upto]
        mine = [row for row in detail if self._mine(row)]
        if young or len(mine) != len(detail) or not mine:
            return
        anew = await recount.of_warning(self.tx.connection, warning_id, self.known)
        kept = await books.whole(self.tx.connection, [warning_id])
        counts = await keeping.target_counts(self.tx.connection, [warning_id])
        if recount.differing(warning_id, anew, kept, counts):
            log.error("books differ from records; nothing listed", warning_id=warning_id)
            return
        photos = [counted.photograph(d) for d in anew.books.deliveries.values()]
        totals = {c.key: c for c in (*anew.counts, *counted.counts_of(anew.books))}
        self._say_all(warning_id, mine, photos, [asdict(totals[key]) for key in sorted(totals)])

    def _say_all(
        self, warning_id: str, rows: list[Row], photos: list[dict[str, Any]], totals: list[dict[str, Any]]
    ) -> None:
        parts: list[tuple[Any, ...]] = list(
            zip_longest(
                _cut(rows, _even(len(rows), len(photos), len(totals))),
                _cut(photos, MOST_DELIVERIES),
                _cut(totals, MOST_TARGETS),
                fillvalue=[],
            )
        )
        first = self.number + 1
        for some, deliveries, targets in parts:
            self._say(first, len(parts), some, warning_id, deliveries, targets)

    def _say(
        self,
        group: int,
        groups: int,
        rows: Sequence[Row],
        warning_id: str | None,
        deliveries: Sequence[Mapping[str, Any]] = (),
        targets: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.number += 1
        named: dict[str, Any] = {"class": self.agreed.about}
        self.tx.record(
            LISTED,
            about=self.agreed.agreement_id,
            warning_id=warning_id,  # type: ignore[arg-type]
            number=self.number,
            group=group,
            groups=groups,
            positions=spans.written(row["position"] for row in rows),
            sha256=digest(bytes(row["leaf_hash"]) for row in rows),
            deliveries=list(deliveries),
            targets=list(targets),
            **named,
        )


def _even(records: int, deliveries: int, totals: int) -> int:
    """Return how many records go into a list, so that each list that is needed has some."""
    lists = max(1, -(-deliveries // MOST_DELIVERIES), -(-totals // MOST_TARGETS), -(-records // MOST_RECORDS))
    return max(1, records // lists)


def _cut(items: Sequence[Any], most: int) -> list[Sequence[Any]]:
    return [items[start : start + most] for start in range(0, len(items), most)]
