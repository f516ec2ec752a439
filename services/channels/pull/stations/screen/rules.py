"""How a screen sounds, by colour and hour: data with a version, read once and checked."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.values import Level

FILE = Path(__file__).parent / "rules.yaml"

Percent = Annotated[int, Field(ge=0, le=100)]
Hour = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
ByLevel = Mapping[Level, Percent]
Note = tuple[
    Annotated[float, Field(gt=20, lt=8000)],
    Annotated[float, Field(ge=0, le=30)],
    Annotated[float, Field(gt=0, le=10)],
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Volume(_Strict):
    """How loud it is by day."""

    usual: Percent
    test: Percent
    floor: ByLevel


class Hours(_Strict):
    """Some hours of the day, Beijing time."""

    begin: Hour
    end: Hour


class Night(Hours):
    """How loud it is at least and at most at night."""

    floor: ByLevel
    most: ByLevel


class Test(_Strict):
    """When the sound is tested."""

    at: Hour
    wait_min: int = Field(ge=1, le=1440)


class Alarms(_Strict):
    """Which tones are whose."""

    live: Mapping[Level, str]
    drill: Mapping[Level, str]
    ended: str
    test: str


class Tones(_Strict):
    """A sound: its wave, and its notes as hertz, begin and length."""

    wave: Literal["sine", "square", "triangle", "sawtooth"]
    notes: tuple[Note, ...] = Field(min_length=1, max_length=40)


class Words(_Strict):
    """What a screen says around the words that were signed."""

    drill: str
    signal: str
    drill_before: str
    drill_after: str
    update: str
    cancel: str


class Rules(_Strict):
    """Everything about the sound of a screen."""

    version: str
    volume: Volume
    night: Night
    rounds: Mapping[Level, Annotated[int, Field(ge=0, le=100)]]
    pause_s: Mapping[Level, Annotated[int, Field(ge=1, le=600)]]
    test: Test
    renewal: Hours
    lifted_min: int = Field(ge=1, le=1440)
    words: Words
    alarms: Alarms
    tones: Mapping[str, Tones]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        each = (self.volume.floor, self.night.floor, self.night.most, self.rounds, self.pause_s)
        for table in (*each, self.alarms.live, self.alarms.drill):
            if set(table) != set(Level):
                raise ValueError("every table names all four colours")
        live, drill = set(self.alarms.live.values()), set(self.alarms.drill.values())
        if missing := {*live, *drill, self.alarms.ended, self.alarms.test} - self.tones.keys():
            raise ValueError(f"there are no tones {', '.join(sorted(missing))}")
        if live & drill:
            raise ValueError("a drill must not sound like a warning")
        if self.rounds[Level.RED]:
            raise ValueError("a red alarm sounds until somebody confirms: rounds.RED is 0")
        return self


@lru_cache
def rules() -> Rules:
    """Return the rules that are in force."""
    return Rules.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
