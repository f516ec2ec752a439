"""The signals: which colours a hazard has, what they mean, and what is said of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.values import HazardCode, Level
from services.kit.errors import Invalid

Language = Literal["zh-CN", "en-US"]
Words = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00-\x1f【】]+$")]
"""One line of text without the brackets that carriers keep for signatures."""

QUANTITY = re.compile(r"\d{1,4}(\.\d)?(~\d{1,4}(\.\d)?)?")
SIGNED = re.compile(r"-?\d{1,4}(\.\d)?(~-?\d{1,4}(\.\d)?)?")
"""A number or a range: `50`, `50~80`, `-3`."""

GIVEN = frozenset({"lead", "observed", "window_start", "window_end", "towns", "call"})
"""The slots that every text may have, filled without asking the hazard."""

HEAD = frozenset({"sender", "issued_at", "hazard", "colour", "former_colour", "former_at"})
"""The slots of titles and leads."""


class Entry(BaseModel):
    """The frozen, strict base of everything in the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Both(Entry):
    """The same in Chinese and in English."""

    zh: Words
    en: Words

    def said(self, language: Language) -> str:
        """Return it in one language."""
        return self.zh if language == "zh-CN" else self.en

    @property
    def slots(self) -> frozenset[str]:
        """The names of the slots of this template; both languages have the same."""
        zh, en = (
            frozenset(name for _, name, _, _ in Formatter().parse(t) if name) for t in (self.zh, self.en)
        )
        if zh != en:
            raise ValueError(f"only one language has {sorted(zh ^ en)}")
        return zh


class Guide(Entry):
    """What to do, in two to four short sentences."""

    zh: tuple[Words, ...] = Field(min_length=2, max_length=4)
    en: tuple[Words, ...] = Field(min_length=2, max_length=4)

    def said(self, language: Language) -> str:
        """Return the sentences in one language, as one paragraph."""
        return "".join(self.zh) if language == "zh-CN" else " ".join(self.en)


class Slot(Entry):
    """A number that the forecaster fills in, and how it is said."""

    label: Both
    pattern: Both
    bound: Literal["at_least", "at_most", "plain"]
    signed: bool = False
    clause: Both | None = None
    """Makes the slot optional: the words around the number, left out together with it."""

    def takes(self, value: str) -> bool:
        """Return whether this is a number or range that the slot may hold."""
        return bool((SIGNED if self.signed else QUANTITY).fullmatch(value))

    def said(self, value: str, language: Language) -> str:
        """Return a number or range with its unit and bound, inside its clause."""
        zh = language == "zh-CN"
        figures = value.replace("~", "～").replace("-", "零下") if zh else value.replace("~", " to ")
        number = self.pattern.said(language).format(figures)
        bound = {"at_least": ("以上", " or more"), "at_most": ("以下", " or less"), "plain": ("", "")}[
            self.bound
        ]
        said = number if "~" in value else number + bound[0 if zh else 1]
        return self.clause.said(language).format(said) if self.clause else said


class Colour(Entry):
    """A colour as people, the national system and CAP name it."""

    name: Both
    roman: Literal["I", "II", "III", "IV"]
    word: Both
    severity: Literal["Extreme", "Severe", "Moderate", "Minor"]


class Timing(Entry):
    """CAP urgency and certainty of one situation."""

    urgency: Literal["Immediate", "Expected", "Future"]
    certainty: Literal["Observed", "Likely", "Possible"]


class TimingRule(Entry):
    """How urgency and certainty follow from the window."""

    near_hours: int = Field(gt=0)
    observed: Timing
    near: Timing
    later: Timing


class Act(StrEnum):
    """What a message does to the warning."""

    ISSUED = "issued"
    UPDATED = "updated"
    RAISED = "raised"
    LOWERED = "lowered"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"

    @classmethod
    def between(cls, former: Level, level: Level) -> "Act":
        """Return what an update from one colour to another is called."""
        if level is former:
            return cls.UPDATED
        return cls.RAISED if level.rank < former.rank else cls.LOWERED


class Head(Entry):
    """The title and the opening words of one act."""

    title: Both
    lead: Both

    @model_validator(mode="after")
    def _known_slots(self) -> Self:
        refuse_strangers("a title or lead", self.title.slots | self.lead.slots, HEAD)
        return self


class Texts(Entry):
    """The long and the short text of a kind of message."""

    text: Both
    short: Both


class Grade(Entry):
    """One colour of one hazard."""

    criteria: Both
    """A hint for the forecaster: it warns and never blocks."""
    verified: bool = True
    """False until the station has confirmed colours and numbers."""
    window_hours: int = Field(gt=0)
    validity_hours: int = Field(gt=0)
    certainty: Literal["Likely", "Possible"] = "Likely"
    defaults: Mapping[str, str] = {}
    phrases: Mapping[str, Both] = {}
    guide: Guide
    call: Both

    @model_validator(mode="after")
    def _outlives_its_window(self) -> Self:
        if self.validity_hours < self.window_hours:
            raise ValueError("the validity ends before the window of the criteria")
        return self


class Hazard(Texts):
    """A kind of severe weather with the colours that it has."""

    code: HazardCode
    name: Both
    accept_only: bool = False
    """Not in Chongqing's list: taken from others, never issued here."""
    slots: Mapping[str, Slot]
    after: Both
    levels: Mapping[Level, Grade] = Field(min_length=1)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        used = self.text.slots | self.short.slots
        for level, grade in self.levels.items():
            place = f"{self.code} {level}"
            refuse_strangers(place, used, GIVEN | set(self.slots) | set(grade.phrases))
            refuse_strangers(f"{place} defaults", grade.defaults, self.slots)
            refuse_strangers(f"{place} phrases", grade.phrases, used)
            if not all(self.slots[name].takes(value) for name, value in grade.defaults.items()):
                raise ValueError(f"{place} has a default that is no number")
        refuse_strangers(f"{self.code} slots", self.slots, used)
        return self


class Sender(Entry):
    """Who speaks."""

    code: str = Field(pattern=r"^\d{14}$")
    name: Both


class Signals(Entry):
    """The whole of signals.yaml."""

    version: str = Field(min_length=1)
    sender: Sender
    colours: Mapping[Level, Colour]
    timing: TimingRule
    acts: Mapping[Act, Head]
    lifted: Texts
    hazards: tuple[Hazard, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if set(self.colours) != set(Level) or set(self.acts) != set(Act):
            raise ValueError("every colour and every act must be there")
        codes = [hazard.code for hazard in self.hazards]
        if len(codes) != len(set(codes)):
            raise ValueError("a hazard is there twice")
        refuse_strangers("lifted", self.lifted.text.slots | self.lifted.short.slots, GIVEN | {"after"})
        return self


@dataclass(frozen=True)
class Signal:
    """One hazard in one colour, with everything that the catalogue says of it."""

    hazard: Hazard
    level: Level
    signals: Signals

    @property
    def grade(self) -> Grade:
        """What is particular to this colour of this hazard."""
        return self.hazard.levels[self.level]

    @property
    def colour(self) -> Colour:
        """The colour itself, the same for every hazard."""
        return self.signals.colours[self.level]

    def timing(self, hours_left: float, *, observed: bool) -> Timing:
        """Return CAP urgency and certainty, by the hours until the window ends."""
        rule = self.signals.timing
        if observed:
            return rule.observed
        timing = rule.near if hours_left <= rule.near_hours else rule.later
        return timing.model_copy(update={"certainty": self.grade.certainty})

    def quantities(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return the number of every slot, defaults filled in, optional ones empty."""
        if set(values) - set(self.hazard.slots):
            raise Invalid("slots", "a slot is not one of this signal", f"use {', '.join(self.hazard.slots)}")
        return {name: self._quantity(name, slot, values) for name, slot in self.hazard.slots.items()}

    def _quantity(self, name: str, slot: Slot, values: Mapping[str, str]) -> str:
        default = self.grade.defaults.get(name, "")
        value = values.get(name, default).strip().replace("～", "~")
        if slot.takes(value) or (not value and slot.clause):
            return value
        why = "is not a number or a range" if value else "is empty"
        raise Invalid(
            f"slots.{name}", why, f"give {slot.label.zh} as a number or a range, such as 50 or 50~80"
        )


def refuse_strangers(place: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raise ValueError when a name is not among those that are known."""
    strangers = set(names) - set(known)
    if strangers:
        raise ValueError(f"{place}: unknown or unused {', '.join(sorted(strangers))}")
