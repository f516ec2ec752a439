"""The figures of a month's report, and of the list of drills."""

from pydantic import Field

from services.audit.model.figures import Figures, Time


class Number(Figures):
    """A number, never without what it is made of."""

    numerator: float
    denominator: float
    value: float | None = Field(description="None where nothing is below the line")


class IndicatorFigures(Number):
    """A number that people compare: ours beside that of 2020 and that of the plan."""

    id: str
    words: str
    explained: str
    unit: str = Field(description="percent, minutes or points")
    formula: str
    version: int = Field(description="Of the formula")
    baseline: float | None = Field(description="What it was in 2020")
    target: float | None = Field(description="What the plan wants")
    source: str = Field("", description="Of entered numbers, who says so")
    left_out: int = Field(0, description="Warnings that could not be counted: not judged, or no onset known")


class Line(Figures):
    """Reception and confirmation of one colour, or in one town."""

    code: str
    name: str | None
    reception: Number
    confirmation: Number
    median_s: float | None = Field(description="Seconds from the approval, of those who received")
    early: int = Field(
        description="Received before the approval, by a wrong clock: counted, not in the median"
    )
    online: Number | None = Field(description="Of one town: minutes online of minutes due")


class VillageCoverage(Figures):
    """How many warnings a village was to have, and how many it had."""

    code: str
    name: str | None
    town: str
    stations: int
    due: int
    received: int


class LeftOut(Figures):
    """A station some of whose minutes are in no rate."""

    code: str
    name: str | None
    minutes: int


class BeyondLine(Figures):
    """A village that warnings of the month could not reach, or not by all ways, as the registry stood."""

    code: str
    name: str
    town: str
    town_name: str | None
    lacked: str = Field(description="As in the report of the last of these warnings")
    warnings: int = Field(description="How many warnings of the month it is named by")
    added_at: Time | None = Field(description="When the registry got it, within thirty days of one of them")
    stations: list[str] = Field(
        description="Stations that the registry got within thirty days of one of them"
    )


class WarningLine(Figures):
    """One warning of the month."""

    warning_id: str
    headline: str
    hazard: str
    level: str
    issued_at: Time
    revisions: int
    outcome: str | None
    onset: Time | None
    lead_min: float | None
    targeted: int
    received: int
    details_gone: bool


class MissedLine(Figures):
    """An event of which nobody was warned."""

    subject: str
    hazard: str
    level: str | None
    towns: list[str]
    at: Time
    source: str
    note: str
    by: str


class Point(Figures):
    """One month of the trend; numbers by the indicators' ids."""

    month: str
    warnings: int
    values: dict[str, float | None]


class MonthFigures(Figures):
    """The report of one month, by Beijing time."""

    report: str = "month"
    month: str
    first: Time
    last: Time = Field(description="Its end; of a month that still runs, the moment of the report")
    whole: bool = Field(description="False while the month still runs")
    version: int = Field(description="Of the file of indicators")
    rates_version: int
    warnings: list[WarningLine]
    indicators: list[IndicatorFigures]
    colours: list[Line]
    towns: list[Line]
    villages: list[VillageCoverage]
    maintained: list[LeftOut] = Field(description="Minutes of planned maintenance")
    unheard: list[LeftOut] = Field(
        description="Minutes in which a station stood in the registry before the ledger first heard of it"
    )
    beyond: list[BeyondLine] = Field(
        description="Who could have been reached; the indicator `beyond` sums it up over the warnings"
    )
    hits: int
    misses: int
    false_alarms: int
    unjudged: int
    missed: list[MissedLine]
    details_gone: int = Field(description="Warnings whose details retention has deleted; no rate counts them")
    trend: list[Point]


class DrillLine(Figures):
    """One drill in the list."""

    warning_id: str
    headline: str
    hazard: str
    level: str
    held_at: Time = Field(description="Approval of its first revision")
    published_at: Time
    standing: bool = Field(description="The standing test, which goes out by itself")
    targeted: int
    received: int
    confirmed: int
    p95_s: float | None


class Participant(Figures):
    """Somebody who took part in a drill."""

    by: str
    what: list[str]


class DrillChannel(Figures):
    """What became of everyone whom a drill was meant for on one channel."""

    channel: str
    targeted: int
    received: int
    confirmed: int
    failed: int
    open: int


class DrillFigures(Figures):
    """The report of one drill, beside the one before it."""

    report: str = "drill"
    drill: DrillLine
    towns: dict[str, str]
    participants: list[Participant]
    channels: list[DrillChannel]
    slowest: list["Slow"]
    silent: list["Slow"]
    answers: int
    before: DrillLine | None
    details_gone: bool


class Slow(Figures):
    """A place that was slow, or silent."""

    code: str
    name: str | None
    seconds: float | None
    before_s: float | None = Field(description="In the drill before")
