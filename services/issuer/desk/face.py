"""A warning's page: its face, its targets, who must still agree, how far it has come, what I may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from contracts.outcome import Column
from contracts.values import Channel
from services.issuer import store
from services.issuer.actions.needing import steps_of
from services.issuer.api import IssuerParts, Parts, SignedIn
from services.issuer.api.named import Named
from services.issuer.desk.asked import Asked, asked
from services.issuer.desk.beside import beside, story_of
from services.issuer.desk.board import board
from services.issuer.desk.consent import phrase, sentence
from services.issuer.desk.page import fragment, page, summary, wording
from services.issuer.desk.parts import DeskParts
from services.issuer.desk.places import Gazetteer
from services.issuer.desk.possible import needed, possible
from services.issuer.desk.roads import Down
from services.issuer.desk.trial import length
from services.issuer.model import Account, Person, State, WeatherWarning, sms
from services.kit.errors import NotFound, Problem

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Typed:
    """What was typed into the form of a deed that was refused."""

    deed: str = ""
    reason: str = ""
    typed: str = ""
    agreed: str = ""
    unseen: str = ""
    comment: str = ""
    note: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Why others stay beside it, by reference."""


ANCHORS = {name: name for name in ("agreed", "unseen", "comment")} | {
    "statement": "typed",
    "reason": "reason",
    "alongside": "clashes",
    "beside": "clashes",
}


@router.get("/warnings/{warning_id}")
async def show(
    request: Request, warning: Named, parts: IssuerParts, desk: DeskParts, by: SignedIn
) -> HTMLResponse:
    """Show one revision, the newest when none is named."""
    return await show_warning(request, parts, desk, by, warning)


@router.get("/warnings/{warning_id}/board")
async def show_board(
    request: Request, warning: Named, parts: IssuerParts, desk: DeskParts, _: SignedIn
) -> JSONResponse:
    """Return the board anew, for the script that puts it in its place."""
    gazetteer = await desk.places.gazetteer()
    seen = await board(parts, warning, gazetteer)
    if seen is None:
        raise NotFound("this revision has not gone out")
    shown = {
        name: fragment(f"{name}.html", request=request, parts=parts, **_board(parts, warning, seen))
        for name in ("board", "silent")
    }
    shown["story"] = fragment("story.html", request=request, parts=parts, **await story_of(parts, warning))
    return JSONResponse(shown | {"places": seen.places})


async def show_warning(
    request: Request,
    parts: Parts,
    desk: DeskParts,
    by: Person,
    warning: WeatherWarning,
    *,
    error: Problem | None = None,
    typed: Typed | None = None,
) -> HTMLResponse:
    """Return the page of a revision, with what was wrong with the last deed on top."""
    async with parts.db.read() as connection:
        others = await store.warnings.revisions(connection, warning.warning_id)
        accounts = await store.people.accounts(connection)
        departments = await store.departments.every(connection)
    question = await asked(parts, warning)
    told = await story_of(parts, warning)
    gazetteer = await desk.places.gazetteer()
    seen = await board(parts, warning, gazetteer)
    return page(
        "warning.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, ANCHORS) if error else [],
        typed=typed or Typed(),
        others=others,
        together=question.together,
        clashes=question.clashes,
        gazetteer=gazetteer,
        acts=possible(parts.catalogue, warning, by, [(one.state, one.kind) for one in others]),
        authors=[told["names"].get(author, author) for author in warning.authors],
        by=by,
        **told,
        **_of(parts, warning, gazetteer),
        down=await _down(desk, warning),
        **_approval(request, parts, question, accounts, departments),
        **await beside(parts, warning, by, told["story"], gazetteer),
        **_board(parts, warning, seen),
    )


def _of(parts: Parts, warning: WeatherWarning, gazetteer: Gazetteer) -> dict[str, Any]:
    """Return what the page says of the warning itself: its colours, its length, whom it cannot reach now."""
    content, signature = warning.content, parts.press.signature
    return {
        "levels": parts.catalogue.hazard(content.hazard, content.product).levels,
        "length": length(content, signature),
        "mode": content.mode,
        "sms": sms(content, signature),
        "unreachable": gazetteer.unreachable(warning.manifest.villages) if warning.manifest else [],
    }


async def _down(desk: DeskParts, warning: WeatherWarning) -> Down:
    """Return the roads that are down, of a warning that waits for approval."""
    if warning.state is not State.REVIEW or warning.manifest is None:
        return Down()
    return await desk.roads.down({one.channel for one in warning.manifest.channels})


def _approval(
    request: Request,
    parts: Parts,
    question: Asked,
    accounts: list[Account],
    departments: dict[str, str],
) -> dict[str, Any]:
    """Return what the page says of approvals: those given, the one that is needed next, by whom."""
    say, warning = wording(request, parts), question.warning
    roles = needed(parts.catalogue, warning)
    taken = {*warning.authors, *(approval.by for approval in warning.approvals)}
    held = {one.username: one.roles | {f"department:{departments.get(one.username)}"} for one in accounts}
    could = [one for one in accounts if roles and held[one.username] & roles and one.username not in taken]
    waits = warning.state is State.REVIEW and warning.manifest is not None
    return {
        "steps": steps_of(parts.catalogue, warning),
        "needed": roles,
        "could": could,
        "phrase": phrase(question, say) if waits else "",
        "sentence": sentence(question, say) if waits else "",
    }


def _board(parts: Parts, warning: WeatherWarning, seen: Any) -> dict[str, Any]:
    return {
        "warning": warning,
        "board": seen,
        "columns": list(Column),
        "promised": parts.catalogue.promises.colours[warning.content.level],
        "station": Channel.STATION,
    }
