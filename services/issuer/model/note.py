"""A town's note (二次转发): what may be added to a warning in force, for whom, and how long it stays."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.plan import Manifest
from contracts.text import CLOSING, OPENING
from contracts.values import AreaSelection, Channel
from contracts.warning import AddsTo, WarningText
from services.issuer.model.content import Content, Kind
from services.issuer.model.warning import State, WeatherWarning
from services.kit.errors import Invalid, Refused

TOWN_DIGITS = 9
SENDER_DIGITS = 14
"""A sender's code has fourteen digits; a town's is padded with zeros."""


@dataclass(frozen=True)
class Note:
    """Which town added what to which warning."""

    note_id: UUID
    of_warning: UUID
    of_revision: int
    town: str
    town_name: str
    words: str
    by: str
    by_name: str
    at: datetime


@dataclass(frozen=True)
class Said:
    """The texts of a note, by the catalogue's words for them."""

    mark: str
    title: str
    text: str
    short: str
    instruction: str


def sender_code(town: str) -> str:
    """Return a town's code as CAP names a sender."""
    return town.ljust(SENDER_DIGITS, "0")


def own_villages(warning: WeatherWarning, town: str) -> tuple[str, ...]:
    """Return the villages of a town that a warning covers."""
    villages = warning.manifest.villages if warning.manifest else ()
    return tuple(code for code in villages if code[:TOWN_DIGITS] == town)


def may_be_added_to(warning: WeatherWarning, town: str, now: datetime) -> None:
    """Raise Refused unless a town may add to a warning now."""
    if warning.content.adds_to is not None:
        raise Refused("this is a town's note itself", mend="add to the warning beside which it stands")
    if (
        warning.state is not State.ISSUED
        or warning.content.kind is Kind.CANCEL
        or warning.content.expires <= now
    ):
        raise Refused("this warning is not in force", mend="look at what is in force now")
    if not own_villages(warning, town):
        raise Refused("this warning does not cover your town", mend="look at what is in force for your town")


def chosen(warning: WeatherWarning, town: str, villages: Collection[str]) -> tuple[str, ...]:
    """Return whom a note is for: all that the warning covers of a town, or some of these villages."""
    covered = own_villages(warning, town)
    strange = set(villages) - set(covered)
    mend = "choose villages of your own town that the warning covers"
    if of_others := [code for code in strange if code[:TOWN_DIGITS] != town]:
        raise Invalid("villages", f"{len(of_others)} of these villages are of another town", mend)
    if strange:
        raise Invalid("villages", f"{len(strange)} of these villages are not covered by the warning", mend)
    return tuple(sorted(set(villages))) or covered


def look_at_words(words: str, most: int) -> str:
    """Return what a town says; raise Invalid when it is empty, too long, or looks like a signature."""
    said = " ".join(words.split())
    if not said:
        raise Invalid("text", "is empty", "write where to shelter, which road is cut, whom to ask")
    if len(said) > most:
        raise Invalid("text", f"has {len(said)} characters", f"use at most {most} characters")
    if OPENING in said or CLOSING in said:
        raise Invalid("text", f"holds {OPENING} or {CLOSING}", "leave these to the signature")
    return said


def content_of(warning: WeatherWarning, villages: Collection[str], town_name: str, said: Said) -> Content:
    """Return what a note says to whom: of the warning's hazard, colour and mode, as long as the warning."""
    published = warning.published
    assert published is not None, "what is in force has gone out"
    base = warning.content
    text = WarningText(
        headline=f"{OPENING}{said.mark}{CLOSING}{said.title}",
        description=said.text,
        instruction=said.instruction,
        short=said.short,
    )
    return Content(
        mode=base.mode,
        hazard=base.hazard,
        level=base.level,
        product="note",
        selection=AreaSelection(villages=tuple(sorted(villages)), groups=base.selection.groups),
        window=base.window,
        expires=base.expires,
        text=text,
        names=(town_name,),
        adds_to=AddsTo(
            warning_id=warning.warning_id,
            revision=warning.revision,
            identifier=published.notice.identifier,
        ),
    )


def stays_within(manifest: Manifest, town: str, villages: Collection[str], *, whole: bool) -> None:
    """Raise Refused when a target list reaches outside these villages; `whole`: they are the town."""
    allowed = {*villages, town, *([_wire(town)] if whole else ())}
    if outside := set(_places(manifest)) - allowed:
        raise Refused(
            f"this would reach {len(outside)} places outside your town or outside the warning",
            mend="choose villages of your own town that the warning covers",
        )


def _wire(town: str) -> str:
    return f"{town}000"


def _places(manifest: Manifest) -> Iterator[str]:
    """Yield the code of every place that a target list reaches; a way that knows no places is one itself.

    A station is of one of the villages that the list names, whatever its own code is.
    """
    yield from (*manifest.villages, *manifest.towns, *(area.code for area in manifest.areas))
    for entry in manifest.channels:
        match entry.channel:
            case Channel.STATION:
                continue
            case Channel.SMS | Channel.WECHAT:
                yield from (target.partition("/")[0].partition("-")[0] for target in entry.targets)
            case Channel.BROADCAST | Channel.CABLE | Channel.APP | Channel.WEB:
                yield from entry.targets
            case _:
                yield str(entry.channel)


def outlived(note: WeatherWarning, warning: WeatherWarning) -> bool:
    """Tell whether a revision of its warning no longer covers every place of a note, or ends before it."""
    covered = set(warning.manifest.villages) if warning.manifest else set()
    places = set(note.manifest.villages) if note.manifest else set()
    lifted = warning.content.kind is Kind.CANCEL
    return lifted or not places <= covered or note.content.expires > warning.content.expires
