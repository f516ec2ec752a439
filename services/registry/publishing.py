"""Blocks: what changed in the tables is sealed, addressed by content and said, block by block."""

import asyncio
import base64
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import orjson
from sqlalchemy import select

from contracts.canonical import canonical_bytes
from contracts.registry import (
    BLOCK_CONTEXT,
    AccountEntry,
    BlockChanged,
    DistrictBlock,
    GatewayEntry,
    KeyHash,
    RecipientEntry,
    StationEntry,
    TownBlock,
    VillageBlock,
)
from contracts.values import Value
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction
from services.kit.errors import Refused
from services.registry import store

PHONE_CONTEXT = b"yutian/phone"
MOST_SEALED = 512_000
"""A block of one village must fit into one message."""

Rows = Iterable[dict[str, Any]]


async def publish(tx: Transaction, crypto: CryptoProvider, villages: Collection[str] | None = None) -> int:
    """Say every block whose content changed (of these villages, or all); return how many did."""
    plain = await _blocks(tx, crypto, villages)
    before = await store.known(tx, store.BLOCKS, list(plain))
    changed = 0
    for key, content in sorted(plain.items()):
        plain_hash = crypto.keyed_hash(hashlib.sha256(content).hexdigest()).hex()
        if key in before and before[key]["plain_hash"] == plain_hash:
            continue
        sealed = await asyncio.to_thread(crypto.seal, content, BLOCK_CONTEXT)
        if len(sealed) > MOST_SEALED:
            raise Refused(f"the block of {key} is too big for a message", mend="divide the village's list")
        address = hashlib.sha256(sealed).hexdigest()
        row = {"block": key, "plain_hash": plain_hash, "sha256": address, "changed_at": tx.now}
        await store.replace(tx, store.BLOCKS, [row])
        body = base64.b64encode(sealed).decode()
        tx.emit(BlockChanged(block=key, sha256=address, sealed=body, at=tx.now))
        changed += 1
    return changed


async def _blocks(tx: Transaction, crypto: CryptoProvider, only: Collection[str] | None) -> dict[str, bytes]:
    keys = _keys_by_owner((await store.all_of(tx, store.KEYS)).values())
    stations = _by_village((await store.all_of(tx, store.STATIONS)).values())
    blocks: dict[str, Value] = {"district": await _district(tx, keys)}
    for town in (await store.all_of(tx, store.TOWNS)).values():
        blocks[town["code"]] = _town(town)
    for village in (await store.all_of(tx, store.VILLAGES)).values():
        if only is None or village["code"] in only:
            people = await _people(tx, crypto, village["code"])
            entries = tuple(_station(row, keys) for row in stations[village["code"]])
            blocks[village["code"]] = _village(village, entries, people)
    return {key: canonical_bytes(block) for key, block in blocks.items()}


def _keys_by_owner(rows: Rows) -> dict[str, tuple[KeyHash, ...]]:
    grouped: dict[str, list[KeyHash]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: r["key_id"]):
        if row["revoked_at"] is None:
            grouped[row["owner"]].append(
                KeyHash(key_id=row["key_id"], mode=row["mode"], sha256=row["sha256"])
            )
    return {owner: tuple(found) for owner, found in grouped.items()}


def _by_village(rows: Rows) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: r["code"]):
        grouped[row["village_code"]].append(row)
    return grouped


async def _district(tx: Transaction, keys: dict[str, tuple[KeyHash, ...]]) -> DistrictBlock:
    gateways = (await store.all_of(tx, store.GATEWAYS)).values()
    accounts = (await store.all_of(tx, store.ACCOUNTS)).values()
    return DistrictBlock(
        gateways=tuple(GatewayEntry(**g, keys=keys.get(g["gateway_id"], ())) for g in _sorted(gateways)),
        accounts=tuple(AccountEntry(**a) for a in _sorted(accounts)),
    )


def _sorted(rows: Rows) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(next(iter(row.values()))))


def _town(row: dict[str, Any]) -> TownBlock:
    return TownBlock(
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        is_street=row["kind"] == "street",
        seat=(row["lon"], row["lat"]),
        population=row["population"],
        cell=orjson.loads(row["cell"]),
        cell_quality=row["cell_quality"],
    )


def _village(
    row: dict[str, Any], stations: tuple[StationEntry, ...], people: tuple[RecipientEntry, ...]
) -> VillageBlock:
    return VillageBlock(
        code=row["code"],
        name=row["name"],
        town_code=row["town_code"],
        is_community=row["kind"] == "community",
        position=(row["lon"], row["lat"]),
        position_quality=row["position"],
        cell=orjson.loads(row["cell"]),
        stations=stations,
        recipients=people,
    )


def _station(row: dict[str, Any], keys: dict[str, tuple[KeyHash, ...]]) -> StationEntry:
    return StationEntry(
        code=row["code"],
        name=row["name"],
        station_class=row["station_class"],
        keys=keys.get(row["code"], ()),
        duty_name=row["duty_name"],
    )


async def _people(tx: Transaction, crypto: CryptoProvider, village: str) -> tuple[RecipientEntry, ...]:
    table = store.RECIPIENTS
    statement = select(table).where(table.c.village_code == village).order_by(table.c.recipient_id)
    rows = (await tx.execute(statement)).mappings().all()
    return await asyncio.to_thread(lambda: tuple(_person(crypto, dict(row)) for row in rows))


def _person(crypto: CryptoProvider, row: dict[str, Any]) -> RecipientEntry:
    sealed = row["phone_sealed"]
    return RecipientEntry(
        recipient_id=row["recipient_id"],
        name=row["name"],
        role=row["role"],
        groups=tuple(row["groups"].split()),
        phone=crypto.unseal(sealed, PHONE_CONTEXT).decode() if sealed else None,
        operator=row["operator"],
        openid=row["openid"],
        station=row["station"],
    )
