"""A process that deletes once, and may be killed: `python -m tests.audit.deleter url at where`."""

import asyncio
import sys
from datetime import datetime

from services.audit.actions.delete import LEASE, Deleter
from services.kit import failpoints
from services.kit.db import Database
from services.kit.leadership import Leadership
from tests.audit.keeping_make import RULES
from tests.clock import HandClock


async def step(url: str, moment: str) -> None:
    """Take the lead, and carry out what is listed."""
    db = Database("audit", url, HandClock(datetime.fromisoformat(moment)))
    leadership = Leadership(db, f"process-{moment}")
    if not await leadership._claim(LEASE):
        raise SystemExit("another replica leads")
    await Deleter(db, leadership, RULES).step()
    await db.close()


if __name__ == "__main__":
    failpoints.arm(sys.argv[3] if len(sys.argv) > 3 else "")
    asyncio.run(step(*sys.argv[1:3]))
