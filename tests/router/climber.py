"""A process that climbs once, and may be killed: `python -m tests.router.climber url keys at where`."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from services.kit import failpoints
from services.kit.crypto import KeyFolder, SoftwareCrypto
from services.kit.db import Database
from services.kit.leadership import Leadership
from services.router.actions import beginning, climbing
from services.router.actions.hands import LEASE, Hands
from services.router.actions.library import Library
from services.router.actions.rulebook import ESCALATION, Rulebook
from tests.clock import HandClock
from tests.router.duty_make import SomeEars


async def climb(url: str, keys: str, moment: str) -> None:
    """Take the lead and do what is due at a moment."""
    clock = HandClock(datetime.fromisoformat(moment))
    db = Database("router", url, clock)
    leadership = Leadership(db, f"process-{moment}")
    if not await leadership._claim(LEASE):
        raise SystemExit("another replica leads")
    crypto = SoftwareCrypto(KeyFolder(Path(keys)))
    hands = Hands(leadership, crypto, Library(crypto), Rulebook(db, "", ESCALATION), SomeEars(clock))
    while await beginning.open_climbs(db, hands) + await climbing.climb(db, hands):
        pass
    await db.close()


if __name__ == "__main__":
    failpoints.arm(sys.argv[4] if len(sys.argv) > 4 else "")
    asyncio.run(climb(*sys.argv[1:4]))
