"""HTTP in, comparison out: /api/v1/audit/reconcile, stretch by stretch below it, and /recount."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.audit.actions import reconcile, stretches, walk
from services.audit.actions.lately import Lately
from services.audit.actions.lately import lately as compare_lately
from services.audit.actions.reconcile import Reconciled, Sources
from services.audit.actions.stretches import Stretch
from services.audit.api.alarms import WatchView, watched
from services.audit.api.parts import Auditor, Given, Parts
from services.audit.api.views import DifferenceView, Time
from services.audit.store import looks, posting_check, questions

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])


class ReconciledView(BaseModel):
    """What was compared, up to where, and what did not add up."""

    adds_up: bool
    covers: Literal["lately", "warning", "stretch", "whole"] = Field(
        description="`lately`: the warnings of late, the ledger's place and heads, and the alarms that stand "
        "over everything else; `warning`: one; `stretch`: a piece of everything; `whole`: everything"
    )
    checked_at: Time
    position: int = Field(description="Records in the ledger at that moment")
    epoch: int
    sequence: int = Field(description="How far the ledger has read the stream")
    stream_last: int
    behind: int = Field(description="What the stream has and the ledger not yet: in flight")
    warnings: int = Field(description="How many were compared now")
    deliveries: int
    differences: list[DifferenceView]


class LatelyView(ReconciledView):
    """What is new, compared now; of everything else, what the watch has found and when it last looked."""

    standing: int | None = Field(
        None, description="Alarms that stand, over all of the ledger; of many only the newest are named"
    )
    fresh: int | None = Field(None, description="The first so many differences were found now")
    everything_at: Time | None = Field(
        None,
        description="Each walk over everything has come to its end at this moment or later; null while one "
        "of them never has, or when this answer is of one warning or of the whole",
    )
    watch: WatchView | None = Field(None, description="The last rounds, and how far each walk is")


class StretchView(ReconciledView):
    """A piece of everything, compared on one snapshot; `next` is the cursor of the next piece."""

    part: Literal["warnings", "issued", "records", "ledger"]
    upto: int = Field(description="The records up to which it counted, 0 in the other parts")
    has_more: bool
    next: str | None


class RecountedView(BaseModel):
    """What folding the records anew came to."""

    adds_up: bool
    warnings: int = Field(description="How many warnings were counted anew")
    differences: list[DifferenceView]


@router.get("/reconcile", summary="Compare what is new, and say what the watch knows of everything else")
async def compare(
    request: Request,
    given: Given,
    _: Auditor,
    warning: Annotated[UUID | None, Query(description="Only this one")] = None,
    whole: Annotated[bool, Query(description="Compute every record, hash and account anew")] = False,
    wait: Annotated[float, Query(ge=0, le=60, description="So many seconds for what is in flight")] = 0,
) -> LatelyView:
    """Return every difference, named; what is younger than the grace is on its way.

    Without `warning` and `whole` it costs the same however long the ledger is; the stretches go through all.
    """
    request.state.long = whole
    await reconcile.caught_up(given.db, given.stream, wait)
    if warning is not None:
        return LatelyView(**_shown(await _of_warning(given, str(warning), whole=whole), "warning"))
    return await (everything(given) if whole else lately(given))


@router.get("/reconcile/stretches", summary="Compare everything, a stretch at a time")
async def stretch(
    given: Given,
    _: Auditor,
    after: Annotated[str, Query(description="Cursor: `next` of the stretch before", max_length=120)] = "",
    limit: Annotated[int, Query(ge=1, le=100, description="Warnings in a stretch")] = stretches.AT_ONCE,
    wait: Annotated[float, Query(ge=0, le=60, description="So many seconds for what is in flight")] = 0,
) -> StretchView:
    """Return the differences of a stretch: warnings, what was issued, records, at last the ledger itself."""
    await reconcile.caught_up(given.db, given.stream, wait)
    return _stretch(await stretches.stretch(_sources(given), after, limit))


@router.get("/recount", summary="Fold the records of every warning anew, and compare with the books")
async def recount(
    request: Request,
    given: Given,
    _: Auditor,
    warning: Annotated[UUID | None, Query(description="Only this one")] = None,
) -> RecountedView:
    """Return every row of the books that the records do not come to."""
    request.state.long = True
    count, found = await walk.recounted(given.db, str(warning) if warning else None)
    shown = [DifferenceView.of(one) for one in found]
    return RecountedView(adds_up=not found, warnings=count, differences=shown)


async def lately(given: Parts) -> LatelyView:
    """Compare what is new; add what stands elsewhere, and when everything was last looked at."""
    found = await compare_lately(_sources(given))
    watch = await watched(given)
    return _lately(found, watch, issuer=given.issuer is not None)


def _lately(found: Lately, watch: WatchView, *, issuer: bool) -> LatelyView:
    walks = [one for one in watch.walks if issuer or one.name != looks.ISSUED]
    ends: list[datetime] = [one.through_at for one in walks if one.through_at is not None]
    return LatelyView(
        **_shown(found.found, "lately"),
        standing=watch.standing,
        fresh=found.fresh,
        everything_at=min(ends) if len(ends) == len(walks) else None,
        watch=watch,
    )


async def everything(given: Parts) -> LatelyView:
    """Compare everything, and compute every record, hash, account and list of hashes anew."""
    found = await stretches.everything(replace(_sources(given), signer=None))
    async with questions.snapshot(given.db) as connection:
        odd = await posting_check.postings_differ(connection)
    more = await walk.whole(given.db, given.signer, given.rules, given.grace, given.places, given.stream)
    return LatelyView(**_shown(replace(found, differences=[*found.differences, *odd, *more]), "whole"))


async def _of_warning(given: Parts, only: str, *, whole: bool) -> Reconciled:
    found = await reconcile.of_warning(_sources(given), only, recipients=whole)
    more = (await walk.recounted(given.db, only))[1]
    return replace(found, differences=[*found.differences, *more])


def _sources(given: Parts) -> Sources:
    return Sources(given.db, given.stream, given.grace, given.issuer, given.signer, given.places)


def _stretch(done: Stretch) -> StretchView:
    more = done.next is not None
    return StretchView(
        **_shown(done.found, "stretch"), part=done.part, upto=done.upto, has_more=more, next=done.next
    )


def _shown(found: Reconciled, covers: str) -> dict[str, object]:
    shown = [DifferenceView.of(difference) for difference in found.differences]
    return {**vars(found), "adds_up": found.adds_up, "covers": covers, "differences": shown}
