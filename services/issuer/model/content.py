"""Content: what the approvers of a warning agree to, and the limits of every field."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from contracts.canonical import content_hash
from contracts.text import CLOSING, MOST_SEGMENTS, OPENING, segments
from contracts.values import AreaSelection, HazardCode, Instant, Level, Mode, Ring, Value
from contracts.warning import AddsTo, WarningText
from services.issuer.model.choices import Beside, Consultation, LeftOut, choice_faults, line_faults
from services.issuer.model.follow import Follow, Leading
from services.kit.errors import Fault

HEADLINE = 140
DESCRIPTION = 2000
INSTRUCTION = 2000
SHORT = 600
OBSERVED = 200
LONGEST = timedelta(hours=72)
MOST_SHAPES = 50
MOST_POINTS = 5000
MOST_PLACES = 2000
MOST_SUPERSEDED = 10


class Kind(StrEnum):
    """What a revision does: warn for the first time, replace what was said, or lift it."""

    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"


class Window(Value):
    """When the weather is expected."""

    begin: Instant
    end: Instant


class Bound(Value):
    """A part of a mixed warning that goes out with its lead: which one, and exactly what it says to whom."""

    warning_id: UUID
    revision: int = 1
    level: Level
    content_sha256: str
    manifest_sha256: str = ""
    """Empty until it is submitted together with its lead."""


class Content(Value):
    """What is said to whom: the part of a revision that its approvals are bound to."""

    kind: Kind = Kind.ALERT
    mode: Mode
    hazard: HazardCode
    level: Level
    product: str = "signal"
    selection: AreaSelection
    window: Window
    slots: dict[str, str] = Field(default_factory=dict)
    """The numbers in the texts, by the names that the signal gives them."""
    observed: str = ""
    """What has happened already, as a sentence; empty for a forecast."""
    observed_en: str = ""
    """The same for the English texts."""
    effective: Instant | None = None
    """None: from the moment of issue."""
    onset: Instant | None = None
    expires: Instant
    text: WarningText
    text_en: WarningText | None = None
    made: bool = False
    """True while the texts are the catalogue's own, so that they follow every change."""
    corrects: bool = False
    """True for a correction (勘误) of the revision before, whose text was wrong."""
    names: tuple[str, ...] = ()
    """The towns as the texts name them."""
    names_en: tuple[str, ...] = ()
    """The same towns, as the English texts name them."""
    whole_district: bool = False
    former: Level | None = None
    """The colour of the revision before."""
    former_at: Instant | None = None
    """When the warning was first issued."""
    supersedes: tuple[UUID, ...] = ()
    """Other warnings that this one mutes."""
    beside: tuple[Beside, ...] = ()
    """Other warnings in force for the same hazard and town that stay so."""
    left_out: tuple[LeftOut, ...] = ()
    """Ways that the product's rule allows and that are not gone."""
    consultation: Consultation | None = None
    stage: str = ""
    """How far ahead it is said, such as H12; empty: the catalogue tells by the window."""
    department: str = ""
    """Who issues a joint product with us, by the catalogue's word for it."""
    lead: UUID | None = None
    """The warning with which this one goes out, as the part of it that has another colour."""
    bound: tuple[Bound, ...] = ()
    """The parts that go out with this one; approving it approves them."""
    follows: tuple[Follow, ...] = ()
    """The suspensions that follow at once, because a department allowed it beforehand."""
    sector: str = ""
    """Who stops, by the catalogue's word for it; only of a suspension."""
    leading: Leading | None = None
    """The warning because of which a suspension goes out."""
    adds_to: AddsTo | None = None
    """Set for a town's note: the warning beside which it stands."""

    @property
    def sha256(self) -> str:
        """The hash that an approval names."""
        return content_hash(self)


class Wish(Value):
    """What a forecaster asks for; what he leaves out, or sets to null, follows from rules."""

    hazard: HazardCode | None = None
    level: Level | None = None
    product: str | None = None
    selection: AreaSelection | None = None
    window: Window | None = None
    slots: dict[str, str] | None = None
    observed: str | None = None
    observed_en: str | None = None
    effective: Instant | None = None
    onset: Instant | None = None
    expires: Instant | None = None
    text: WarningText | None = None
    text_en: WarningText | None = None
    supersedes: tuple[UUID, ...] | None = None
    beside: tuple[Beside, ...] | None = None
    left_out: tuple[LeftOut, ...] | None = None
    consultation: Consultation | None = None
    stage: str | None = None
    department: str | None = None

    def says(self, field: str) -> bool:
        """Tell whether a field was sent at all, be it null."""
        return field in self.model_fields_set


def faults(content: Content, now: datetime, signature: str, *, complete: bool = True) -> list[Fault]:
    """Return everything that is wrong with a content; an incomplete one may lack what is asked for later."""
    found = [*_text_faults(content, signature), *_other_faults(content)]
    found += selection_faults(content.selection, complete=complete)
    if complete:
        found += [*_time_faults(content, now), *_empty_faults(content)]
    return found


def selection_faults(selection: AreaSelection, *, complete: bool = True) -> list[Fault]:
    """Return what is wrong with a choice of areas, as far as that shows without a registry."""
    if selection.empty and complete:
        return [Fault("selection", "nobody is chosen", "choose towns, villages, polygons or circles")]
    return list(_shape_faults(selection))


DRILL_WORDS = "（演练，请勿当真）"
KIND_WORDS = {Kind.ALERT: "", Kind.UPDATE: "（更新，以本条为准）", Kind.CANCEL: "（解除）"}
"""What stands between signature and text of an SMS, and is counted with them."""


def sms(content: Content, signature: str) -> str:
    """Return the plain SMS as it is counted: signature, what it is, and the short text."""
    drill = DRILL_WORDS if content.mode is Mode.DRILL else ""
    return f"{signature}{drill}{KIND_WORDS[content.kind]}{content.text.short}"


def _text_faults(content: Content, signature: str) -> Iterator[Fault]:
    for name, text in (("text", content.text), ("text_en", content.text_en)):
        if text is None:
            continue
        limits = {
            "headline": HEADLINE,
            "description": DESCRIPTION,
            "instruction": INSTRUCTION,
            "short": SHORT,
        }
        for field, most in limits.items():
            yield from line_faults(f"{name}.{field}", getattr(text, field), most)
    if OPENING in content.text.short or CLOSING in content.text.short:
        yield Fault("text.short", f"holds {OPENING} or {CLOSING}", "leave these to the signature")
    count = segments(sms(content, signature))
    if count > MOST_SEGMENTS:
        why = f"fills {count} SMS segments together with the signature"
        yield Fault("text.short", why, f"shorten it to {MOST_SEGMENTS}")


_CORRECTED = ("更正", "勘误")


def _empty_faults(content: Content) -> Iterator[Fault]:
    for field in ("headline", "description", "short"):
        if not getattr(content.text, field).strip():
            yield Fault(f"text.{field}", "is empty", "write it, or leave all texts out to have them made")
    for field in ("headline", "short") if content.corrects else ():
        if not any(word in getattr(content.text, field) for word in _CORRECTED):
            yield Fault(f"text.{field}", "does not say that it corrects", f"write {_CORRECTED[0]} into it")


def _time_faults(content: Content, now: datetime) -> Iterator[Fault]:
    begin = content.effective or now
    if content.effective and content.effective > now + LONGEST:
        yield Fault("effective", "is more than 72 hours away", "choose an earlier time")
    if content.expires <= now:
        yield Fault("expires", "is past", "choose a later time")
    elif content.expires <= begin:
        yield Fault("expires", "is not after the time from which it holds", "choose a later time")
    elif content.expires > max(begin, now) + LONGEST:
        yield Fault("expires", "is more than 72 hours after it begins", "choose an earlier time")
    if content.onset and content.onset >= content.expires:
        yield Fault("expires", "is not after the onset", "choose a later time")


def _shape_faults(selection: AreaSelection) -> Iterator[Fault]:
    if len(selection.towns) + len(selection.villages) > MOST_PLACES:
        yield Fault("selection", "names too many places", f"name at most {MOST_PLACES}")
    if len(selection.polygons) + len(selection.circles) > MOST_SHAPES:
        yield Fault("selection", "has too many shapes", f"draw at most {MOST_SHAPES}")
    if sum(map(len, selection.polygons)) > MOST_POINTS:
        yield Fault("selection.polygons", "have too many points", f"draw at most {MOST_POINTS} in all")
    for number, ring in enumerate(selection.polygons):
        yield from _ring_faults(f"selection.polygons[{number}]", ring)


def _ring_faults(field: str, ring: Ring) -> Iterator[Fault]:
    if len(ring) < 4:
        yield Fault(field, "has fewer than four points", "draw at least a triangle and close it")
    elif ring[0] != ring[-1]:
        yield Fault(field, "is not closed", "repeat the first point as the last")


def _other_faults(content: Content) -> Iterator[Fault]:
    yield from line_faults("observed", content.observed, OBSERVED)
    yield from line_faults("observed_en", content.observed_en, OBSERVED)
    yield from choice_faults(content.beside, content.left_out, content.consultation)
    if len(content.supersedes) > MOST_SUPERSEDED:
        yield Fault("supersedes", "names too many warnings", f"name at most {MOST_SUPERSEDED}")
    if len(set(content.supersedes)) != len(content.supersedes):
        yield Fault("supersedes", "names a warning twice", "name each warning once")
