"""What duties look like to whoever looks after them."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from contracts.values import Level, Mode
from services.kit.clock import beijing
from services.kit.phones import masked
from services.router.actions.watching import Names, Standing, Story
from services.router.model.duty import Duty, Way
from services.router.model.ladder import Kind
from services.router.model.roster import Person
from services.router.store.silence import Count


def _at(at: datetime | None) -> str | None:
    return beijing(at) if at else None


class TownView(BaseModel):
    """How far a town is: numerators, and `required` is their denominator."""

    code: str
    name: str
    required: int
    received: int
    confirmed: int
    silent: int
    in_hand: int
    alarmed: int

    @classmethod
    def of(cls, count: Count, names: Names) -> Self:
        """Return a count as it is shown."""
        return cls(**vars(count), code=count.town, name=names.town(count.town), silent=count.silent)


class DutyView(BaseModel):
    """Somebody who must answer a revision."""

    duty_id: UUID
    warning_id: UUID
    revision: int
    mode: Mode
    level: Level
    kind: Kind
    place: str
    name: str
    town: str | None
    since: str
    """Since when an answer is waited for."""
    received_at: str | None
    confirmed_at: str | None
    confirmed_by: str | None
    way: Way | None
    in_hand_by: str | None
    next_at: str | None
    """When the next way is tried; none when nothing is left, or it was answered."""
    alarmed_at: str | None
    ended_at: str | None

    @classmethod
    def of(cls, duty: Duty, names: Names) -> Self:
        """Return a duty as it is shown."""
        return cls(**_shown(duty, names))


def _shown(duty: Duty, names: Names) -> dict[str, object]:
    plain = (
        "duty_id",
        "warning_id",
        "revision",
        "mode",
        "level",
        "kind",
        "place",
        "town",
        "way",
        "confirmed_by",
    )
    moments = ("received_at", "confirmed_at", "alarmed_at", "ended_at")
    return {
        **{name: getattr(duty, name) for name in plain},
        **{name: _at(getattr(duty, name)) for name in moments},
        "name": duty.name or names.place(duty.place),
        "since": beijing(duty.started_at),
        "in_hand_by": duty.taken_by,
        "next_at": _at(duty.due_at),
    }


class StandingView(BaseModel):
    """A revision that asks for answers."""

    warning_id: UUID
    revision: int
    mode: Mode
    level: Level
    hazard: str
    hazard_name: str
    headline: str
    started_at: str
    expires_at: str
    rules: str
    """The version of the rules that its clocks go by."""
    rules_sha256: str | None
    towns: list[TownView]
    leaders: list[DutyView]

    @classmethod
    def of(cls, standing: Standing, names: Names) -> Self:
        """Return a standing revision as it is shown."""
        climb, notice = standing.climb, standing.climb.message.notice
        return cls(
            warning_id=climb.message.warning_id,
            revision=climb.message.revision,
            mode=climb.message.mode,
            level=notice.level,
            hazard=notice.hazard,
            hazard_name=notice.hazard_name,
            headline=notice.text.headline,
            started_at=beijing(climb.started_at),
            expires_at=beijing(notice.expires),
            rules=climb.rules,
            rules_sha256=climb.rules_sha256,
            towns=[TownView.of(count, names) for count in standing.towns],
            leaders=[DutyView.of(duty, names) for duty in standing.leaders],
        )


class PersonView(BaseModel):
    """Somebody who can be called now."""

    person_id: str
    name: str
    role: str
    phone: str
    """Masked."""

    @classmethod
    def of(cls, entry: Person) -> Self:
        """Return a person as he is shown."""
        shown = masked(entry.phone or "")
        return cls(person_id=entry.person_id, name=entry.name, role=entry.role, phone=shown)


class StepView(BaseModel):
    """What was done when nobody had answered."""

    name: str
    at: str
    called: int
    """How many people."""
    instead: str | None
    """Who was called for a list that is empty."""
    unheard: bool
    """The clock struck before all reports were heard."""


class AnswerView(BaseModel):
    """An answer that somebody wrote down."""

    way: Way
    name: str
    at: str
    recorded_at: str
    recorded_by: str
    note: str


class StoryView(DutyView):
    """A duty with what was done about it, and whom to call."""

    hazard_name: str
    headline: str
    rules: str
    """The version of the rules that its clock goes by: those of the moment when its revision was planned."""
    rules_sha256: str | None
    steps: list[StepView]
    people: list[PersonView]
    desk: list[PersonView]
    """The town's duty desk."""
    answers: list[AnswerView]

    @classmethod
    def of_story(cls, story: Story, names: Names) -> Self:
        """Return a duty's story as it is shown."""
        notice = story.climb.message.notice
        return cls(
            **_shown(story.duty, names),
            hazard_name=notice.hazard_name,
            headline=notice.text.headline,
            rules=story.climb.rules,
            rules_sha256=story.climb.rules_sha256,
            steps=[StepView(**{**vars(s), "at": beijing(s.at)}) for s in story.steps],
            people=[PersonView.of(entry) for entry in story.people],
            desk=[PersonView.of(entry) for entry in story.desk],
            answers=[
                AnswerView(
                    way=a.way,
                    name=a.name,
                    at=beijing(a.at),
                    recorded_at=beijing(a.recorded_at),
                    recorded_by=a.recorded_by,
                    note=a.note,
                )
                for a in story.answers
            ],
        )
