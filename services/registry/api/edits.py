"""One row at a time over HTTP: changed, ended, found right; numbers shown."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.printable import Line
from services.kit.errors import Forbidden
from services.kit.idempotency import idempotent_route
from services.kit.identity import Principal
from services.registry import actions, intake
from services.registry.api.given import OF_PEOPLE, Given, Keeper, Operator, Parts
from services.registry.api.lists import one

PREFIX = "/api/v1/registry"
router = APIRouter(prefix=PREFIX, tags=["registry"], route_class=idempotent_route("registry"))

# Without Idempotency-Key: its store would hold the number in clear.
secret_router = APIRouter(prefix=PREFIX, tags=["registry"])


class Edit(BaseModel):
    """The fields of a row that change; the others stay as they are."""

    model_config = ConfigDict(extra="forbid")

    fields: dict[str, Line | int | float | bool | None] = Field(examples=[{"name": "李四"}])
    version: int | None = Field(
        None, description="The version that was read: refused when it is another one now"
    )


class Reason(BaseModel):
    """Why somebody must see a number."""

    reason: Line = Field(min_length=4, max_length=200)


class NewCode(BaseModel):
    """The code that a village has from today on, and its name if that is new too."""

    model_config = ConfigDict(extra="forbid")

    code: Line = Field(max_length=12, examples=["500110001099"])
    name: Line = Field("", max_length=60)


@router.post("/villages/{code}/recode", summary="Give a village another code")
async def recode(code: str, new: NewCode, given: Given, someone: Operator) -> dict[str, Any]:
    """End the old code and begin the new one; people, stations, keys, rosters and hazard points go along."""
    db, crypto = given.db, given.crypto
    moved = await actions.recode(db, crypto, code, new.code, by=someone.username, name=new.name)
    return {"code": new.code, "moved": moved}


@router.put("/{kind}/{key}", summary="Change or add a row")
async def put(
    kind: str, key: str, edit: Edit, given: Given, someone: Keeper, response: Response
) -> dict[str, Any]:
    """Change a row; kinds that give power answer 202 and wait for another operator."""
    fields = {**edit.fields, intake.row_of(kind).key: key}
    proposed = await changed(given, someone, kind, fields, edit.version)
    if proposed:
        response.status_code = 202
        return {"proposal_id": proposed}
    return await one(given, someone, kind, key)


async def changed(
    given: Parts, someone: Principal, kind: str, fields: dict[str, Any], version: int | None
) -> str | None:
    """Change a row as somebody who may; return the proposal when another operator must confirm it."""

    def may(row: Mapping[str, Any]) -> None:
        may_change(someone, kind, row)

    made = await actions.edit(
        given.db, given.crypto, kind, fields, by=someone.username, version=version, may=may
    )
    return made.proposal_id if made else None


def keeps(someone: Principal, kind: str) -> bool:
    """Tell whether somebody may change rows of a kind at all."""
    return someone.has("operator") or (someone.has("town-desk") and kind in OF_PEOPLE)


def may_change(someone: Principal, kind: str, fields: Mapping[str, Any]) -> None:
    """Refuse a town's desk whatever is not a person or turn of its own town."""
    if someone.has("operator"):
        return
    place = str(fields.get("village_code") or fields.get("place") or "")
    if kind not in OF_PEOPLE or not place.startswith(someone.town or "-"):
        raise Forbidden("a town's desk changes the people and rosters of its own town")


@router.delete("/{kind}/{key}", status_code=204, summary="End a row")
async def end(kind: str, key: str, given: Given, someone: Keeper) -> Response:
    """Let a row be valid until today."""
    may_change(someone, kind, await one(given, someone, kind, key))
    await actions.end(given.db, given.crypto, kind, key, by=someone.username)
    return Response(status_code=204)


@router.post("/{kind}/{key}/checked", status_code=204, summary="Note that a row was found right")
async def checked(kind: str, key: str, given: Given, someone: Keeper) -> Response:
    """Make a row fresh."""
    may_change(someone, kind, await one(given, someone, kind, key))
    await actions.check(given.db, kind, key, by=someone.username)
    return Response(status_code=204)


@secret_router.post("/recipients/{key}/unmask", summary="Show a number; the log keeps who and why")
async def unmask(key: str, reason: Reason, given: Given, someone: Keeper) -> dict[str, str]:
    """Return the number of one person."""
    await one(given, someone, "recipients", key)
    return {"phone": await actions.unmask(given.db, given.crypto, key, reason.reason, by=someone.username)}


@router.post("/row-proposals/{proposal_id}/confirm", summary="Make the change that another operator proposed")
async def confirm_row(proposal_id: UUID, given: Given, someone: Operator) -> dict[str, str]:
    """Confirm a change that gives power."""
    done = await actions.confirm_row(given.db, given.crypto, proposal_id, by=someone.username)
    return {"proposal_id": done.proposal_id, "state": done.state}
