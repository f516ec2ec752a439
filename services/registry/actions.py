"""What can be done with the registry: one function for each verb, one transaction in each."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Table, update

from contracts.values import Mode, Ring
from services.kit import proposals
from services.kit.crypto import CryptoProvider, new_api_key
from services.kit.db import Database, Transaction
from services.kit.errors import Fault, Invalid, NotFound
from services.kit.proposals import Proposal
from services.registry import cells, store
from services.registry.model import IssuedKey, Recipient, Row, Station
from services.registry.publishing import PHONE_CONTEXT, publish


@dataclass(frozen=True)
class Change:
    """What an import changes, or would change."""

    kind: str
    added: int
    changed: int
    unchanged: int
    blocks: int


async def take_in(
    db: Database,
    crypto: CryptoProvider,
    kind: str,
    rows: Sequence[Row],
    *,
    by: str,
    dry_run: bool = False,
    published: bool = True,
) -> Change:
    """Import rows of one kind, all or nothing, and publish the blocks that they change.

    Columns that the rows do not bring stay as they are. `published` is False when more follows at once.
    """
    prepared = await asyncio.to_thread(_prepare, crypto, kind, rows)
    brought = set().union(*(row.model_fields_set for row in rows)) | _DERIVED
    try:
        async with db.transaction() as tx:
            change = await _write(tx, kind, prepared, brought)
            if published and change.added + change.changed:
                change = replace(change, blocks=await publish(tx, crypto))
            if dry_run:
                raise _Trial(change)
            tx.record("registry.imported", actor=by, about=kind, added=change.added, changed=change.changed)
    except _Trial as trial:
        return trial.change
    return change


class _Trial(Exception):
    """Rolls back what was only tried."""

    def __init__(self, change: Change) -> None:
        super().__init__(change.kind)
        self.change = change


def _prepare(crypto: CryptoProvider, kind: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
    match kind:
        case "recipients":
            return [_recipient(crypto, row) for row in rows if isinstance(row, Recipient)]
        case "stations":
            absent = {"presence": "offline", "presence_at": None}
            return [row.model_dump(mode="json") | absent for row in rows if isinstance(row, Station)]
        case "towns" | "villages":
            cell = {"cell": "[]", "cell_quality": "approximate"}
            return [row.model_dump(mode="json") | cell for row in rows]
        case _:
            return [row.model_dump(mode="json") for row in rows]


def _recipient(crypto: CryptoProvider, row: Recipient) -> dict[str, Any]:
    plain = row.model_dump(mode="json")
    phone = plain.pop("phone")
    return plain | {
        "phone_sealed": crypto.seal(phone.encode(), PHONE_CONTEXT) if phone else None,
        "phone_hash": crypto.keyed_hash(phone).hex() if phone else None,
    }


_DERIVED = {"phone_hash", "phone_sealed"}
"""Columns made from those that an import brings."""


async def _write(tx: Transaction, kind: str, rows: list[dict[str, Any]], brought: set[str]) -> Change:
    table = store.BY_KIND[kind]
    (key,) = table.primary_key.columns
    before = await store.known(tx, table, [row[key.name] for row in rows])
    await _check_references(tx, kind, rows)
    fresh = [row for row in rows if row[key.name] not in before]
    merged = [_merge(before[row[key.name]], row, brought) for row in rows if row[key.name] in before]
    changed = [row for row in merged if row is not None]
    await store.replace(tx, table, [*fresh, *changed])
    if kind in ("towns", "villages") and (fresh or changed):
        await _draw_cells(tx)
    return Change(kind, len(fresh), len(changed), len(rows) - len(fresh) - len(changed), blocks=0)


def _merge(before: Mapping[str, Any], row: Mapping[str, Any], brought: set[str]) -> dict[str, Any] | None:
    """Return the row as it will be, None when nothing changes; a seal differs each time and says nothing."""
    given = {name: value for name, value in row.items() if name in brought}
    if all(before[name] == value for name, value in given.items() if name != "phone_sealed"):
        return None
    return {**before, **given}


_REFERENCES: dict[str, tuple[str, Table]] = {
    "villages": ("town_code", store.TOWNS),
    "stations": ("village_code", store.VILLAGES),
    "recipients": ("village_code", store.VILLAGES),
}


async def _check_references(tx: Transaction, kind: str, rows: list[dict[str, Any]]) -> None:
    """Refuse rows that lie in a place which is not in the registry."""
    if kind not in _REFERENCES:
        return
    column, table = _REFERENCES[kind]
    there = await store.known(tx, table, sorted({row[column] for row in rows}))
    faults = [
        Fault(f"line {line}, {column}", "is not in the registry", "import the place first, or mend the code")
        for line, row in enumerate(rows, start=2)
        if row[column] not in there
    ]
    if faults:
        raise Invalid.of(faults[:1000])


async def _draw_cells(tx: Transaction) -> None:
    """Compute the approximate cells anew, leaving surveyed outlines alone."""
    villages = await store.all_of(tx, store.VILLAGES)
    towns = await store.all_of(tx, store.TOWNS)
    if not villages:
        return
    points = {code: (row["lon"], row["lat"]) for code, row in villages.items()}
    drawn = await asyncio.to_thread(cells.village_cells, points)
    town_of = {code: row["town_code"] for code, row in villages.items()}
    outlines = await asyncio.to_thread(cells.town_cells, drawn, town_of)
    for table, rows, rings in ((store.VILLAGES, villages, drawn), (store.TOWNS, towns, outlines)):
        rough = [row for code, row in rows.items() if code in rings and row["cell_quality"] == "approximate"]
        redrawn = [row | {"cell": orjson.dumps(rings[row["code"]]).decode()} for row in rough]
        await store.replace(tx, table, redrawn)


async def take_in_outlines(
    db: Database, crypto: CryptoProvider, outlines: Mapping[str, Ring], *, by: str
) -> int:
    """Replace approximate cells by surveyed outlines; return how many blocks changed."""
    async with db.transaction() as tx:
        for table, length in ((store.TOWNS, 9), (store.VILLAGES, 12)):
            codes = [code for code in outlines if len(code) == length]
            rows = await store.known(tx, table, codes)
            missing = [
                Fault(code, "is not in the registry", "mend the code") for code in codes if code not in rows
            ]
            if missing:
                raise Invalid.of(missing)
            drawn = [
                row | {"cell": orjson.dumps(outlines[code]).decode(), "cell_quality": "surveyed"}
                for code, row in rows.items()
            ]
            await store.replace(tx, table, drawn)
        tx.record("registry.outlined", actor=by, outlines=len(outlines))
        return await publish(tx, crypto)


async def issue_keys(
    db: Database, crypto: CryptoProvider, owners: Sequence[str], modes: Sequence[Mode], *, by: str
) -> list[IssuedKey]:
    """Issue a key in each mode for each station or gateway; the secrets are seen here and never again.

    Earlier keys stay good until they are revoked, so that a key is changed without a gap.
    """
    async with db.transaction() as tx:
        return await _issue(tx, crypto, owners, modes, by)


async def _issue(
    tx: Transaction,
    crypto: CryptoProvider,
    owners: Sequence[str],
    modes: Sequence[Mode],
    by: str,
    proposed_by: str | None = None,
) -> list[IssuedKey]:
    await _known_owners(tx, owners)
    issued, rows = [], []
    for owner, mode in itertools.product(owners, modes):
        key_id, key, sha256 = new_api_key(mode)
        row = {"key_id": key_id, "owner": owner, "mode": mode, "sha256": sha256}
        rows.append({**row, "issued_at": tx.now, "revoked_at": None})
        issued.append(IssuedKey(key_id=key_id, owner=owner, mode=mode, key=key))
    await tx.execute(store.KEYS.insert(), rows)
    about = owners[0] if len(owners) == 1 else None
    keys = len(issued)
    tx.record("key.issued", actor=by, about=about, owners=len(owners), keys=keys, proposed_by=proposed_by)
    await publish(tx, crypto)
    return issued


async def _known_owners(tx: Transaction, owners: Sequence[str]) -> None:
    there = {
        *await store.known(tx, store.STATIONS, owners),
        *await store.known(tx, store.GATEWAYS, owners),
    }
    for owner in owners:
        if owner not in there:
            raise NotFound(f"there is no station or gateway {owner}")


KEYS = "keys"
"""The kind of a proposal to issue keys."""


async def propose_keys(db: Database, owner: str, modes: Sequence[Mode], *, by: str) -> Proposal:
    """Propose keys for a station or gateway; none is made before another operator confirms it."""
    async with db.transaction() as tx:
        await _known_owners(tx, [owner])
        wanted = {"modes": [str(mode) for mode in dict.fromkeys(modes)]}
        return await proposals.propose(tx, store.PROPOSALS, KEYS, owner, wanted, by)


async def confirm_keys(
    db: Database, crypto: CryptoProvider, proposal_id: UUID, *, by: str
) -> list[IssuedKey]:
    """Issue the keys that another operator proposed; whoever confirms sees them, once."""
    async with db.transaction() as tx:
        found = await proposals.confirm(tx, store.PROPOSALS, proposal_id, by)
        modes = [Mode(mode) for mode in found.wanted["modes"]]
        return await _issue(tx, crypto, [found.about], modes, by, found.proposed_by)


async def decline_keys(db: Database, proposal_id: UUID, *, by: str) -> Proposal:
    """Decline a proposal, or take one's own back."""
    async with db.transaction() as tx:
        return await proposals.decline(tx, store.PROPOSALS, proposal_id, by)


async def revoke_key(db: Database, crypto: CryptoProvider, owner: str, key_id: str, *, by: str) -> None:
    """Make a key dead at once."""
    async with db.transaction() as tx:
        mine = (store.KEYS.c.key_id == key_id) & (store.KEYS.c.owner == owner)
        statement = update(store.KEYS).where(mine, store.KEYS.c.revoked_at.is_(None))
        if (await tx.execute(statement.values(revoked_at=tx.now))).rowcount == 0:
            raise NotFound("there is no such key in use")
        tx.record("key.revoked", actor=by, about=owner, key_id=key_id)
        await publish(tx, crypto)


async def note_presence(tx: Transaction, station: str, presence: str, at: datetime) -> None:
    """Keep the newest presence of a station."""
    older = store.STATIONS.c.presence_at.is_(None) | (store.STATIONS.c.presence_at < at)
    statement = update(store.STATIONS).where(store.STATIONS.c.code == station, older)
    await tx.execute(statement.values(presence=presence, presence_at=at))
