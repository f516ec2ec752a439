"""The shapes of requests and answers, for those who read /docs. Batches are written past them, for speed."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.printable import Line
from contracts.values import Action, Instant, Level, Mode


class Answer(BaseModel):
    """What every answer has."""

    server_time: AwareDatetime = Field(examples=["2026-06-01T22:05:00+08:00"])


class LeasedWarning(BaseModel):
    """Of which warning an item is."""

    id: str
    revision: int
    identifier: str = Field(examples=["50011041600000_20260601220500_1"])
    hazard: str = Field(examples=["11B03"])
    level: Level
    action: Action


class Window(BaseModel):
    """When an area order is to be carried out."""

    from_: AwareDatetime = Field(alias="from")
    until: AwareDatetime


class Area(BaseModel):
    """Where an area order is to be carried out: all phones there, now."""

    codes: list[str] = Field(examples=[["500110001000"]])
    polygons: list[list[tuple[float, float]]] = Field(description="At most 60 points each, WGS 84, lon lat")


class QuietHours(BaseModel):
    """Whether the operator's night rest holds for an item."""

    policy: Literal["override", "observe"]
    open: str | None = Field(description="Beijing time in which it may go out", examples=["07:00-22:00"])


class Pace(BaseModel):
    """How fast numbers are to be sent to."""

    numbers_per_s: int | None = Field(description="null: as fast as the network takes them")


class Item(BaseModel):
    """One batch or area order, leased."""

    lease: str = Field(description="128 random bits; show it to extend and to report")
    delivery_id: str
    kind: Literal["batch", "area"]
    warning: LeasedWarning
    mode: Mode
    priority: int = Field(description="1 to 4 urgent, 5 to 8 routine; the less the sooner")
    attempt: int
    lease_until: AwareDatetime
    expires_at: AwareDatetime
    rendering: str
    text: str
    segments: int = Field(ge=1, le=4)
    targets: int
    sha256: str
    signature_id: str | None = Field(description="Under which the signature is filed with the operator")
    template_id: str | None = Field(description="Under which the wording is filed; null: it is not")
    validity_s: int = Field(description="Seconds until nothing more of it may go out")
    quiet_hours: QuietHours
    pace: Pace
    conformance: bool = Field(description="Test work: send it to nobody")
    recipients: list[list[str]] | None = Field(None, examples=[[["13900230000"]]])
    area: Area | None = None
    window: Window | None = None


class Leased(Answer):
    """Work, red first, then age."""

    data: list[Item]


class Extended(Answer):
    """Until when a lease lasts now."""

    delivery_id: str
    lease_until: AwareDatetime


class Exceptional(BaseModel):
    """A number whose state is not that of the others."""

    model_config = ConfigDict(extra="forbid")

    number: Line
    state: Line = Field(examples=["UNDELIV"])
    reason: Line | None = None


class ReportBody(BaseModel):
    """Results of a lease, by the receipt names of SMPP."""

    model_config = ConfigDict(extra="forbid")

    state: Line | None = Field(
        None, description="What holds for every number not named", examples=["ACCEPTD"]
    )
    reason: Line | None = None
    exceptions: list[Exceptional] = Field(default=[], max_length=1000)
    results: list[tuple[Line, Line]] = Field(default=[], max_length=1000, description="[number, state] each")
    partial: bool = Field(False, description="The numbers not named return to the pool")
    delivered: int | None = Field(None, ge=0, description="Area orders: phones that received")
    failed: int | None = Field(None, ge=0)
    phones: int | None = Field(None, ge=0, description="Area orders: phones found in the area")


class Reported(Answer):
    """What became of a report."""

    delivery_id: str
    state: str
    late: bool = Field(description="The lease had ended; the results were taken all the same")
    tally: dict[str, int]
    rest: int = Field(description="Numbers without a result, returned to the pool")


class ReceiptBody(BaseModel):
    """A carrier's later word on one number."""

    model_config = ConfigDict(extra="forbid")

    delivery_id: Line
    number: Line
    state: Line = Field(examples=["DELIVRD"])
    at: AwareDatetime


class ReceiptsBody(BaseModel):
    """Receipts, in any order."""

    model_config = ConfigDict(extra="forbid")

    receipts: list[ReceiptBody] = Field(max_length=10_000)


class Received(Answer):
    """What became of receipts."""

    taken: int
    kept: int = Field(description="For deliveries that are not here yet; matched when they come, for 48 h")
    refused: list[int] = Field(description="Places, in the request, of numbers that are not in their batch")


class ReplyBody(BaseModel):
    """What somebody replied to an SMS."""

    model_config = ConfigDict(extra="forbid")

    number: Line
    # What people wrote is never kept, and one odd reply must not hold up the others: anything is taken.
    text: str = Field(pattern=r"^[\s\S]{0,1000}$", examples=["1"])
    at: AwareDatetime


class RepliesBody(BaseModel):
    """Replies, in any order."""

    model_config = ConfigDict(extra="forbid")

    replies: list[ReplyBody] = Field(max_length=1000)
    clock: Instant | None = Field(None, description="What time it is at your side: its error is taken out")


class Replied(Answer):
    """What became of replies."""

    confirmed: int
    other: int = Field(description="Those that do not say 1, or of a number that nobody asked")


class Halt(BaseModel):
    """Nothing more of this revision, or any before it, may go out."""

    id: int
    warning_id: str
    revision: int
    reason: str = Field(examples=["cancelled"])
    at: AwareDatetime


class Halts(Answer):
    """What to stop now."""

    data: list[Halt]
    has_more: bool
    next: int = Field(description="Send it as `after`")


class Maintenance(BaseModel):
    """When a gateway will not pull, as it announced."""

    begins: AwareDatetime
    ends: AwareDatetime
    reason: str


class Status(Answer):
    """How a gateway stands; work of the last 24 hours."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": True})

    gateway: str
    mode: Mode
    name: str | None
    operator: str | None
    ready: int
    leased: int
    done: int
    withdrawn: int
    expired: int
    dead: int
    ready_targets: int
    ready_urgent: int
    oldest_ready: AwareDatetime | None
    last_pull: AwareDatetime | None
    starved_since: AwareDatetime | None
    maintenance: Maintenance | None
    unmatched_receipts: int
    last_halt: int


class Check(BaseModel):
    """One part of the contract, and whether the gateway has shown that it can."""

    check: str = Field(examples=["partial"])
    delivery_id: str | None = Field(description="Which leased item it is about")
    todo: str
    passed_at: AwareDatetime | None


class Conformance(Answer):
    """A conformance run."""

    gateway: str
    begun_at: AwareDatetime
    passed: bool
    checks: list[Check]


class Reconciliation(Answer):
    """The totals of a day, and the file that they are of."""

    gateway: str
    mode: Mode
    day: str = Field(examples=["2026-06-01"])
    final: bool = Field(description="The day is over and nothing of it is open")
    items: int
    targets: int
    by_state: dict[str, int]
    segments: int = Field(description="Segments that went to the network")
    sha256: str = Field(description="Of the CSV")


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return how OpenAPI is told of a body that is read without an object for each number."""
    schema = model.model_json_schema()
    content = {"application/json": {"schema": _inlined(schema, schema.pop("$defs", {}))}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(parts[schema["$ref"].rpartition("/")[2]], parts)
    return {name: _inlined(value, parts) for name, value in schema.items()}
