"""Trying a sheet out: the words that it makes, their length, and who would be reached, with nothing kept."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from contracts.plan import Manifest
from contracts.text import MOST_SEGMENTS, segments, utf16_units
from contracts.values import AreaSelection
from services.issuer.actions import making
from services.issuer.actions.alongside import alongside
from services.issuer.api import Parts
from services.issuer.catalogue import Signal
from services.issuer.desk.looks import Looks, Seen, seen
from services.issuer.desk.places import Gazetteer
from services.issuer.desk.reached import Panel, panel
from services.issuer.desk.reading import Read, read
from services.issuer.desk.sheet import Sheet
from services.issuer.model import (
    Alongside,
    Content,
    Kind,
    WeatherWarning,
    Wish,
    faults,
    selection_faults,
    sms,
)
from services.issuer.reach import Reached
from services.kit.errors import Fault, Invalid, Problem

UNNAMED = "……"
"""Stands in the texts where the towns will be named."""


@dataclass(frozen=True)
class Trial:
    """What a sheet would become."""

    sheet: Sheet
    """With the catalogue's words in it, unless the forecaster wrote his own."""
    read: Read
    content: Content | None = None
    panel: Panel | None = None
    away: Problem | None = None
    """Why nobody could be counted."""
    found: tuple[Fault, ...] = field(default=())
    manifest: Manifest | None = None
    """The target list, or a list of nobody while they cannot be counted."""
    alongside: tuple[Alongside, ...] = ()
    """Others in force for the same hazard and towns."""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that is wrong, each thing once."""
        return tuple(dict.fromkeys((*self.read.faults, *self.found)))


@dataclass(frozen=True)
class Length:
    """How long the short text is for a telephone."""

    units: int
    segments: int
    most: int = MOST_SEGMENTS

    @property
    def too_long(self) -> bool:
        """True when it would be refused."""
        return self.segments > self.most


def length(content: Content, signature: str) -> Length:
    """Return the length of the SMS with its signature."""
    text = sms(content, signature)
    return Length(utf16_units(text), segments(text))


async def attempt(
    parts: Parts, sheet: Sheet, signal: Signal, gazetteer: Gazetteer, warning: WeatherWarning | None
) -> Trial:
    """Return what a sheet would become; `warning` is the draft as it is kept."""
    base = warning.content if warning else None
    now = parts.db.clock.now()
    found = read(sheet, signal, gazetteer, now)
    reached, away, wrong = await _reached(parts, sheet, found.wish)
    known = reached or _unnamed(sheet, found.wish, gazetteer)
    worded, more = _content(parts, sheet, found.wish, base, known)
    if worded is not None:
        more = [*more, *faults(worded, now, parts.press.signature)]
        sheet = sheet if sheet.by_hand else sheet.with_made(worded.text, worded.text_en)
    shown = panel(reached, gazetteer) if reached else None
    others = await _others(parts, sheet, found.wish, reached, warning)
    return Trial(sheet, found, worded, shown, away, (*wrong, *more), known.manifest, others)


async def _others(
    parts: Parts, sheet: Sheet, wish: Wish, reached: Reached | None, warning: WeatherWarning | None
) -> tuple[Alongside, ...]:
    """Return who else warns of the same there; by the towns that were ticked while nobody is counted."""
    towns = reached.manifest.towns if reached else (wish.selection or AreaSelection()).towns
    own = (warning.warning_id, warning.content.lead) if warning else ()
    besides = [one for one in own if one is not None]
    return tuple(await alongside(parts.db, sheet.mode, sheet.hazard, towns, *besides))


async def _reached(
    parts: Parts, sheet: Sheet, wish: Wish
) -> tuple[Reached | None, Problem | None, tuple[Fault, ...]]:
    if wish.selection is None or wish.selection.empty or selection_faults(wish.selection):
        return None, None, ()
    try:
        by = [way for way in parts.catalogue.products.get(sheet.product).ways if way not in sheet.ways_out]
        reached = await parts.reach.preview(
            sheet.mode, wish.selection, pin=False, channels=by, level=sheet.level, hazard=sheet.hazard
        )
    except Invalid as error:
        return None, None, error.faults
    except Problem as error:
        return None, error, ()
    return reached, None, ()


async def look(parts: Parts, looks: Looks, tried: Trial) -> Seen:
    """Return how the sheet would look on each channel by which it goes."""
    content, manifest = tried.content, tried.manifest
    if content is None or manifest is None or not content.text.headline:
        return Seen()
    references = f"{parts.press.sender_code},–,–" if content.kind is not Kind.ALERT else ""
    try:
        notice, alert = await asyncio.to_thread(
            parts.press.proof, content, manifest, references, parts.db.clock.now()
        )
    except Problem:
        return Seen()
    found = await looks.looks(content.mode, content.kind, notice)
    return seen(found, making.ways(parts.catalogue, content), alert)


def _unnamed(sheet: Sheet, wish: Wish, gazetteer: Gazetteer) -> Reached:
    """Return enough of an answer to make words with, while nobody has counted anybody."""
    selection = wish.selection or AreaSelection()
    names = tuple(town.name for town in gazetteer.towns if town.code in selection.towns)
    nobody = Manifest.pinned(
        mode=sheet.mode,
        registry_version="0" * 64,
        selection=selection,
        towns=(),
        villages=(),
        generated=(),
        areas=(),
        channels=(),
    )
    whole = bool(gazetteer.towns) and len(names) == len(gazetteer.towns)
    return Reached(nobody, names or (UNNAMED,), whole)


def _content(
    parts: Parts, sheet: Sheet, wish: Wish, base: Content | None, reached: Reached
) -> tuple[Content | None, list[Fault]]:
    now: datetime = parts.db.clock.now()
    make: Callable[[], Content] = (
        (lambda: making.drafted(parts.catalogue, sheet.mode, wish, reached, now))
        if base is None
        else (lambda: making.edited(parts.catalogue, base, wish, reached, now))
    )
    try:
        return make(), []
    except Invalid as error:
        return None, list(error.faults)
