"""The auditor's map of a warning: what each village had come to at a chosen moment, and its replay."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from contracts.values import Channel
from services.audit.actions import story
from services.audit.actions.story import Outcomes
from services.audit.api.outcomes import At, Revision, moment_of
from services.audit.api.parts import Auditor, Given
from services.audit.desk.page import Wanted, page
from services.audit.model.replay import Shown, Track, by_town, counts
from services.audit.say import story as say_story
from services.kit.clock import BEIJING

router = APIRouter(include_in_schema=False)

SOON = (10, 60, 300, 600, 1800)
"""Seconds after the approval that one often wants to see."""


@router.get("/audit/warnings/{warning_id}/map")
async def outcomes(
    request: Request,
    warning_id: UUID,
    given: Given,
    _: Auditor,
    revision: Revision = None,
    channel: Wanted = "",
    at: At = "",
) -> HTMLResponse:
    """Show the map, the counts, and every town with its villages."""
    way = channel if channel in list(Channel) else Channel.STATION.value
    silent_after = given.formulas.received_within
    found = await story.outcomes(given.db, str(warning_id), silent_after, revision, way)
    moment = moment_of(at) or found.end
    ms = found.ms(moment)
    begin = found.revision.approved_at
    return page(
        "map",
        request,
        found=found,
        at=moment,
        typed=moment.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M:%S"),
        step=sum(one <= ms for one in found.moments[1:]),
        tally=counts(found.tracks, ms),
        towns=[_town(found, code, tracks, ms) for code, tracks in by_town(found.tracks).items()],
        states=list(Shown),
        letters=say_story.LETTERS,
        revisions=sorted({number for number, _ in found.choices}),
        ways=sorted({name for _, name in found.choices}),
        soon=[(s, begin + timedelta(seconds=s)) for s in SOON if begin + timedelta(seconds=s) <= found.end],
    )


def _town(found: Outcomes, code: str, tracks: list[Track], ms: int) -> dict[str, Any]:
    name = found.names.get(f"{code}000", code)
    squares = [(one.target, _short(found, one, name), one.at(ms)) for one in tracks]
    return {"code": code, "name": name, "tally": counts(tracks, ms), "squares": squares}


def _short(found: Outcomes, one: Track, town: str) -> str:
    """Return a village's name without its town's, which stands beside it."""
    return found.names.get(one.target, one.target).removeprefix(town)
