"""Announced maintenance: a gateway says beforehand that it will not pull, and its silence is no alarm."""

from datetime import datetime, timedelta

from contracts.values import Mode
from services.channels.pull.gateways.actions.alarm import note_maintenance
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import gateways
from services.kit.errors import Invalid

LONGEST_AHEAD = timedelta(days=31)


async def announce(
    parts: Parts, gateway: str, mode: Mode, begins: datetime, ends: datetime, why: str
) -> None:
    """Note when a gateway will be away; a later word takes the place of the earlier one."""
    longest = parts.terms.longest_maintenance_h
    async with parts.db.transaction() as tx:
        if not begins < ends or ends <= tx.now:
            raise Invalid("ends", "is not after `begins`, or is over", "send a window that is yet to end")
        if ends - max(begins, tx.now) > timedelta(hours=longest):
            raise Invalid("ends", f"is more than {longest:g} hours later", "announce it in parts, or call us")
        if begins > tx.now + LONGEST_AHEAD:
            raise Invalid("begins", f"is more than {LONGEST_AHEAD.days} days ahead", "announce it later")
        await gateways.note_away(tx, gateway, mode, max(begins, tx.now), ends, why)
        note_maintenance(tx, gateway, mode, begins, ends, why)


async def withdraw(parts: Parts, gateway: str, mode: Mode) -> None:
    """Take an announcement back: the gateway is here again, and its silence an alarm."""
    async with parts.db.transaction() as tx:
        await gateways.note_away(tx, gateway, mode, None, None, None)
        note_maintenance(tx, gateway, mode, None, None, "")
