"""The clock of the Beidou fallback: who lacks a red warning, and one frame at a time for the card."""

import asyncio
import time
from datetime import timedelta

from services.channels.pull.stations.actions import beidou
from services.channels.pull.stations.actions.beidou import Fallback
from services.channels.pull.stations.beidou.card import Card, CardRules, SerialPort
from services.channels.pull.stations.beidou.serial import Device
from services.channels.pull.stations.settings import StationSettings
from services.kit.db import Database
from services.kit.errors import Refused, Retry
from services.kit.leadership import Leadership, LostLead
from services.kit.telemetry import log

LEAD = "beidou"
LOOK_S = 5.0


def fallback_of(settings: StationSettings) -> Fallback:
    """Return how frames are made; raise Refused when a port is set and what belongs to it is not."""
    key = bytes.fromhex(settings.stations_beidou_key.get_secret_value())
    if not key or not settings.stations_beidou_address:
        why = "a Beidou port is set, and its key or address is not"
        raise Refused(why, mend="set YUTIAN_STATIONS_BEIDOU_KEY and YUTIAN_STATIONS_BEIDOU_ADDRESS")
    after = timedelta(seconds=settings.stations_beidou_after_s)
    return Fallback(key, after, settings.stations_beidou_size)


async def watch(db: Database, leadership: Leadership, settings: StationSettings) -> None:
    """Look for ever, as long as this replica leads; a card that is unplugged is opened again."""
    fallback = fallback_of(settings)
    while True:
        port = None
        try:
            port = Device.open(settings.stations_beidou_port, settings.stations_beidou_baud)
            await serve(db, leadership, fallback, _card(port, settings))
        except LostLead:
            return
        except Retry as error:
            log.warning("Beidou waits", why=error.why)
            await asyncio.sleep(error.after or LOOK_S)
        finally:
            if port is not None:
                port.close()


def _card(port: SerialPort, settings: StationSettings) -> Card:
    rules = CardRules(
        settings.stations_beidou_address, settings.stations_beidou_size, settings.stations_beidou_interval_s
    )
    return Card(port, rules)


async def serve(
    db: Database, leadership: Leadership, fallback: Fallback, card: Card, look_s: float = LOOK_S
) -> None:
    """Plan and send; while the card rests, what others lack is planned all the same."""
    rested = 0.0
    while True:
        async with db.transaction() as tx:
            await leadership.guard(tx, LEAD)
            await beidou.plan(tx, fallback)
        while rested <= time.monotonic():
            wait_s = await beidou.send_next(db, card)
            if wait_s is None:
                break
            rested = time.monotonic() + wait_s
        await asyncio.sleep(look_s)
