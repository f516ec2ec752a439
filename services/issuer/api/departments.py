"""/api/v1/departments: which accounts approve joint products, and for whom."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from contracts.printable import Line
from services.issuer import store
from services.issuer.actions.departments import set_department
from services.issuer.api.bodies import Body
from services.issuer.api.parts import IssuerParts, SignedIn
from services.kit.idempotency import idempotent_route
from services.kit.identity import needs

router = APIRouter(
    prefix="/api/v1/departments",
    tags=["catalogue"],
    route_class=idempotent_route("issuer"),
    default_response_class=JSONResponse,
    dependencies=[Depends(needs("operator"))],
)

Username = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]


class DepartmentBody(Body):
    """The department of an account; null takes it away."""

    department: Line | None = Field(max_length=40, examples=["water"])


class DepartmentView(BaseModel):
    """An account, and the department for which it approves."""

    username: str
    department: str


@router.get("", summary="Accounts of departments")
async def get_departments(parts: IssuerParts) -> list[DepartmentView]:
    """Return every account that belongs to a department."""
    async with parts.db.read() as connection:
        found = await store.departments.every(connection)
    return [DepartmentView(username=name, department=one) for name, one in sorted(found.items())]


@router.put("/{username}", status_code=204, summary="Give an account its department")
async def put_department(
    username: Username, body: DepartmentBody, parts: IssuerParts, by: SignedIn
) -> Response:
    """Let an account with the role `department` approve joint products for one department."""
    await set_department(parts.db, parts.catalogue, username, body.department, by.username)
    return Response(status_code=204)
