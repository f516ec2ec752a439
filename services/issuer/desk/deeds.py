"""Deeds: what buttons on a warning's page do. Each calls one action; what it refuses is shown on the page."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from contracts.values import Level
from services.issuer import actions, store
from services.issuer.api import IssuerParts, Parts, SignedIn
from services.issuer.desk.asked import answers, asked, choices, kept
from services.issuer.desk.beside import since
from services.issuer.desk.consent import agrees, sentence
from services.issuer.desk.face import Typed, show_warning
from services.issuer.desk.page import wording
from services.issuer.desk.parts import DeskParts
from services.issuer.desk.reason import words_of
from services.issuer.model import Person, State, WeatherWarning
from services.issuer.model.reviews import Cause, Verdict
from services.kit import forms
from services.kit.errors import Fault, Invalid, Refused, Retry

router = APIRouter(include_in_schema=False)

LONGEST_REASON = 500
UNSEEN = "The list could not be compared with the registry."
"""What an approver says when the router was away, in words that catalogues have."""
TYPED = ("reason", "typed", "agreed", "unseen", "comment", "note")

Deed = Callable[[Request, Parts, WeatherWarning, Person], Awaitable[str]]
"""Does it, and returns the address to go to."""


@router.post("/warnings/{warning_id}/{deed}")
async def take(
    request: Request, warning_id: UUID, deed: str, parts: IssuerParts, desk: DeskParts, by: SignedIn
) -> Response:
    """Do it and show what came of it; refused, show the page again with why, and what was typed."""
    doing = DEEDS.get(deed)
    form = await forms.read(request)
    revision = str(form.get("revision", ""))
    async with parts.db.read() as connection:
        number = int(revision) if revision.isdecimal() and len(revision) < 7 else None
        warning = await store.warnings.get(connection, warning_id, number)
    try:
        if doing is None:
            raise Refused("there is no such deed", mend="use the buttons of the page")
        then = await doing(request, parts, warning, by)
    except (Refused, Retry) as error:
        typed = Typed(deed, kept=choices(form), **{name: str(form.get(name, "")) for name in TYPED})
        return await show_warning(request, parts, desk, by, warning, error=error, typed=typed)
    return RedirectResponse(then, status_code=303)


async def _submit(_: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    await actions.submit(parts.db, parts.press, parts.reach, warning.warning_id, by, warning.version)
    return f"/warnings/{warning.warning_id}"


async def _approve(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    """Approve what the form showed: the hashes come from it, so that a later edit is refused."""
    form = await forms.read(request)
    say = wording(request, parts)
    if warning.state is not State.REVIEW or warning.manifest is None:
        raise Refused(f"revision {warning.revision} is {warning.state}, not in review")
    question, faults = await asked(parts, warning), []
    if form.get("agreed") != "yes":
        faults.append(Fault("agreed", "the sentence is not ticked", "tick it once you have read everything"))
    if not agrees(str(form.get("typed", "")), question, say):
        faults.append(Fault("statement", "these are not the words", "type the words shown beside the field"))
    unseen = bool((await since(parts, warning)).away)
    if unseen and form.get("unseen") != "yes":
        why = "the router cannot be asked whether the registry changed"
        faults.append(Fault("unseen", why, "say that you approve the pinned list as it is, or try again"))
    if faults:
        raise Invalid.of(faults)
    unseen_too = say.say(UNSEEN) if unseen else ""
    said = [sentence(question, say), unseen_too, answers(form, question, say)]
    new = await actions.approve(
        parts.db,
        parts.press,
        warning.warning_id,
        by,
        content_sha256=str(form.get("content_sha256", "")),
        manifest_sha256=str(form.get("manifest_sha256", "")),
        statement=" ".join(filter(None, said)),
        beside=kept(form),
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


async def _recolour(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    """Begin an update, and show its sheet in the colour that was pressed."""
    level = await _level(request)
    return f"{await _update(request, parts, warning, by)}?level={level}"


async def _mix(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    """Begin an update, and show where towns are given another colour."""
    await _update(request, parts, warning, by)
    return f"/warnings/{warning.warning_id}#split-level"


async def _level(request: Request) -> Level:
    level = str((await forms.read(request)).get("level", ""))
    if level not in list(Level):
        raise Invalid("level", "is missing", "choose a colour")
    return Level(level)


async def _split(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    form, level = await forms.read(request), await _level(request)
    part = await actions.split(
        parts.db,
        parts.press,
        parts.reach,
        warning.warning_id,
        by,
        version=warning.version,
        towns=[str(town) for town in form.getlist("towns")],
        level=level,
    )
    return f"/warnings/{part.warning_id}/edit"


async def _correct(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    await actions.correct(parts.db, parts.press, warning.warning_id, by, await _reason(request))
    return f"/warnings/{warning.warning_id}"


async def _lift(_: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    await actions.cancel(parts.db, parts.catalogue, warning.warning_id, by)
    return f"/warnings/{warning.warning_id}"


async def _update_all(_: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    await actions.update_all(parts.db, parts.catalogue, warning.warning_id, by)
    return f"/warnings/{warning.warning_id}"


async def _lift_all(_: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    await actions.lift_all(parts.db, parts.catalogue, warning.warning_id, by)
    return f"/warnings/{warning.warning_id}"


async def _submit_in_emergency(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    why, seen = await _reason(request), warning.version
    await actions.submit(parts.db, parts.press, parts.reach, warning.warning_id, by, seen, why)
    return f"/warnings/{warning.warning_id}"


async def _comment(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    said = await _reason(request, "comment")
    await actions.comment(parts.db, parts.catalogue, warning.warning_id, warning.revision, by, said)
    return f"/warnings/{warning.warning_id}?revision={warning.revision}#story"


async def _review(request: Request, parts: Parts, warning: WeatherWarning, by: Person) -> str:
    form = await forms.read(request)
    cause, verdict = str(form.get("cause", "")), str(form.get("verdict", ""))
    if cause not in set(Cause) or verdict not in set(Verdict):
        raise Invalid("verdict", "is missing", "choose what you found")
    key = (warning.warning_id, warning.revision, Cause(cause), by)
    note = await _reason(request, "note")
    await actions.review(parts.db, parts.catalogue, *key, verdict=Verdict(verdict), note=note)
    return f"/warnings/{warning.warning_id}?revision={warning.revision}"


async def _reason(request: Request, field: str = "reason") -> str:
    return words_of(field, str((await forms.read(request)).get(field, "")), LONGEST_REASON)


DEEDS: dict[str, Deed] = {
    "submit": _submit,
    "submit-emergency": _submit_in_emergency,
    "comment": _comment,
    "review": _review,
    "approve": _approve,
    "return": _send_back,
    "reject": _reject,
    "halt": _halt,
    "update": _update,
    "recolour": _recolour,
    "mix": _mix,
    "correct": _correct,
    "split": _split,
    "lift": _lift,
    "update-all": _update_all,
    "lift-all": _lift_all,
}
