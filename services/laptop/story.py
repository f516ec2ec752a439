"""What the demo issues: two warnings of the station's kind, by the people who may."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.kit.clock import BEIJING
from services.laptop.visitor import Visitor

ALL_TOWNS = tuple(
    f"500110{unit}"
    for unit in (
        *("001", "002", "003", "006", "007", "108", "109", "110", "111", "112", "113"),
        *("114", "115", "116", "117", "118", "119", "120", "121", "123", "124"),
    )
)
SOUTH = tuple(
    f"500110{unit}"
    for unit in ("108", "109", "110", "111", "112", "113", "116", "117", "118", "119", "120", "123")
)
"""The twelve towns of the second warning: the south, upstream of the district's seat."""

RAINSTORM = "11B03"
WHY_BOTH = "时段和区域不同，两条并存"
MOST_BESIDE = 20


@dataclass(frozen=True)
class Cast:
    """The people of the demo."""

    drafter: Visitor
    checker: Visitor
    signer: Visitor
    second: Visitor
    auditor: Visitor


NAMES = ("zhang", "li", "wang", "chen", "sun")
"""The user names of a cast, in its order."""


async def cast(stranger: Visitor, credentials: dict[str, Any]) -> Cast:
    """Sign everybody in."""
    known = {account["username"]: account for account in credentials["accounts"]}
    return Cast(*await asyncio.gather(*(stranger.signed_in(known[name]) for name in NAMES)))


def red(now: datetime) -> dict[str, Any]:
    """Return the first warning: a red rainstorm for all 21 towns."""
    return {
        "mode": "live",
        "hazard": RAINSTORM,
        "level": "RED",
        "selection": {"towns": list(ALL_TOWNS)},
        "window": _window(now, 3),
        "slots": {"amount": "100~150", "hourly": "60~80"},
        "observed": "过去3小时石壕镇、安稳镇雨量已超过80毫米",
    }


def orange(now: datetime) -> dict[str, Any]:
    """Return the second warning: an orange rainstorm for twelve towns."""
    return {
        "mode": "live",
        "hazard": RAINSTORM,
        "level": "ORANGE",
        "selection": {"towns": list(SOUTH)},
        "window": _window(now, 6),
        "slots": {"amount": "50~80", "hourly": "30~50"},
    }


def a_small_one() -> dict[str, Any]:
    """Return an orange rainstorm for one town: the least that reaches every channel."""
    return {**orange(datetime.now(UTC)), "selection": {"towns": list(ALL_TOWNS[:1])}}


def _window(now: datetime, hours: int) -> dict[str, str]:
    begin = now.astimezone(BEIJING).replace(second=0, microsecond=0)
    return {"begin": begin.isoformat(), "end": (begin + timedelta(hours=hours)).isoformat()}


async def among_others(drafter: Visitor, draft: dict[str, Any]) -> dict[str, Any]:
    """Return a draft that says of every other warning of its hazard in force that both are needed."""
    standing = await drafter.get("/api/v1/warnings", state="issued", mode=draft["mode"], limit=MOST_BESIDE)
    same = [one["warning_id"] for one in standing["data"] if one["hazard"]["code"] == draft["hazard"]]
    return {**draft, "beside": [{"reference": one, "reason": WHY_BOTH} for one in same]}


async def issue(drafter: Visitor, approvers: tuple[Visitor, ...], draft: dict[str, Any]) -> dict[str, Any]:
    """Draft, submit and approve; return the issued warning."""
    warning = await drafter.post("/api/v1/warnings", await among_others(drafter, draft))
    return await pass_review(drafter, approvers, warning)


async def pass_review(
    drafter: Visitor, approvers: tuple[Visitor, ...], warning: dict[str, Any]
) -> dict[str, Any]:
    """Submit a draft and let the approvers agree to exactly what they read."""
    path = f"/api/v1/warnings/{warning['warning_id']}"
    submitted = warning
    if warning["state"] == "draft":
        submitted = await drafter.post(f"{path}/submit")
    for approver in approvers:
        submitted = await approver.post(
            f"{path}/approve",
            {
                "content_sha256": submitted["content_sha256"],
                "manifest_sha256": submitted["manifest_sha256"],
                "statement": f"真实发布 {submitted['manifest']['count']} 个目标，已核对",
            },
        )
    found: dict[str, Any] = submitted
    return found


async def lift(drafter: Visitor, approvers: tuple[Visitor, ...], warning: dict[str, Any]) -> dict[str, Any]:
    """Lift a warning: an all-clear needs as many eyes as the warning did."""
    path = f"/api/v1/warnings/{warning['warning_id']}"
    lifting = await drafter.post(f"{path}/cancel", {"reason": "雨势减弱，危险解除"})
    return await pass_review(drafter, approvers, lifting)


async def differences(auditor: Visitor) -> list[Any]:
    """Return everything that differs, asked stretch after stretch."""
    found: list[Any] = []
    after: str | None = ""
    while after is not None:
        stretch = await auditor.get("/api/v1/audit/reconcile/stretches", after=after)
        found += stretch["differences"]
        after = stretch["next"]
    return found
