"""Conformance runs over HTTP: begun with a drill key, watched by the gateway's engineers."""

from fastapi import APIRouter, Response

from contracts.values import Mode
from services.channels.pull.gateways.actions import conformance as testing
from services.channels.pull.gateways.api import views
from services.channels.pull.gateways.api.door import PREFIX, TAG, Called, Given, answer, bounded
from services.channels.pull.gateways.model.conformance import CHECKS
from services.channels.pull.gateways.store import runs
from services.kit.clock import beijing
from services.kit.errors import Forbidden, NotFound
from services.kit.idempotency import idempotent_route

router = APIRouter(
    prefix=PREFIX, tags=[TAG], route_class=bounded(idempotent_route("gateways", sessions=False))
)


@router.post(
    "/conformance", status_code=201, summary="Begin a conformance run", response_model=views.Conformance
)
async def begin(given: Given, called: Called) -> Response:
    """Make fixed test work ready, one item for each check; lease it and do what each asks for.

    It takes a drill key. The numbers belong to nobody, the items say `conformance`: send them to nobody.
    """
    if called.mode is not Mode.DRILL:
        raise Forbidden("a conformance run is a drill", mend="use the drill key")
    await testing.begin(given, called.gateway)
    shown = await show(given, called)
    return Response(shown.body, 201, media_type="application/json")


@router.get("/conformance", summary="What this gateway passes", response_model=views.Conformance)
async def show(given: Given, called: Called) -> Response:
    """Show the newest run: each check, what to do for it, and when it was passed."""
    run = await runs.latest(given.db, called.gateway)
    if run is None:
        raise NotFound("there was no conformance run yet")
    return answer(given, gateway=called.gateway, begun_at=beijing(run.begun_at), **view(run))


def view(run: runs.Run) -> dict[str, object]:
    """Return the checks of a run, and whether all are passed."""
    checks = [
        {
            "check": check,
            "delivery_id": run.deliveries.get(check),
            "todo": todo,
            "passed_at": beijing(run.marks[check]) if check in run.marks else None,
        }
        for check, todo in CHECKS.items()
    ]
    return {"passed": all(check["passed_at"] for check in checks), "checks": checks}
