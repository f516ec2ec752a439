"""The terms agreed with operators: filed ids, pace, windows of the day, keywords. Data, with a version."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from contracts.values import Action, Lane, Level, Mode, Value
from services.kit.clock import BEIJING
from services.kit.errors import Invalid

Variant = Literal["first", "update", "lift", "drill"]
"""A wording as it is filed with an operator."""

VARIANTS: Mapping[Action, Variant] = {
    Action.START: "first",
    Action.REPLACE: "update",
    Action.STOP: "lift",
}
_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")


def _hours(given: str) -> str:
    begin, _, end = given.partition("-")
    if not _HOURS.fullmatch(given) or begin >= end:
        raise ValueError("is not a window of one day, such as 07:00-22:00")
    return given


class Operator(Value):
    """What one operator, or one gateway, has agreed to."""

    model_config = ConfigDict(extra="forbid")

    signature_id: str | None = None
    templates: dict[str, dict[Variant, str]] = Field(default_factory=dict)
    numbers_per_s: int | None = Field(None, ge=1)

    def template_id(self, hazard: str, variant: Variant) -> str | None:
        """Return under which id a wording is filed; None when it is not."""
        own, usual = self.templates.get(hazard, {}), self.templates.get("default", {})
        return own.get(variant) or usual.get(variant)


class Terms(Value):
    """All that is agreed."""

    model_config = ConfigDict(extra="forbid")

    version: str
    operators: dict[str, Operator] = Field(default_factory=dict)
    hours: dict[Level, Annotated[str, AfterValidator(_hours)]] = Field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    longest_maintenance_h: float = Field(12, gt=0, le=72)

    def of(self, gateway: str, operator: str | None = None) -> Operator:
        """Return what is agreed with a gateway: by its own name, else by its operator's."""
        return self.operators.get(gateway) or self.operators.get(operator or gateway) or Operator()

    def window(self, level: Level, lane: Lane, rendering: str) -> str | None:
        """Return the hours in which it may go out; None: at any hour."""
        return self.hours.get(level) if lane is Lane.ROUTINE and rendering == "public" else None

    def opens(self, level: Level, lane: Lane, rendering: str, now: datetime, expires: datetime) -> datetime:
        """Return from when it may go out: now, or the next opening, unless it would expire before that."""
        window = self.window(level, lane, rendering)
        opening = next_opening(window, now) if window else now
        return opening if opening < expires else now

    def keywords_in(self, text: str) -> list[str]:
        """Return the words of a text at which operators' filters hold it up."""
        return [word for word in self.keywords if word in text]


def variant_of(mode: Mode, action: Action) -> Variant:
    """Return which filed wording it is; in a drill it is the drill's."""
    return "drill" if mode is Mode.DRILL else VARIANTS[action]


def next_opening(window: str, now: datetime) -> datetime:
    """Return now, when the window of the day is open, else when it opens next."""
    here = now.astimezone(BEIJING)
    begin, end = (time.fromisoformat(part) for part in window.split("-"))
    if begin <= here.time() < end:
        return now
    day = here.date() if here.time() < begin else here.date() + timedelta(days=1)
    return datetime.combine(day, begin, BEIJING)


def day_of(day: date) -> tuple[datetime, datetime]:
    """Return the first moment of a day in Beijing, and of the next."""
    begin = datetime.combine(day, time.min, BEIJING)
    return begin, begin + timedelta(days=1)


def read(text: str) -> Terms:
    """Read the terms; raise Invalid with the place that is wrong."""
    try:
        return Terms.model_validate(yaml.safe_load(text))
    except yaml.YAMLError:
        raise Invalid("terms", "is not YAML", "see the file that comes with Yutian") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in ("terms", *first["loc"]))
        raise Invalid(place, first["msg"], "see the file that comes with Yutian") from None
