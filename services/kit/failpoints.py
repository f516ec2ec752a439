"""Points at which a test lets the process die, as a power cut would. Disarmed unless a setting arms one.

`YUTIAN_FAIL_AT=relay.published:router:2` kills the process when the relay of house `router` has published
for the second time. Between every two steps of outbox, relay, consume and acknowledge there is one point.
"""

import os
import signal
from dataclasses import dataclass

from services.kit.errors import Invalid

POINTS = (
    "outbox.written",
    "outbox.committed",
    "relay.read",
    "relay.published",
    "relay.marked",
    "consume.received",
    "consume.handled",
    "consume.committed",
    "consume.acknowledged",
    "push.claimed",
    "push.answered",
    "push.written",
    "ledger.heard",
    "ledger.appended",
    "ledger.committed",
    "deletion.emptied",
    "deletion.committed",
    "ledger.acknowledged",
    "reconcile.settled",
    "reconcile.told",
    "import.staged",
    "import.merged",
)


@dataclass
class _Armed:
    point: str
    house: str
    times: int


_armed: _Armed | None = None


def arm(wanted: str) -> None:
    """Arm a point: `point:house:times`; empty disarms. Raises Invalid for a point that is not there."""
    global _armed
    if not wanted:
        _armed = None
        return
    point, _, rest = wanted.partition(":")
    house, _, times = rest.partition(":")
    if point not in POINTS or not house or not (times or "1").isdigit():
        raise Invalid(
            "YUTIAN_FAIL_AT", "this setting is not point:house:times", f"use one of {', '.join(POINTS)}"
        )
    _armed = _Armed(point, house, int(times or 1))


def reach(point: str, house: str) -> None:
    """Die here if this point is armed for this house (`any` for all) and has been reached often enough."""
    if _armed is None or _armed.point != point or _armed.house not in (house, "any"):
        return
    _armed.times -= 1
    if _armed.times <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
