"""What a month is made of: its warnings, who was to have them, what was said of them, and of the stations."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from services.audit.model.account import Formulas, Rate
from services.audit.model.beyond import Beyond, Registry, beyond_of
from services.audit.model.faces import Aim, Face
from services.audit.model.indicators import Judged, Yardsticks, judged
from services.audit.model.month_figures import Point
from services.audit.model.month_tallies import Tallies, Told, tallies
from services.audit.model.observed import Observation, newest, onsets_of, outcome_of
from services.audit.model.online import Seen, StationOnline, online_of
from services.audit.model.registered import Holding, in_service, maintained
from services.audit.model.rows import RevisionKey


@dataclass
class MonthMaterial:
    """Everything that is known of a month at a position of the ledger."""

    month: str
    period: tuple[datetime, datetime]
    whole: bool
    faces: Sequence[Face]
    """Of the warnings that were first issued in it, lifts and notes too."""
    told: Mapping[RevisionKey, Sequence[Told]]
    """The stations of each plan."""
    gone: Collection[str]
    """Warnings whose details retention has deleted."""
    aims: Sequence[Aim]
    """Where their plans were aimed."""
    said: Sequence[Observation]
    missed: Sequence[Observation]
    entered: Sequence[Observation]
    holdings: Sequence[Holding]
    seen: Mapping[str, Sequence[Seen]]
    names: Mapping[str, str]
    yardsticks: Yardsticks
    formulas: Formulas
    trend: Sequence[Point] = field(default=())
    counted: tuple[Rate, Rate] | None = None
    """Reception and confirmation, where the database has counted them: a point of the trend lists nobody."""

    @cached_property
    def homes(self) -> dict[str, tuple[str, str]]:
        """Village and town of each station, as the registry said last."""
        return {code: (one.village, one.town) for one in self.holdings for code in one.stations}

    def home(self, station: str) -> tuple[str, str]:
        """Return village and town of a station; one that no registry named stands where its code says."""
        return self.homes.get(station) or (station, f"{station[:9]}000")

    @cached_property
    def warnings(self) -> dict[str, list[Face]]:
        """Warnings by their first issue, each with its revisions; a note beside a warning is none itself."""
        found: dict[str, list[Face]] = {}
        for face in self.faces:
            found.setdefault(face.warning_id, []).append(face)
        real = {i: some for i, some in found.items() if some[0].counts}
        return dict(sorted(real.items(), key=lambda item: (item[1][0].said_at, item[0])))

    @cached_property
    def tallies(self) -> Tallies:
        """Each station with each revision that it was to have; no lifts, and nothing that was deleted."""
        counted = (f for i, some in self.warnings.items() if i not in self.gone for f in some if f.counts)
        return tallies(counted, self.told, self.home, self.formulas)

    @cached_property
    def online(self) -> list[StationOnline]:
        """The minutes of every station."""
        held, resting = in_service(self.holdings, self.period[1]), maintained(self.holdings, self.period)
        return online_of(self.period, held, resting, self.seen, self.formulas.online_states)

    @cached_property
    def registry(self) -> Registry:
        """The villages of the registry at all times."""
        return Registry(self.holdings)

    @cached_property
    def beyond(self) -> dict[str, Beyond]:
        """Of each warning, the villages that it could not reach, as its own report has them."""
        aims: dict[str, list[Aim]] = {}
        for aim in self.aims:
            aims.setdefault(aim.warning_id, []).append(aim)
        return {i: beyond_of(self.registry, some[0], aims.get(i, ())) for i, some in self.warnings.items()}

    @cached_property
    def said_of(self) -> dict[str, list[Observation]]:
        """What was said afterwards of each warning."""
        found: dict[str, list[Observation]] = {}
        for one in self.said:
            found.setdefault(one.warning_id or "", []).append(one)
        return found

    def onset(self, warning_id: str) -> datetime | None:
        """Return when the weather of a warning began, as far as anybody said."""
        return onsets_of(self.said_of.get(warning_id, ())).first

    def outcome(self, warning_id: str) -> str | None:
        """Return what became of a warning, as far as anybody judged."""
        found = outcome_of(self.said_of.get(warning_id, ()))
        return found.outcome if found else None

    def missed_of(self, hazards: Collection[str] = ()) -> list[Observation]:
        """Return events of these hazards, or of all, of which nobody was warned."""
        counts = [o for o in newest(self.missed).values() if o.what == "missed" and not o.withdrawn]
        mine = [o for o in counts if o.at is not None and self.period[0] <= o.at < self.period[1]]
        return [o for o in mine if not hazards or o.hazard in hazards]

    def of_hazards(self, hazards: Collection[str] = ()) -> list[str]:
        """Return the warnings of these hazards, or all."""
        return [i for i, some in self.warnings.items() if not hazards or some[0].hazard in hazards]

    def judged(self, hazards: Collection[str] = ()) -> Judged:
        """Count how warnings and the weather agreed."""
        outcomes = (self.outcome(i) for i in self.of_hazards(hazards))
        return judged(outcomes, self.missed_of(hazards), self.yardsticks.counted_as)
