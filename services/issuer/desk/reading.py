"""Reading the compose form: from what was typed to a wish, and everything that is wrong with it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from contracts.values import AreaSelection, Channel, Circle, Ring
from contracts.warning import WarningText
from services.issuer.catalogue import Signal
from services.issuer.desk.places import Gazetteer, Named
from services.issuer.desk.sheet import TEXTS, Sheet
from services.issuer.desk.times import moment
from services.issuer.model import Beside, Consultation, LeftOut, Window, Wish
from services.kit.errors import Fault, Invalid

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CIRCLE_WORDS = ("circle", "圆")

T = TypeVar("T")
Shapes = tuple[tuple[Ring, ...], tuple[Circle, ...]]
_NO_SHAPES: Shapes = ((), ())


@dataclass(frozen=True)
class Read:
    """What a sheet asks for, as far as it can be understood."""

    wish: Wish
    faults: tuple[Fault, ...]
    named: Named


def read(sheet: Sheet, signal: Signal, gazetteer: Gazetteer, now: datetime) -> Read:
    """Return the wish of a sheet, and the faults of every field at once."""
    faults: list[Fault] = []
    named = gazetteer.read(sheet.names)
    faults += _name_faults(named)
    shapes = _tried(faults, lambda: _shapes(sheet.shapes), _NO_SHAPES)
    selection = AreaSelection(
        towns=tuple(sorted({*sheet.towns, *named.towns})),
        villages=named.villages,
        polygons=shapes[0],
        circles=shapes[1],
        groups=tuple(sorted(sheet.groups)),
    )
    asked: dict[str, Any] = {
        "hazard": sheet.hazard,
        "level": sheet.level,
        "selection": selection,
        "observed": sheet.observed,
        "observed_en": sheet.observed_en,
        "slots": dict(sheet.slots),
        "window": _tried(faults, lambda: _window(sheet, signal, now), None),
        "expires": _tried(faults, lambda: moment("expires", sheet.expires, now), None),
        "text": None,
        "product": sheet.product,
        "department": sheet.department,
        "stage": sheet.stage,
        "consultation": _tried(faults, lambda: _consultation(sheet, now), None),
        **_choices(sheet),
    }
    if sheet.by_hand:
        asked |= {"text": _words(sheet, "", "zh-CN"), "text_en": _words(sheet, "en_", "en-US")}
    return Read(Wish(**asked), tuple(faults), named)


def _tried(faults: list[Fault], reading: Callable[[], T], otherwise: T) -> T:
    try:
        return reading()
    except Invalid as error:
        faults += error.faults
        return otherwise


def _window(sheet: Sheet, signal: Signal, now: datetime) -> Window:
    """Return the window; an empty begin is now, an empty end follows from the signal."""
    begin = moment("window.begin", sheet.begin, now) or now.replace(second=0, microsecond=0)
    by_rule = begin + timedelta(hours=signal.grade.window_hours)
    return Window(begin=begin, end=moment("window.end", sheet.end, now, after=begin) or by_rule)


def _choices(sheet: Sheet) -> dict[str, Any]:
    """Return what becomes of others in force, and which ways are left out."""
    kept = (name for name, choice in sheet.others.items() if choice == "keep")
    superseded = (name for name, choice in sheet.others.items() if choice == "supersede")
    known = (way for way in sorted(sheet.ways_out) if way in set(Channel))
    return {
        "supersedes": tuple(UUID(name) for name in superseded if _UUID.fullmatch(name)),
        "beside": tuple(Beside(reference=name, reason=sheet.why_kept.get(name, "")) for name in kept if name),
        "left_out": tuple(LeftOut(channel=Channel(w), reason=sheet.why_out.get(w, "")) for w in known),
    }


def _consultation(sheet: Sheet, now: datetime) -> Consultation | None:
    """Return the note of the consultation, None when nothing of it was typed."""
    if not (sheet.held or sheet.attended or sheet.conclusion):
        return None
    held_at = moment("consultation.held_at", sheet.held, now) or now.replace(second=0, microsecond=0)
    return Consultation(held_at=held_at, attended=sheet.attended, conclusion=sheet.conclusion)


def _words(sheet: Sheet, prefix: str, language: str) -> WarningText | None:
    words = {name: sheet.texts.get(f"{prefix}{name}", "") for name in TEXTS}
    if prefix and not words["headline"]:
        return None
    return WarningText(language=language, **words)


def _name_faults(named: Named) -> Iterator[Fault]:
    for word in named.unknown:
        near = "、".join(named.nearest.get(word, ()))
        mend = f"is it {near}?" if near else "correct this name, or tick the towns"
        yield Fault("names", f"nobody knows {word}", mend)
    for word, places in named.several.items():
        yield Fault("names", f"{word} may be {'、'.join(places)}", "put the town's name in front")


def _shapes(typed: str) -> Shapes:
    polygons, circles, faults = [], [], []
    for number, line in enumerate(typed.splitlines(), 1):
        words = line.replace("，", ",").split()
        try:
            if words and words[0].lower() in CIRCLE_WORDS:
                _, centre, radius = words
                circles.append(Circle(centre=_point(centre), radius_km=float(radius.removesuffix("km"))))
            elif words:
                polygons.append(_ring(words))
        except (ValueError, ValidationError):
            why = f"line {number} is neither a polygon nor a circle"
            mend = "type longitude,latitude pairs such as 106.60,29.00 106.70,29.00 106.65,29.10"
            faults.append(Fault("shapes", why, mend))
    if faults:
        raise Invalid.of(faults)
    return tuple(polygons), tuple(circles)


def _ring(words: list[str]) -> Ring:
    points = [_point(word) for word in words]
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    if len(points) < 3:
        raise ValueError("fewer than three corners")
    return (*points, points[0])


def _point(word: str) -> tuple[float, float]:
    lon, lat = map(float, word.split(","))
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValueError("not on this earth")
    return lon, lat
