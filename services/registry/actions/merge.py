"""Rows are merged into what is there: old ones go to the history, places whose blocks change are marked."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import select

from services.kit.db import Transaction
from services.kit.errors import Invalid
from services.registry import publishing, store
from services.registry.actions.outlines import draw_cells
from services.registry.blocks import DISTRICT_BLOCK
from services.registry.model.people import PLACES
from services.registry.store.imports import absent

PRESET: Mapping[str, Mapping[str, Any]] = {
    "stations": {"presence": "offline", "presence_at": None},
    "towns": {"cell": "[]", "cell_quality": "approximate"},
    "villages": {"cell": "[]", "cell_quality": "approximate"},
}
"""What a new row has that no file brings."""

IN_VILLAGES = frozenset({"stations", "recipients", "units", "households", "hazard-points"})
IN_DISTRICT = frozenset({"neighbours", "groups", "departments", "gateways", "accounts"})
DRAWN = frozenset({"towns", "villages"})
"""Kinds by where their rows are said: thresholds and terminals are said nowhere."""

AT_ONCE = 2000
Row = Mapping[str, Any]


@dataclass
class Merge:
    """Rows of one kind on their way into its table, in one transaction."""

    kind: str
    by: str
    brought: frozenset[str] | None = None
    """The columns that the file brings; None: all."""
    complete: bool = False
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = 0
    blocks: set[str] = field(default_factory=set)
    _turns: dict[str, set[str]] | None = None

    async def take(self, tx: Transaction, rows: Sequence[Row]) -> None:
        """Merge some rows."""
        table = store.BY_KIND[self.kind]
        key = store.key_of(table).name
        if self.kind == "rosters":
            rows = [{**row, "block": await _block_of(tx, row)} for row in rows]
        before = await store.known(tx, table, [row[key] for row in rows])
        fresh = [self._stamped(tx, self._fresh(row), 1) for row in rows if row[key] not in before]
        merged = {row[key]: self._merged(before[row[key]], row) for row in rows if row[key] in before}
        changed = [self._stamped(tx, row, row["version"] + 1) for row in merged.values() if row is not None]
        same = [name for name, row in merged.items() if row is None]
        await remember(tx, self.kind, [before[row[key]] for row in changed])
        if fresh:
            await tx.execute(table.insert(), fresh)
        await store.replace(tx, table, changed)
        await store.checked(tx, table, same)
        await self._mark(tx, [*fresh, *changed, *(before[row[key]] for row in changed)])
        self.added, self.changed = self.added + len(fresh), self.changed + len(changed)
        self.unchanged += len(same)

    async def end_absent(self, tx: Transaction, import_id: str) -> None:
        """End what a complete file does not bring."""
        day = store.today(tx.now)
        statement = absent(self.kind, import_id, day).limit(AT_ONCE)
        while rows := [dict(row) for row in (await tx.execute(statement)).mappings()]:
            await self.end(tx, rows)

    async def end(self, tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
        """Let rows be valid until today; they stay in the table, and the history keeps what they were."""
        await remember(tx, self.kind, rows)
        over = {"valid_to": store.today(tx.now)}
        ended = [self._stamped(tx, {**row, **over}, row["version"] + 1) for row in rows]
        await store.replace(tx, store.BY_KIND[self.kind], ended)
        await self._mark(tx, rows)
        self.ended += len(rows)

    async def mark_changed(self, tx: Transaction, rows: Sequence[Row]) -> None:
        """Mark the blocks of rows that changed by themselves: a day came."""
        self.changed += len(rows)
        await self._mark(tx, rows)
        await self.finish(tx)

    async def finish(self, tx: Transaction) -> None:
        """Redraw the cells where places changed, and mark the blocks that are to be said anew."""
        if self.kind in DRAWN and self.added + self.changed + self.ended:
            await draw_cells(tx)
            await publishing.mark_all(tx)
        await publishing.mark(tx, self.blocks)

    def _fresh(self, row: Row) -> dict[str, Any]:
        names = store.BY_KIND[self.kind].c.keys()
        given = {name: value for name, value in row.items() if name in names}
        return {**dict.fromkeys(names), **given, **PRESET.get(self.kind, {})}

    def _merged(self, before: Row, row: Row) -> dict[str, Any] | None:
        """Return the row as it will be, None when nothing changes; a new seal alone says nothing."""
        given = {name: row[name] for name in row if name in before and self._brings(name)}
        if self.complete and before["valid_to"] and not given.get("valid_to"):
            given["valid_to"] = None
        if all(before[name] == value for name, value in given.items() if name != "phone_sealed"):
            return None
        return {**before, **given}

    def _brings(self, name: str) -> bool:
        return self.brought is None or name in self.brought

    def _stamped(self, tx: Transaction, row: dict[str, Any], version: int) -> dict[str, Any]:
        stamp = {"changed_at": tx.now, "changed_by": self.by, "checked_at": tx.now}
        return {**row, **stamp, "version": version}

    async def _mark(self, tx: Transaction, rows: Sequence[Row]) -> None:
        """Gather the blocks in which these rows are said."""
        if self.kind in IN_VILLAGES:
            self.blocks |= {row["village_code"] for row in rows}
        if self.kind == "rosters":
            self.blocks |= {row["block"] for row in rows}
        if self.kind in IN_DISTRICT and rows:
            self.blocks.add(DISTRICT_BLOCK)
        if self.kind == "recipients":
            turns = await self._blocks_by_person(tx)
            self.blocks.update(*(turns.get(row["recipient_id"], ()) for row in rows))
        if self.kind == "units":
            mine = store.STATIONS.c.unit.in_([row["code"] for row in rows])
            self.blocks |= set(
                (await tx.execute(select(store.STATIONS.c.village_code).where(mine))).scalars()
            )

    async def _blocks_by_person(self, tx: Transaction) -> dict[str, set[str]]:
        """Return in which blocks somebody stands on a roster."""
        if self._turns is None:
            self._turns = {}
            statement = select(store.ROSTERS.c.person, store.ROSTERS.c.block)
            for person, block in await tx.execute(statement):  # type: ignore[misc]
                self._turns.setdefault(person, set()).add(block)
        return self._turns


async def _block_of(tx: Transaction, turn: Row) -> str:
    """Return the block in which a turn is said: where its place lies."""
    kind, place = turn["place_kind"], str(turn["place"])
    if kind in ("district", "department"):
        return DISTRICT_BLOCK
    if kind in ("town", "village"):
        return place
    found = await store.known(tx, store.BY_KIND[PLACES[kind]], [place])
    if place not in found:
        raise Invalid("place", "is not in the registry", "import it first, or mend the code")
    return str(found[place]["village_code"])


async def remember(tx: Transaction, kind: str, rows: Sequence[Row]) -> None:
    """Keep rows in the history as they are, before they change."""
    key = store.key_of(store.BY_KIND[kind]).name
    past = [
        {
            "kind": kind,
            "key": row[key],
            "version": row["version"],
            "row": orjson.dumps({str(name): _plain(value) for name, value in row.items() if name != "cell"}),
            "changed_at": row["changed_at"],
            "changed_by": row["changed_by"],
            "replaced_at": tx.now,
        }
        for row in rows
    ]
    if past:
        await tx.execute(store.HISTORY.insert(), past)


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
