"""Routing rules as data: what fits first decides, and a file that contradicts itself is refused."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from contracts.canonical import content_hash
from contracts.values import Channel, HazardCode, Lane, Level, Mode, TownCode
from contracts.wansheng import WANSHENG
from services.kit.clock import BEIJING
from services.kit.errors import Fault, Invalid
from services.router.model.yaml_text import plain

MOST_RULES = 500
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def _hours(given: str | None) -> str | None:
    found = _HOURS.fullmatch(given) if given is not None else None
    if given is not None and (found is None or found.group(1, 2) == found.group(3, 4)):
        raise ValueError('is not a span such as "22:00-06:00"')
    return given


def _ours(code: str) -> str:
    if code in WANSHENG:
        raise ValueError("belongs to Wansheng, which warns its own people")
    return code


class Strict(BaseModel):
    """What is not known is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class When(Strict):
    """What must fit; what is left out fits everything."""

    modes: frozenset[Mode] = frozenset()
    hazards: frozenset[HazardCode] = frozenset()
    levels: frozenset[Level] = frozenset()
    towns: frozenset[Annotated[TownCode, AfterValidator(_ours)]] = frozenset()
    groups: frozenset[str] = frozenset()
    hours: Annotated[str | None, AfterValidator(_hours)] = None

    def covers(self, other: "When") -> bool:
        """Tell whether whatever fits the other fits this one too."""
        for name in ("modes", "hazards", "levels", "towns", "groups"):
            mine, its = getattr(self, name), getattr(other, name)
            if mine and not (its and its <= mine):
                return False
        return self.hours in (None, other.hours)

    def hour_fits(self, at: datetime) -> bool:
        """Tell whether a moment lies in the hours; they may pass midnight."""
        if self.hours is None:
            return True
        begin, end = (time.fromisoformat(part) for part in self.hours.split("-"))
        now = at.astimezone(BEIJING).time()
        return begin <= now < end if begin < end else now >= begin or now < end


class Rule(Strict):
    """When something fits, by which ways it is told, and how."""

    name: str = Field(min_length=1, max_length=100)
    when: When = When()
    channels: Literal["all"] | frozenset[Channel]
    people: Literal["village", "inside"] = "village"
    lane: Lane | None = None
    wording: Literal["duty"] | None = None
    asked_again_s: int | None = Field(None, ge=1, le=3600)

    def says(self, channel: Channel) -> bool:
        """Tell whether a channel is used."""
        return self.channels == "all" or channel in self.channels

    @property
    def effect(self) -> tuple[Any, ...]:
        """What the rule does, whenever it does it."""
        return (self.channels, self.people, self.lane, self.wording, self.asked_again_s)


class _File(Strict):
    version: str = Field(min_length=1, max_length=50)
    rules: tuple[Rule, ...] = Field(min_length=1, max_length=MOST_RULES)


@dataclass(frozen=True)
class Rules:
    """A whole file of rules, free of contradictions, and its text."""

    version: str
    rules: tuple[Rule, ...]
    text: str

    @cached_property
    def sha256(self) -> str:
        """The name of these rules: whatever is written otherwise has another."""
        return content_hash({"version": self.version, "text": self.text})


def read(text: str) -> Rules:
    """Return the rules of a file; raise Invalid that names every fault by its place, and how to mend it."""
    file, lines = _parsed(text)
    faults = [*_calling(file.rules, lines), *_contradictions(file.rules, lines)]
    if faults:
        raise Invalid.of(faults)
    return Rules(file.version, file.rules, text)


def kept(text: str) -> Rules:
    """Return rules that were in force once, whatever would be refused in them today."""
    file, _ = _parsed(text)
    return Rules(file.version, file.rules, text)


def _parsed(text: str) -> tuple[_File, Mapping[int, int]]:
    """Return what a file says, and the line on which each rule begins."""
    try:
        content = plain(text)
        lines = _lines(yaml.compose(text, yaml.CSafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "the file"
        raise Invalid(place, "is not YAML", "mend the indentation, quotes or brackets") from None
    try:
        return _File.model_validate(content), lines
    except ValidationError as error:
        raise Invalid.of([_fault(found, lines) for found in error.errors()]) from None


def _lines(root: Any) -> Mapping[int, int]:
    """Return the line on which each rule begins."""
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    rules = next((value for key, value in pairs if key.value == "rules"), None)
    nodes = rules.value if isinstance(rules, yaml.SequenceNode) else ()
    return {number: node.start_mark.line + 1 for number, node in enumerate(nodes)}


def _fault(found: Any, lines: Mapping[int, int]) -> Fault:
    place = [part for part in found["loc"] if part not in ("literal['all']", "frozenset[enum]")]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    if place[:1] == ["rules"] and len(place) > 1 and isinstance(place[1], int):
        field += f" (line {lines.get(place[1], 1)})"
    if found["type"] == "extra_forbidden":
        return Fault(field or "the file", "is not known", "see the head of rules.yaml for what is")
    why = found["msg"].removeprefix("Value error, ")
    return Fault(field or "the file", why[:1].lower() + why[1:], "see the head of rules.yaml")


def _calling(rules: tuple[Rule, ...], lines: Mapping[int, int]) -> Iterator[Fault]:
    """Name the rules that would telephone people: a call asks for an answer, and has its own rules."""
    for number, rule in enumerate(rules):
        if rule.channels != "all" and Channel.VOICE in rule.channels:
            place = f"rules[{number}] {rule.name} (line {lines.get(number, 1)}).channels"
            why = "names voice, and nobody is telephoned by a routing rule"
            yield Fault(place, why, "take it out; escalation.yaml says who is telephoned, and when")


def _contradictions(rules: tuple[Rule, ...], lines: Mapping[int, int]) -> Iterator[Fault]:
    for number, rule in enumerate(rules):
        place = f"rules[{number}] {rule.name} (line {lines.get(number, 1)})"
        for earlier, other in enumerate(rules[:number]):
            there = f"rules[{earlier}] {other.name} (line {lines.get(earlier, 1)})"
            if other.name == rule.name:
                yield Fault(place, f"has the name of {there}", "give each rule a name of its own")
            if other.when == rule.when and other.effect != rule.effect:
                yield Fault(place, f"contradicts {there}, which fits the same", "keep one of them")
                break
            if other.when.covers(rule.when):
                why = f"never decides: {there} fits whatever it fits, and comes first"
                yield Fault(place, why, f"put it before rules[{earlier}], or take it out")
                break
        if rule.lane is Lane.ROUTINE and _may_be_urgent(rule.when):
            mend = "leave lane out, or list only YELLOW and BLUE under levels"
            yield Fault(f"{place}.lane", "makes red and orange wait", mend)
    yield from _gaps(rules)


def _may_be_urgent(when: When) -> bool:
    return not when.levels or any(level.lane is Lane.URGENT for level in when.levels)


def _gaps(rules: tuple[Rule, ...]) -> Iterator[Fault]:
    """Name the colours of which no rule decides everywhere and at all times."""
    for mode in Mode:
        for level in Level:
            needed = When(modes=frozenset({mode}), levels=frozenset({level}))
            if not any(rule.when.covers(needed) for rule in rules):
                why = f"leave {mode} warnings of the colour {level} undecided somewhere, or at some hour"
                yield Fault("rules", why, "end with a rule without conditions")
