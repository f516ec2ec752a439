"""What departments do about warnings, over HTTP: each for itself, or by whoever took the call."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from contracts.printable import Line
from contracts.values import Mode
from services.kit.clock import beijing
from services.kit.errors import Forbidden
from services.kit.idempotency import idempotent_route
from services.kit.identity import Principal, needs
from services.registry import actions
from services.registry.api.given import READERS, Given
from services.registry.model.people import Act

router = APIRouter(prefix="/api/v1/registry", tags=["registry"], route_class=idempotent_route("registry"))

DEPARTMENT = "department"
RECORDERS = ("operator", "drafter", "checker", "signer")
Speaker = Annotated[Principal, Depends(needs(*RECORDERS, DEPARTMENT))]
Hearer = Annotated[Principal, Depends(needs(*READERS, DEPARTMENT))]


class Word(BaseModel):
    """What a department says about a warning."""

    model_config = ConfigDict(extra="forbid")

    warning_id: UUID
    act: Act
    note: Line = Field("", max_length=300)
    mode: Mode | None = Field(None, description="Refused when the warning is of the other mode")


class Said(BaseModel):
    """What a department said, when, and by whose hand."""

    department: str
    act: Act
    note: str
    by: str
    at: str


class ToAnswer(BaseModel):
    """A warning, and what departments said about it; a department sees its own words and what can follow."""

    warning_id: UUID
    mode: Mode
    level: str
    headline: str
    sent: str
    expires: str
    in_force: bool
    said: list[Said]
    next: list[Act]


@router.post("/departments/{department}/responses", status_code=201, summary="Write what a department says")
async def respond(department: str, word: Word, given: Given, someone: Speaker) -> dict[str, str]:
    """Write that a department received a warning, started or ended its response; a fact each time."""
    await speak(given, someone, department, word)
    return {"department": department, "act": word.act}


async def speak(given: Given, someone: Principal, department: str, word: Word) -> None:
    """Write a response; an account of a department speaks for that one alone."""
    if not someone.has(*RECORDERS) and department != someone.department:
        raise Forbidden("this account speaks for another department, or for none", mend="ask an operator")
    await actions.respond(
        given.db, department, word.warning_id, word.act, word.note, mode=word.mode, by=someone.username
    )


@router.get("/responses", summary="What departments said about a warning")
async def responses(given: Given, someone: Hearer, warning_id: UUID) -> list[dict[str, Any]]:
    """Return what was said, the newest first; to a department its own words."""
    rows = await actions.responses(given.db, warning_id=warning_id, department=own(someone))
    return [{**row, "at": beijing(row["at"])} for row in rows]


@router.get("/warnings", summary="The newest warnings, and what departments do about them")
async def warnings(given: Given, someone: Hearer, show: Literal["all", "in-force"] = "all") -> list[ToAnswer]:
    """Return warnings to respond to, live and drill, the newest first."""
    found = await actions.to_answer(given.db, own(someone))
    return [_view(row) for row in found if show == "all" or row["in_force"]]


def own(someone: Principal) -> str | None:
    """Return the department to whose words somebody is bound; None: to none."""
    if someone.has(*READERS):
        return None
    if not someone.department:
        raise Forbidden("this account belongs to no department yet", mend="ask an operator")
    return someone.department


def _view(row: dict[str, Any]) -> ToAnswer:
    said: Sequence[dict[str, Any]] = row["said"]
    return ToAnswer(
        **{name: row[name] for name in ("warning_id", "mode", "level", "headline", "in_force")},
        sent=beijing(row["sent"]),
        expires=beijing(row["expires"]),
        said=[Said(**{**_plain(one), "at": beijing(one["at"])}) for one in said],
        next=list(row["next"]),
    )


def _plain(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("department", "act", "note", "by")}
