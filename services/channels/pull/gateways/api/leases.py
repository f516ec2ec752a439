"""Leases: ask for work, hold it longer, report on it."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response
from prometheus_client import Counter
from pydantic import BaseModel, ConfigDict, Field

from services.channels.pull.gateways import bell
from services.channels.pull.gateways.actions import lease as leasing
from services.channels.pull.gateways.actions import report as reporting
from services.channels.pull.gateways.api import views
from services.channels.pull.gateways.api.door import (
    PREFIX,
    TAG,
    Called,
    Given,
    StraightRoute,
    answer,
    bounded,
    caller,
    json_of,
    model_of,
)
from services.channels.pull.gateways.api.poll import poll
from services.channels.pull.gateways.model import results, said
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import batches, gateways
from services.kit.clock import beijing
from services.kit.idempotency import idempotent_route

# Answers with phone numbers must not be kept, so asking for work takes no Idempotency-Key: what an answer
# that got lost held comes back when its lease runs out.
router = APIRouter(prefix=PREFIX, tags=[TAG], route_class=bounded(StraightRoute))
extensions = APIRouter(
    prefix=PREFIX, tags=[TAG], route_class=bounded(idempotent_route("gateways", sessions=False))
)
reports = APIRouter(
    prefix=PREFIX,
    tags=[TAG],
    route_class=bounded(idempotent_route("gateways", sessions=False, route=StraightRoute)),
)

LEASED = Counter("yutian_sms_leased_total", "SMS batches and area orders leased", ["gateway", "mode"])
REPORTED = Counter("yutian_sms_reported_total", "Reports on SMS leases", ["gateway", "mode", "late"])

AGAIN_S = "5"
"""When to ask again after an answer that held nothing and was not waited for."""

Name = Annotated[str, Path(max_length=64, description="The lease, as it was given")]


class LeaseWanted(BaseModel):
    """How much work is wanted, and how long the answer may wait for it."""

    model_config = ConfigDict(extra="forbid")

    max_batches: int = Field(10, ge=1, le=100)
    wait_s: float = Field(0, ge=0, le=60, description="Seconds to wait when there is nothing yet")


class LongerWanted(BaseModel):
    """How much longer a lease is wanted, from now."""

    model_config = ConfigDict(extra="forbid")

    lease_s: float | None = Field(None, gt=0, le=3600)


@router.post(
    "/leases",
    summary="Lease work: red first, then age",
    response_model=views.Leased,
    openapi_extra=views.body_of(LeaseWanted),
)
async def lease(request: Request, given: Given, called: Called) -> Response:
    """Give the next batches and area orders to this gateway, each for a limited time.

    `sha256` is that of the bytes of `recipients` (or of `area`) as they stand in the answer: compact JSON.
    With the rendering `person` each recipient is `[number, token]`, and the token goes where `{1}` stands.
    """
    wanted = await model_of(request, LeaseWanted)
    await given.asks.count(f"{called.mode}/{called.gateway}")

    async def look() -> list[bytes]:
        await caller(request, given, called.gateway)  # a key may be revoked while its request waits
        await gateways.note_pull(given.db, called.gateway, called.mode)
        if not given.hands.busy and not await batches.waiting(given.db, called.gateway, called.mode):
            return []
        items: list[bytes] = await given.hands.submit(
            leasing.Wanted(called.gateway, called.mode, wanted.max_batches)
        )
        return items

    name = bell.work(called.gateway, called.mode)
    items = await poll(request, given, name, wanted.wait_s, look)
    if len(items) == wanted.max_batches:
        given.bells.wake(name)
    LEASED.labels(called.gateway, called.mode).inc(len(items))
    now = beijing(given.db.clock.now()).encode()
    body = b'{"data":[' + b",".join(items) + b'],"server_time":"' + now + b'"}'
    headers = {"cache-control": "no-store"}
    if not items:
        headers["retry-after"] = "0" if wanted.wait_s else AGAIN_S
    return Response(body, media_type="application/json", headers=headers)


@extensions.post("/leases/{lease}:extend", summary="Hold a lease longer", response_model=views.Extended)
async def extend(
    given: Given, called: Called, lease: Name, wanted: Annotated[LongerWanted | None, Body()] = None
) -> Response:
    """Leave work longer with this gateway, up to the longest time of a lease and the warning's expiry."""
    seconds = wanted.lease_s if wanted else None
    work = await leasing.extend(given, called.gateway, called.mode, lease, seconds)
    until = beijing(work.lease_until or work.expires)
    return answer(given, delivery_id=str(work.delivery_id), lease_until=until)


@reports.post(
    "/leases/{lease}:report",
    summary="Report results",
    response_model=views.Reported,
    openapi_extra=views.body_of(views.ReportBody),
)
async def report(request: Request, given: Given, called: Called, lease: Name) -> Response:
    """Take results: one state for all with exceptions, or one for each number, or a part of them.

    A report may be repeated, and may come after its lease has ended. A number that is not in the batch
    refuses the whole report, naming its place. What a partial report leaves out returns to the pool.
    """
    read = said.read_columns(await request.body()) or said.read_report(await json_of(request))
    job = reporting.Job(called.gateway, called.mode, lease, read)
    # A claim of an Idempotency-Key stands in the transaction of its own request, which no other may share.
    alone = "idempotency-key" in request.headers
    taken = await (_alone(given, job) if alone else given.hands.submit(job))
    REPORTED.labels(called.gateway, called.mode, taken.late).inc()
    work = taken.work
    tally = {str(state): count for state, count in results.tally(work.results).items()}
    return answer(
        given,
        delivery_id=str(work.delivery_id),
        state=work.state,
        late=taken.late,
        tally=tally,
        rest=work.queued,
    )


async def _alone(given: Parts, job: reporting.Job) -> reporting.Taken:
    async with given.db.transaction() as tx:
        (taken,) = await reporting.report_all(tx, given, [job])
    return taken
