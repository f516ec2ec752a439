"""What the API answers of gateways."""

from datetime import date

from pydantic import BaseModel, Field

from contracts.outcome import Column
from services.audit.actions.gateways import Line, OfWarning, Performance, rates_of
from services.audit.api.record_views import RecordLine
from services.audit.api.station_views import RateView
from services.audit.model.account import Formulas, Rate
from services.audit.model.carried import WAITS, Sum


class WaitView(BaseModel):
    """How long deliveries waited since they were asked for, in seconds; at most 5 % too long."""

    counted: int = Field(description="Of how many this is known")
    p50_s: float | None
    p95_s: float | None
    max_s: float | None

    @classmethod
    def of(cls, found: Sum, wait: str) -> "WaitView":
        """Return the view of one wait."""
        return cls(
            counted=found.count(wait),
            p50_s=found.at_rank(wait, 0.50),
            p95_s=found.at_rank(wait, 0.95),
            max_s=found.at_rank(wait, 1.0),
        )


class CarriedView(BaseModel):
    """Sums: targeted = confirmed + delivered + failed + withdrawn + expired + open."""

    channel: str = Field(default="", description="Empty for all of them together")
    batches: int
    targeted: int = Field(description="Recipients asked")
    received: int
    confirmed: int
    delivered: int
    failed: int
    withdrawn: int
    expired: int
    open: int
    attempts: int = Field(description="How often batches were handed out, as far as reports tell")
    ran_out: int = Field(description="Leases that ran out before anybody answered")
    reports: int = Field(description="How often anything new was said of them, carrier receipts among it")
    adds_up: bool

    @classmethod
    def of(cls, found: Sum, channel: str = "") -> "CarriedView":
        """Return the view of some sums."""
        columns = {column.value: found.count(column.value) for column in Column}
        return cls(
            channel=channel,
            batches=found.count("batches"),
            targeted=found.count("recipients"),
            received=columns["confirmed"] + columns["delivered"],
            attempts=found.count("attempts"),
            ran_out=found.count("ran_out"),
            reports=found.count("reports"),
            adds_up=sum(columns.values()) == found.count("recipients"),
            **columns,
        )


class GatewayRates(BaseModel):
    """The rates of a gateway, each with its denominator."""

    answered: RateView = Field(description="Batches answered in time, of the batches asked")
    received: RateView = Field(description="Recipients who had it, of those asked")
    failed: RateView = Field(description="Recipients who failed, of those asked")
    repeated: RateView = Field(description="Batches leased more than once, of those leased")
    ran_out: RateView = Field(description="Leases that ran out before any answer, of all leases")

    @classmethod
    def of(cls, found: Sum, formulas: Formulas) -> "GatewayRates":
        """Return the view of the rates of some sums."""
        rates = rates_of(found, formulas)
        return cls(**{name: RateView.of(rate) for name, rate in vars(rates).items()})


class GatewayLine(BaseModel):
    """A gateway in the list."""

    route: str
    name: str | None
    operator: str | None
    carried: CarriedView
    rates: dict[str, RateView]

    @classmethod
    def of(cls, line: Line, formulas: Formulas) -> "GatewayLine":
        """Return the view of a line."""
        rates = vars(rates_of(line.sum, formulas))
        kept = ("received", "failed", "repeated", "ran_out")
        return cls(
            route=line.route,
            name=line.name,
            operator=line.operator,
            carried=CarriedView.of(line.sum),
            rates={name: RateView.of(rates[name]) for name in kept},
        )


class GatewayList(BaseModel):
    """The gateways that were asked for anything in a period."""

    first: date
    last: date
    mode: str
    formulas: int
    data: list[GatewayLine]


class GatewayWarning(BaseModel):
    """What a gateway was asked to carry of one revision."""

    warning_id: str
    revision: int
    level: str | None
    verb: str | None
    headline: str | None = Field(description="None when its publication is not in the ledger")
    stopped: bool = Field(description="Ended before it expired")
    carried: CarriedView
    answered: WaitView

    @classmethod
    def of(cls, found: OfWarning) -> "GatewayWarning":
        """Return the view of a revision."""
        shared = {name: value for name, value in vars(found).items() if name != "sum"}
        return cls(**shared, carried=CarriedView.of(found.sum), answered=WaitView.of(found.sum, "answered"))


class GatewayDay(BaseModel):
    """A gateway's day (Beijing)."""

    day: str
    carried: CarriedView
    answered: WaitView


class GatewayView(BaseModel):
    """A gateway's performance."""

    route: str
    name: str | None
    operator: str | None
    first: date
    last: date
    mode: str
    formulas: int
    answered_within_s: int = Field(description="What the answer rate calls in time")
    carried: CarriedView
    rates: GatewayRates
    late: RateView = Field(description="Reports that came after their lease, of the batches answered")
    waits: dict[str, WaitView] = Field(description="Since the request: leased, answered, closed")
    channels: dict[str, CarriedView]
    days: list[GatewayDay]
    stops: CarriedView = Field(
        description="Of revisions that were ended early: what was withdrawn never went out"
    )
    told: dict[str, int] = Field(description="How often each kind of fact was said of it")
    warnings: list[GatewayWarning]
    warnings_next: int | None = Field(description="`skip` of the next page")
    facts: list[RecordLine] = Field(description="What was said of it, newest first")
    facts_next: str | None = Field(description="`after` of the next page")

    @classmethod
    def of(cls, found: Performance, formulas: Formulas, skip: int, cursor: str | None) -> "GatewayView":
        """Return the view of a performance."""
        return cls(
            route=found.route,
            name=found.name,
            operator=found.operator,
            first=found.period.begin,
            last=found.period.end,
            mode=found.mode,
            formulas=formulas.version,
            answered_within_s=int(formulas.gateway_answered_within.total_seconds()),
            carried=CarriedView.of(found.sum),
            rates=GatewayRates.of(found.sum, formulas),
            late=RateView.of(Rate(found.told.get("sms.reported-late", 0), found.sum.count("answered"))),
            waits={name: WaitView.of(found.sum, name) for name in WAITS},
            channels={name: CarriedView.of(one, name) for name, one in sorted(found.channels.items())},
            days=[
                GatewayDay(day=day, carried=CarriedView.of(one), answered=WaitView.of(one, "answered"))
                for day, one in found.days
            ],
            stops=CarriedView.of(found.stops),
            told=dict(found.told),
            warnings=[GatewayWarning.of(one) for one in found.warnings],
            warnings_next=skip + len(found.warnings) if found.more_warnings else None,
            facts=[RecordLine.of(record, None) for record in found.facts],
            facts_next=cursor,
        )
