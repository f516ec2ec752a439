"""The figures of a warning's report: everything that its page, its PDF and the API show, and nothing else."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from services.kit.clock import beijing

Time = Annotated[datetime, PlainSerializer(beijing, return_type=str, when_used="json")]
"""RFC 3339, Beijing time."""


class Figures(BaseModel):
    """The frozen base of all figures."""

    model_config = ConfigDict(frozen=True)


class Spread(Figures):
    """How long it took, by nearest rank, in seconds from the approval."""

    targeted: int = Field(description="Of how many")
    count: int = Field(description="How many did")
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    max_s: float | None
    early: int = Field(description="Counted, but before the approval, by a wrong clock: in no percentile")


class ChannelFigures(Figures):
    """One channel of a revision: targeted = confirmed + delivered + failed + withdrawn + expired + open."""

    channel: str
    targeted: int = Field(description="As the manifest counts, with amendments")
    received: int
    confirmed: int
    delivered: int
    failed: int
    withdrawn: int
    expired: int
    open: int
    deliveries: int
    silent: int = Field(description="Deliveries on which nobody has reported")
    adds_up: bool
    gone: bool = Field(description="True when retention has deleted what became of its targets")


class Silent(Figures):
    """A place that never had the warning, or where nobody answered."""

    code: str
    name: str | None
    town: str
    state: str


class Wait(Figures):
    """How long one village waited."""

    code: str
    name: str | None
    received_s: float | None
    confirmed_s: float | None


class RevisionFigures(Figures):
    """What became of everyone whom one revision was meant for."""

    revision: int
    verb: str
    level: str
    headline: str
    identifier: str
    approved_by: list[str]
    approved_at: Time
    published_at: Time
    expires_at: Time
    forecast_onset: Time | None
    emergency: bool
    channels: list[ChannelFigures]
    received: Spread = Field(description="Stations, from the approval until it was there")
    confirmed: Spread = Field(description="Stations, from the approval until a person answered")
    unreached: list[Silent] = Field(description="Stations of the plan that never had it")
    unanswered: list[Silent] = Field(description="Stations that had it, and where nobody answered")
    waits: list[Wait]
    clocks: list[Wait] = Field(description="Stations of whose wrong clock a time before the approval tells")
    details_gone: bool = Field(description="True when retention has deleted what became of single targets")


class Step(Figures):
    """One step on the way from the draft to the public."""

    revision: int | None
    what: str
    by: str | None
    at: Time
    after_s: float | None = Field(description="Seconds since the step before")
    note: str


class VillageLead(Figures):
    """How long before the onset one village had the warning."""

    code: str
    name: str | None
    minutes: float


class TownLead(Figures):
    """The onset in one town, as somebody observed it."""

    town: str
    name: str | None
    onset: Time
    minutes: float = Field(description="Onset minus approval")


class Lead(Figures):
    """Lead time: onset minus issue, and minus the time at which each village had the warning."""

    issued_at: Time = Field(description="Approval of the first revision")
    observed_onset: Time | None
    forecast_onset: Time | None
    minutes: float | None = Field(description="Observed onset minus issue; below zero when it came late")
    forecast_minutes: float | None = Field(description="Forecast onset minus issue, in a column of its own")
    towns: list[TownLead]
    villages: list[VillageLead] = Field(description="Observed onset minus reception, shortest first")
    in_time: int = Field(description="Villages that had it before the onset")
    early: int = Field(
        description="Villages that had it before it was approved, by a wrong clock: not listed"
    )
    targeted: int
    p50_min: float | None
    p5_min: float | None
    shortest_min: float | None


class Said(Figures):
    """What somebody said of the weather afterwards; `counts` is false once it was corrected."""

    position: int
    what: str
    town: str | None
    town_name: str | None
    at: Time | None
    outcome: str | None
    source: str
    note: str
    by: str
    said_at: Time
    counts: bool


class Rung(Figures):
    """One rung of the ladders: how many duties climbed it, how many people it called."""

    name: str
    duties: int
    called: int
    alarmed: int


class Answer(Figures):
    """Answers that came one way, and how long after the duty began."""

    way: str
    count: int
    taken: int = Field(description="Taken in hand by somebody else than the place's own people")
    p50_s: float | None
    max_s: float | None


class Escalation(Figures):
    """What happened where nobody answered."""

    places: int = Field(description="Places whose ladder was climbed")
    rungs: list[Rung]
    answers: list[Answer]
    alarms: list[Silent] = Field(description="Places where nobody answered until the last rung")


class Calls(Figures):
    """Deliveries beside the plan, because somebody had not answered."""

    channel: str
    calls: int
    people: int
    confirmed: int
    received: int
    failed: int
    open: int


class AmendmentFigures(Figures):
    """What was decided about those who came into the registry after the plan."""

    revision: int
    number: int
    taken: bool
    by: str
    at: Time
    added: dict[str, int]


class BeyondReach(Figures):
    """A village of the warning's towns that could not be reached, or not by all ways."""

    code: str
    name: str
    town: str
    lacked: str = Field(
        description="station, recipients, both; village when it was not in the registry; more when more came"
    )
    added_at: Time | None = Field(description="When the registry got it, within thirty days")
    stations: list[str] = Field(description="Stations that the registry got within thirty days")


class WarningFigures(Figures):
    """The report of one warning."""

    report: str = "warning"
    warning_id: str
    mode: str
    hazard: str
    hazard_name: str
    level: str
    headline: str
    sender_name: str
    issued_at: Time
    ended_at: Time | None
    ended_by: str | None
    outcome: str | None
    revisions: list[RevisionFigures]
    lead: Lead
    said: list[Said]
    steps: list[Step]
    reviews: list[Step]
    escalation: Escalation
    calls: list[Calls]
    amendments: list[AmendmentFigures]
    beyond: list[BeyondReach]
    towns: dict[str, str] = Field(description="The towns of the warning by code, for entering onsets")
    details_gone: bool
    formulas: dict[str, int]
