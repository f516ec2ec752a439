"""What the issuer answers about shifts, reviews, drills and what happened afterwards."""

from uuid import UUID

from pydantic import BaseModel

from services.issuer.actions.exercising import Exercise, Rate
from services.issuer.api.views import Moment
from services.issuer.model.afterwards import Afterwards, Hit
from services.issuer.model.reviews import Cause, Review, Verdict
from services.issuer.model.shift import Handover, Shift


class ReviewView(BaseModel):
    """A look at what one person, or fewer than usual, decided."""

    warning_id: UUID
    revision: int
    cause: Cause
    begun_at: Moment
    due: Moment
    done_at: Moment | None
    by: str | None
    name: str | None
    verdict: Verdict | None
    note: str


class ReviewsView(BaseModel):
    """Those that are due first, then those that were taken."""

    data: list[ReviewView]


class HandoverView(BaseModel):
    """A change of shift, with how things stood."""

    handover_id: UUID
    goes: str
    goes_name: str
    goes_at: Moment
    note: str
    sha256: str
    comes: str | None
    comes_name: str | None
    comes_at: Moment | None
    remark: str
    state: Shift


class HandoversView(BaseModel):
    """Changes of shift, the newest first."""

    data: list[HandoverView]


class AfterwardsView(BaseModel):
    """What somebody wrote of an event."""

    warning_id: UUID
    number: int
    at: Moment
    by: str
    name: str
    verdict: Hit
    onset: Moment | None
    ended: Moment | None
    amounts: str
    source: str
    note: str
    imported: bool


class AllAfterwardsView(BaseModel):
    """Everything that was written, the newest first."""

    data: list[AfterwardsView]


class RateView(BaseModel):
    """How many of how many."""

    count: int
    of: int
    percent: float | None


class AgreedView(BaseModel):
    """One approval, and how long it was waited for."""

    name: str
    at: Moment
    waited_s: float


class AnswerView(BaseModel):
    """What one station did, in seconds from the approval."""

    station: str
    received_s: float | None
    confirmed_s: float | None
    by: str | None


class ExerciseView(BaseModel):
    """The report of a drill."""

    warning_id: UUID
    revision: int
    approved_at: Moment
    reception_min: int
    reception: RateView
    answer_min: int | None
    answered: RateView
    confirmed: RateView
    silent: list[str]
    approvals: list[AgreedView]
    stations: list[AnswerView]


def review_view(found: Review) -> ReviewView:
    """Return a review as it is answered."""
    return ReviewView(**vars(found))


def handover_view(found: Handover) -> HandoverView:
    """Return a change of shift as it is answered."""
    return HandoverView(**vars(found))


def afterwards_view(found: Afterwards) -> AfterwardsView:
    """Return what was written as it is answered."""
    kept = {name: value for name, value in vars(found).items() if name != "told"}
    return AfterwardsView(**kept, **vars(found.told))


def exercise_view(found: Exercise) -> ExerciseView:
    """Return a report as it is answered."""
    return ExerciseView(
        warning_id=found.warning.warning_id,
        revision=found.warning.revision,
        approved_at=found.photo.approved_at,
        reception_min=found.reception_min,
        reception=_rate(found.reception),
        answer_min=found.answer_min,
        answered=_rate(found.answered),
        confirmed=_rate(found.confirmed),
        silent=[one.station for one in found.silent],
        approvals=[AgreedView(**vars(one)) for one in found.approvals],
        stations=[AnswerView(**vars(one)) for one in found.answers],
    )


def _rate(rate: Rate) -> RateView:
    return RateView(count=rate.count, of=rate.of, percent=rate.percent)
