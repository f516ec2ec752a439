"""One-time codes of stations over HTTP. None takes an Idempotency-Key: its store would hold the secret."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.printable import Line
from contracts.values import Mode
from services.kit.clock import beijing
from services.kit.errors import Invalid
from services.kit.identity import source_of
from services.registry import actions
from services.registry.api.given import Given, Operator
from services.registry.api.keys import KeyShown
from services.registry.model import codes

router = APIRouter(prefix="/api/v1/registry", tags=["registry"])


class CodeOrder(BaseModel):
    """What a code is to be good for."""

    model_config = ConfigDict(extra="forbid")

    modes: tuple[Mode, ...] = Field((Mode.LIVE, Mode.DRILL), min_length=1)
    replace: bool = Field(
        default=False,
        description="A device was lost: all keys and open codes of the station die now, in the same act",
    )
    hours: int = Field(24, ge=1, le=72, description="How long the code may be used")


class CodeShown(BaseModel):
    """A code, shown this once."""

    station: str
    code: str = Field(examples=["1234 5678 9012"])
    modes: list[Mode]
    expires_at: str
    keys_revoked: int
    address: str = Field(description="For the QR code: the station's page, which reads the code from it")


class OpenCode(BaseModel):
    """A code that may still be used; which digits it has nobody knows any more."""

    station: str
    modes: list[str]
    made_by: str
    made_at: str
    expires_at: str


class Exchange(BaseModel):
    """What a device sends once."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"code": "1234 5678 9012", "terminal": "t1"}]}
    )

    code: Annotated[Line, StringConstraints(max_length=40)]
    terminal: Annotated[str, StringConstraints(pattern=r"^[\w.:/+-]{1,40}$")] | None = Field(
        default=None, description="Which device of the station, as in heartbeats"
    )


class Provisioned(BaseModel):
    """What a device keeps: whose it is, and a key for each mode."""

    station: str
    keys: list[KeyShown]
    server_time: str


@router.get("/station-codes", summary="Codes that were not used yet")
async def open_codes(given: Given, _: Operator) -> list[OpenCode]:
    """Return who may still come in by a code."""
    now = given.db.clock.now()
    return [
        OpenCode(
            station=row["station"],
            modes=row["modes"].split(),
            made_by=row["made_by"],
            made_at=beijing(row["made_at"]),
            expires_at=beijing(row["expires_at"]),
        )
        for row in await actions.open_codes(given.db, now)
    ]


@router.post("/station-codes/{station}", status_code=201, summary="Make a one-time code for a station")
async def make_code(
    station: str, order: CodeOrder, given: Given, someone: Operator, request: Request
) -> CodeShown:
    """Make a code that the village types once; the digits are seen here and never again."""
    made = await actions.make_code(
        given.db,
        given.crypto,
        station,
        order.modes,
        replace=order.replace,
        by=someone.username,
        good_for=timedelta(hours=order.hours),
    )
    return CodeShown(
        station=made.station,
        code=codes.spelled(made.code),
        modes=list(made.modes),
        expires_at=beijing(made.expires_at),
        keys_revoked=made.keys_revoked,
        address=address(request, made.code),
    )


def address(request: Request, code: str) -> str:
    """Return the page of a station with a code behind #, which no server and no log ever sees."""
    return f"{request.app.state.settings.base_url()}/station#code={code}"


@router.delete("/station-codes/{station}", status_code=204, summary="Withdraw the codes of a station")
async def withdraw(station: str, given: Given, someone: Operator) -> Response:
    """Let no code of this station be used any more."""
    await actions.withdraw_codes(given.db, station, by=someone.username)
    return Response(status_code=204)


@router.post("/provision", status_code=201, summary="Exchange a one-time code for keys")
async def provision(body: Exchange, given: Given, request: Request) -> Provisioned:
    """Give a device the keys of its station. A key is good within a second or two; earlier ones stay good."""
    now, source = given.db.clock.now(), source_of(request)
    given.guesses.count(source, now)
    code = codes.read(body.code)
    if code is None:
        raise Invalid("code", f"is not {codes.DIGITS} digits", "type the digits as they are on the note")
    issued = await actions.exchange(given.db, given.crypto, code, terminal=body.terminal, source=source)
    given.guesses.take_back(source, now)
    keys = [KeyShown(**key.model_dump()) for key in issued]
    return Provisioned(station=issued[0].owner, keys=keys, server_time=beijing(given.db.clock.now()))
