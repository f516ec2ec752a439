"""What the API says of reports: the figures with what they can be traced by, and what it takes in."""

from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from contracts.printable import Line, Lines
from contracts.values import HazardCode, Level
from services.audit.actions.drawn import Drawn
from services.audit.model.figures import Figures, Time, WarningFigures
from services.audit.model.month_figures import DrillFigures, DrillLine, MonthFigures
from services.audit.model.observed import LONGEST_NOTE

F = TypeVar("F", bound=Figures)

Town = Annotated[str, Field(pattern=r"^\d{12}$", description="Twelve digits")]
Source = Annotated[Line, Field(min_length=1, max_length=LONGEST_NOTE, description="Who observed it")]
Note = Annotated[Lines, Field(max_length=LONGEST_NOTE)]


class Report(BaseModel, Generic[F]):
    """Figures of a position of the ledger: the same position gives the same figures."""

    position: int = Field(description="Records in the ledger for which it is drawn; ask again with `at`")
    root: str = Field(description="Hash of the tree over so many records, in hex")
    drawn_for: Time = Field(description="When the last of these records was recorded")
    sha256: str = Field(description="Of the figures as canonical JSON")
    figures: F


WarningReport = Report[WarningFigures]
MonthReport = Report[MonthFigures]
DrillReport = Report[DrillFigures]


def report_of(kind: type[Report[F]], found: Drawn) -> Report[F]:
    """Return the view of a report."""
    stood = found.stood
    return kind(
        position=stood.position,
        root=stood.root,
        drawn_for=stood.moment,
        sha256=found.sha256,
        figures=found.figures,
    )


class MonthList(BaseModel):
    """Months of which there are reports, newest first."""

    data: list[str]


class DrillPage(BaseModel):
    """A page of drills, newest first; `next` is the cursor of the page after it."""

    data: list[DrillLine]
    has_more: bool
    next: str | None


class OnsetBody(BaseModel):
    """When the weather began."""

    onset: AwareDatetime | None = Field(description="As observed; null takes back what was said before")
    town: Town | None = Field(None, description="Of one town of the warning; left out: of the whole")
    source: Source
    note: Note = ""


class OnsetRow(OnsetBody):
    """A row of an import."""

    warning: UUID = Field(description="The warning's id")


class OutcomeBody(BaseModel):
    """What became of a warning."""

    outcome: str = Field(pattern="^(hit|partly|miss|false-alarm)$")
    source: Source
    note: Note = Field("", description="Why; a false alarm needs it")


class MissedBody(BaseModel):
    """An event of which nobody was warned."""

    subject: UUID | None = Field(None, description="The one that this corrects")
    hazard: HazardCode
    level: Level | None = Field(None, description="The colour that it would have deserved")
    towns: list[Town] = Field(max_length=50)
    at: AwareDatetime
    source: Source
    note: Note = ""
    withdrawn: bool = Field(False, description="True takes it back")


class FigureBody(BaseModel):
    """The numbers of an indicator that nobody can count here."""

    numerator: float = Field(ge=0, lt=1e12)
    denominator: float = Field(gt=0, lt=1e12)
    source: Source
    note: Note = ""


class Taken(BaseModel):
    """What was taken as facts; reports show it as soon as the ledger has recorded it."""

    taken: int
    subject: str | None = None
