"""What the API answers of one station."""

from pydantic import BaseModel, Field

from services.audit.actions.ask import StationYear
from services.audit.api.views import Time
from services.audit.model.account import Rate
from services.audit.model.rows import Revision, Target


class RateView(BaseModel):
    """So many of so many."""

    numerator: int
    denominator: int
    percent: float | None

    @classmethod
    def of(cls, rate: Rate) -> "RateView":
        """Return the view of a rate."""
        return cls(numerator=rate.numerator, denominator=rate.denominator, percent=rate.percent)


class ToldLine(BaseModel):
    """What became of one revision at one station."""

    warning_id: str
    revision: int
    verb: str
    level: str
    headline: str
    approved_at: Time
    state: str
    column: str
    received_at: Time | None
    confirmed_at: Time | None
    confirmed_by: str | None


class PresenceLine(BaseModel):
    """The station's presence changed."""

    position: int
    at: Time
    presence: str


class StationView(BaseModel):
    """A station's year."""

    code: str
    name: str | None
    year: int
    mode: str
    formulas: int = Field(description="Version of the formulas of the rates")
    reception: RateView
    confirmation: RateView
    told: list[ToldLine]
    presence: list[PresenceLine] = Field(description="The newest changes of presence, newest first")

    @classmethod
    def of(
        cls, found: StationYear, year: int, mode: str, formulas: int, presence: list[PresenceLine]
    ) -> "StationView":
        """Return the view of a station's year."""
        return cls(
            code=found.code,
            name=found.name,
            year=year,
            mode=mode,
            formulas=formulas,
            reception=RateView.of(found.reception),
            confirmation=RateView.of(found.confirmation),
            told=[_told(target, revision) for target, revision in found.told],
            presence=presence,
        )


def _told(target: Target, revision: Revision) -> ToldLine:
    return ToldLine(
        warning_id=target.warning_id,
        revision=target.revision,
        verb=revision.verb,
        level=revision.level,
        headline=revision.headline,
        approved_at=revision.approved_at,
        state=target.state,
        column=target.column,
        received_at=target.received_at,
        confirmed_at=target.confirmed_at,
        confirmed_by=target.confirmed_by,
    )
