"""Deeds: what buttons on a warning's page do. Each calls one action; what it refuses is shown on the page."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from contracts.values import Level
from services.issuer import actions, store
from services.issuer.api import IssuerParts, Parts, SignedIn
from services.issuer.desk.consent import agrees, sentence
from services.issuer.desk.face import Typed, show_warning
from services.issuer.desk.page import wording
from services.issuer.desk.parts import DeskParts
from services.issuer.model import Person, State, WeatherWarning
from services.kit.errors import Fault, Invalid, Refused, Retry

router = APIRouter(include_in_schema=False)

LONGEST_REASON = 500
Deed = Callable[[Request, Parts, WeatherWarning, Person], Awaitable[str]]
"""Does it, and returns the address to go to."""


@router.post("/warnings/{warning_id}/{deed}")
async def take(
    request: Request, warning_id: UUID, deed: str, parts: IssuerParts, desk: DeskParts, by: SignedIn
) -> Response:
    """Do it and show what came of it; refused, show the page again with why, and what was typed."""
    doing = DEEDS.get(deed)
    form = await request.form()
    revision = str(form.get("revision", ""))
    async with parts.db.read() as connection:
        number = int(revision) if revision.isdecimal() and len(revision) < 7 else None
        warning = await store.warnings.get(connection, warning_id, number)
    try:
        if doing is None:
            raise Refused("there is no such deed", mend="use the buttons of the page")
        then = await doing(request, parts, warning, by)
    except (Refused, Retry) as error:
        typed = Typed(deed, **{name: str(form.get(name, "")) for name in ("reason", "typed", "agreed")})
        return await show_warning(request, parts, desk, by, warning, error=error, typed=typed)
    return RedirectResponse(then, status_code=303)


async def _submit(_: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    await actions.submit(parts.db, parts.press, parts.reach, warning.warning_id, by, warning.version)
    return f"/warnings/{warning.warning_id}"


async def _approve(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    """Approve what the form showed: the hashes come from it, so that a later edit is refused."""
    form = await request.form()
    say = wording(request, parts)
    if warning.state is not State.REVIEW or warning.manifest is None:
        raise Refused(f"revision {warning.revision} is {warning.state}, not in review")
    faults = []
    if form.get("agreed") != "yes":
        faults.append(Fault("agreed", "the sentence is not ticked", "tick it once you have read everything"))
    if not agrees(str(form.get("typed", "")), warning, say):
        faults.append(Fault("statement", "these are not the words", "type the words shown beside the field"))
    if faults:
        raise Invalid.of(faults)
    new = await actions.approve(
        parts.db,
        parts.press,
        warning.warning_id,
        by,
        content_sha256=str(form.get("content_sha256", "")),
        manifest_sha256=str(form.get("manifest_sha256", "")),
        statement=sentence(warning, say),
    )
    return f"/warnings/{warning.warning_id}?revision={new.revision}"


async def _send_back(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    await actions.send_back(parts.db, parts.press, warning.warning_id, by, await _reason(request))
    return f"/warnings/{warning.warning_id}"


async def _reject(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    await actions.reject(parts.db, parts.press, warning.warning_id, by, await _reason(request))
    return f"/warnings/{warning.warning_id}?revision={warning.revision}"


async def _halt(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    halted = await actions.halt(parts.db, parts.catalogue, warning.warning_id, by, await _reason(request))
    return f"/warnings/{warning.warning_id}?revision={halted.revision}"


async def _update(_: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    await actions.update(parts.db, parts.catalogue, warning.warning_id, by)
    return f"/warnings/{warning.warning_id}/edit"


async def _split(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    form = await request.form()
    level = str(form.get("level", ""))
    if level not in list(Level):
        raise Invalid("level", "is missing", "choose a colour")
    part = await actions.split(
        parts.db,
        parts.press,
        parts.reach,
        warning.warning_id,
        by,
        version=warning.version,
        towns=[str(town) for town in form.getlist("towns")],
        level=Level(level),
    )
    return f"/warnings/{part.warning_id}/edit"


async def _correct(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    await actions.correct(parts.db, parts.press, warning.warning_id, by, await _reason(request))
    return f"/warnings/{warning.warning_id}"


async def _lift(_: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    await actions.cancel(parts.db, parts.catalogue, warning.warning_id, by)
    return f"/warnings/{warning.warning_id}"


async def _reason(request: Request) -> str:
    reason = " ".join(str((await request.form()).get("reason", "")).split())
    if not reason:
        raise Invalid("reason", "is empty", "say why in a few words")
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise Invalid(
            "reason", "is too long or cannot be printed", f"use at most {LONGEST_REASON} characters"
        )
    return reason


DEEDS: dict[str, Deed] = {
    "submit": _submit,
    "approve": _approve,
    "return": _send_back,
    "reject": _reject,
    "halt": _halt,
    "update": _update,
    "correct": _correct,
    "split": _split,
    "lift": _lift,
}
