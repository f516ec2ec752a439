"""What stations that come by MQTT need: the hashes that nats-server checks, and how far each was told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.registry import KeyHash
from contracts.values import Mode
from services.channels.pull.stations.store.items import Key
from services.channels.pull.stations.store.tables import MQTT_CURSORS, MQTT_KEYS
from services.kit.db import Transaction


@dataclass(frozen=True)
class MqttKey:
    """A key with which a station may come by MQTT."""

    key_id: str
    station: Key
    bcrypt: str


async def learn(tx: Transaction, owners: Iterable[str], known: Mapping[str, Iterable[KeyHash]]) -> None:
    """Replace the keys of these stations by those that the registry has now."""
    await tx.execute(delete(MQTT_KEYS).where(MQTT_KEYS.c.owner.in_(list(owners))))
    rows = [
        {"key_id": key.key_id, "owner": owner, "mode": key.mode, "bcrypt": key.bcrypt}
        for owner, keys in known.items()
        for key in keys
        if key.bcrypt
    ]
    if rows:
        await tx.execute(insert(MQTT_KEYS), rows)


async def keys(connection: AsyncConnection) -> list[MqttKey]:
    """Return all keys, in one order."""
    rows = await connection.execute(select(MQTT_KEYS).order_by(MQTT_KEYS.c.key_id))
    return [MqttKey(row.key_id, (row.owner, Mode(row.mode)), row.bcrypt) for row in rows]


async def cursors(connection: AsyncConnection) -> dict[Key, int]:
    """Return up to which number each station was told by MQTT."""
    rows = await connection.execute(select(MQTT_CURSORS))
    return {(row.station, Mode(row.mode)): row.sequence for row in rows}


async def keep_cursors(tx: Transaction, told: Mapping[Key, int]) -> None:
    """Write up to which number these stations were told."""
    into = postgresql.insert(MQTT_CURSORS) if tx.postgres else sqlite.insert(MQTT_CURSORS)
    upsert = into.on_conflict_do_update(
        index_elements=[MQTT_CURSORS.c.station, MQTT_CURSORS.c.mode],
        set_={"sequence": into.excluded.sequence},
    )
    rows = [
        {"station": station, "mode": mode, "sequence": number}
        for (station, mode), number in sorted(told.items())
    ]
    if rows:
        await tx.execute(upsert, rows)
