"""What a gateway watches: halts, and how it stands."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse

from contracts.values import Mode
from services.channels.pull.gateways import bell
from services.channels.pull.gateways.actions import seen
from services.channels.pull.gateways.api import views
from services.channels.pull.gateways.api.door import PREFIX, TAG, Called, Given, answer
from services.channels.pull.gateways.api.poll import poll
from services.channels.pull.gateways.store import gateways, halts
from services.kit.clock import beijing

router = APIRouter(prefix=PREFIX, tags=[TAG])


@router.get("/halts", summary="What to stop now", response_model=views.Halts)
async def list_halts(
    request: Request,
    given: Given,
    called: Called,
    after: Annotated[int, Query(ge=0, lt=2**63, description="`next` of the last answer")] = 0,
    wait: Annotated[float, Query(ge=0, le=60, description="Seconds to wait for the next one")] = 0,
) -> Response:
    """List the warnings of which nothing more may go out, up to a revision, and why."""
    rows = await poll(
        request,
        given,
        bell.halts(called.gateway, called.mode),
        wait,
        lambda: halts.after(given.db, called.gateway, called.mode, after),
    )
    if rows and called.mode is Mode.DRILL:
        await seen.halts_read(given, called.gateway, [row["warning_id"] for row in rows])
    data = [
        {
            "id": row["position"],
            "warning_id": row["warning_id"],
            "revision": row["revision"],
            "reason": row["reason"],
            "at": beijing(row["at"]),
        }
        for row in rows
    ]
    last = data[-1]["id"] if data else min(after, await halts.newest(given.db))
    return answer(given, data=data, has_more=len(data) == halts.MOST, next=last)


@router.get("/status", summary="How this gateway stands", response_model=views.Status)
async def status(request: Request, given: Given, called: Called) -> Response:
    """Show the work of the last 24 hours by state; as text for `Accept: text/plain`."""
    found = await gateways.status(given.db, called.gateway, called.mode)
    last_halt = await halts.last(given.db, called.gateway, called.mode)
    view = summary(found) | {"gateway": called.gateway, "mode": called.mode, "last_halt": last_halt}
    if request.headers.get("accept", "").startswith("text/plain"):
        lines = [f"{name:<20} {'-' if value is None else value}" for name, value in view.items()]
        return PlainTextResponse("\n".join(lines) + "\n")
    return answer(given, **view)


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """Return how a gateway stands, from its work of the last day."""
    work, pull, known = found["work"], found["pull"], found["gateway"] or {}
    ready = [row for row in work if row["state"] == "ready"]
    oldest = min((row["oldest"] for row in ready), default=None)
    items = dict.fromkeys(("ready", "leased", "done", "withdrawn", "expired", "dead"), 0)
    for row in work:
        items[row["state"]] += row["items"]
    return {
        "name": known.get("name"),
        "operator": known.get("operator"),
        **items,
        "ready_targets": sum(int(row["targets"]) for row in ready),
        "ready_urgent": sum(row["items"] for row in ready if row["priority"] <= 4),
        "oldest_ready": _moment(oldest),
        "last_pull": _moment(pull.last_at),
        "starved_since": _moment(pull.starved_at),
        "maintenance": maintenance(pull),
        "unmatched_receipts": found["unmatched"],
    }


def maintenance(pull: gateways.Pull) -> dict[str, str] | None:
    """Return the maintenance that a gateway has announced; None without one."""
    if pull.away_from is None or pull.away_until is None:
        return None
    begins, ends = beijing(pull.away_from), beijing(pull.away_until)
    return {"begins": begins, "ends": ends, "reason": pull.away_why or ""}


def _moment(at: Any) -> str | None:
    return beijing(at) if at else None
