"""The compose form as it was typed: every word kept, whatever is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from starlette.datastructures import FormData

from contracts.canonical import content_hash
from contracts.values import AreaSelection, Level, Mode
from contracts.warning import WarningText
from services.issuer.catalogue import SIGNAL, Signal
from services.issuer.desk.times import typed
from services.issuer.model import Content

TEXTS = ("headline", "description", "instruction", "short")
ENGLISH = tuple(f"en_{name}" for name in TEXTS)
_LINES = (
    *("begin", "end", "expires", "observed", "observed_en", "names", "shapes"),
    *("department", "stage", "held", "attended", "conclusion"),
)


@dataclass(frozen=True)
class Sheet:
    """What stands in the form's fields."""

    mode: Mode
    hazard: str
    level: Level
    begin: str = ""
    end: str = ""
    expires: str = ""
    observed: str = ""
    observed_en: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)
    towns: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    """Only people in one of these groups; none: everybody."""
    names: str = ""
    """Towns and villages, pasted by name or code."""
    shapes: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The words in both languages, by the names of their fields."""
    made: str = ""
    """The hash of the texts as the catalogue made them: other texts are the forecaster's own."""
    version: int = 0
    product: str = SIGNAL
    department: str = ""
    stage: str = ""
    others: Mapping[str, str] = field(default_factory=dict)
    """What becomes of another warning in force, by its reference: `supersede` or `keep`."""
    why_kept: Mapping[str, str] = field(default_factory=dict)
    ways_out: frozenset[str] = frozenset()
    """The ways that are left out."""
    why_out: Mapping[str, str] = field(default_factory=dict)
    held: str = ""
    """When the consultation was."""
    attended: str = ""
    conclusion: str = ""

    @property
    def by_hand(self) -> bool:
        """True when the forecaster has changed a word, so that texts no longer follow the form."""
        return any(self.texts.values()) and texts_hash(self.texts) != self.made

    def with_made(self, text: WarningText, english: WarningText | None) -> "Sheet":
        """Return the sheet with the catalogue's words in it."""
        texts = both(text, english)
        return replace(self, texts=texts, made=texts_hash(texts))


def fresh(
    signal: Signal, mode: Mode, now: datetime, language: str, product: str = SIGNAL, department: str = ""
) -> Sheet:
    """Return the form of a new warning, as far as the signal's rules fill it."""
    begin = now.replace(second=0, microsecond=0)
    end = begin + timedelta(hours=signal.grade.window_hours)
    return Sheet(
        mode=mode,
        hazard=signal.hazard.code,
        level=signal.level,
        begin=typed(begin, language),
        end=typed(end, language),
        slots=defaults(signal),
        product=product,
        department=department,
    )


def like(base: Content, signal: Signal, mode: Mode, now: datetime, language: str) -> Sheet:
    """Return the form of the same again: area and product of before, the rest by the rules."""
    begun = fresh(signal, mode, now, language, base.product, base.department)
    same = signal.level is base.level
    return replace(
        begun,
        slots={**begun.slots, **(base.slots if same else {})},
        towns=frozenset(base.selection.towns),
        groups=frozenset(base.selection.groups),
        names=" ".join(base.selection.villages),
        shapes=written(base.selection),
    )


def defaults(signal: Signal) -> dict[str, str]:
    """Return what stands in a signal's slots before anybody typed."""
    return {name: signal.grade.defaults.get(name, "") for name in signal.hazard.slots}


def recoloured(sheet: Sheet, signal: Signal, before: Mapping[str, str]) -> Sheet:
    """Return the sheet in a signal's colour; numbers that stood at what they were `before` follow it."""
    followed = {
        name: value
        for name, value in defaults(signal).items()
        if sheet.slots.get(name, before[name]) == before[name]
    }
    return replace(sheet, level=signal.level, slots={**sheet.slots, **followed})


def of_form(form: FormData, mode: Mode, hazard: str, level: Level) -> Sheet:
    """Return what was sent; mode, hazard and colour are known to be possible."""
    sent = {name: _plain(form.get(name)) for name in (*_LINES, *TEXTS, *ENGLISH, "made", "version")}
    return Sheet(
        mode=mode,
        hazard=hazard,
        level=level,
        slots=_named(form, "slot-"),
        towns=frozenset(_plain(code) for code in form.getlist("towns")),
        groups=frozenset(_plain(code) for code in form.getlist("groups")),
        texts={name: sent[name] for name in (*TEXTS, *ENGLISH)},
        made=sent["made"],
        version=int(sent["version"]) if sent["version"].isdecimal() else 0,
        product=_plain(form.get("product")) or SIGNAL,
        others=_named(form, "other-"),
        why_kept=_named(form, "why-other-"),
        ways_out=frozenset(_plain(w) for w in form.getlist("ruled")) - {*map(_plain, form.getlist("ways"))},
        why_out=_named(form, "why-way-"),
        **{name: sent[name] for name in _LINES},
    )


def of_content(content: Content, signal: Signal, version: int, language: str) -> Sheet:
    """Return the form of a draft that is kept; an expiry that follows from rules stays open to them."""
    texts = both(content.text, content.text_en)
    return Sheet(
        mode=content.mode,
        hazard=content.hazard,
        level=content.level,
        begin=typed(content.window.begin, language),
        end=typed(content.window.end, language),
        expires="" if _by_rule(content, signal) else typed(content.expires, language),
        observed=content.observed,
        observed_en=content.observed_en,
        slots=content.slots,
        towns=frozenset(content.selection.towns),
        groups=frozenset(content.selection.groups),
        names=" ".join(content.selection.villages),
        shapes=written(content.selection),
        texts=texts,
        made=texts_hash(texts) if content.made else "",
        version=version,
        product=content.product,
        department=content.department,
        stage=content.stage,
        **_chosen(content, language),
    )


def _chosen(content: Content, language: str) -> dict[str, Any]:
    """Return what was chosen beside the words."""
    note = content.consultation
    return {
        "others": {str(one): "supersede" for one in content.supersedes}
        | {kept.reference: "keep" for kept in content.beside},
        "why_kept": {kept.reference: kept.reason for kept in content.beside},
        "ways_out": frozenset(str(left.channel) for left in content.left_out),
        "why_out": {str(left.channel): left.reason for left in content.left_out},
        "held": typed(note.held_at, language) if note else "",
        "attended": note.attended if note else "",
        "conclusion": note.conclusion if note else "",
    }


def _named(form: FormData, prefix: str) -> dict[str, str]:
    """Return the fields whose names begin so, by the rest of their names."""
    return {k.removeprefix(prefix): _plain(v) for k, v in form.items() if k.startswith(prefix)}


def _by_rule(content: Content, signal: Signal) -> bool:
    """Tell whether an expiry came of the signal's validity: nobody types seconds."""
    lasting = content.window.begin + timedelta(hours=signal.grade.validity_hours)
    return bool(content.expires.second or content.expires.microsecond) or content.expires == max(
        lasting, content.window.end
    )


def both(text: WarningText, english: WarningText | None) -> dict[str, str]:
    """Return the words of both languages by the names of their fields."""
    found = {name: _plain(getattr(text, name)) for name in TEXTS}
    return found | {f"en_{name}": _plain(getattr(english, name)) if english else "" for name in TEXTS}


def texts_hash(texts: Mapping[str, str]) -> str:
    """Return the hash by which untouched texts are known."""
    return content_hash([texts.get(name, "") for name in (*TEXTS, *ENGLISH)])


def written(selection: AreaSelection) -> str:
    """Return the shapes of a selection, one on each line, as the form takes them."""
    polygons = [" ".join(f"{lon:g},{lat:g}" for lon, lat in ring[:-1]) for ring in selection.polygons]
    circles = [f"circle {c.centre[0]:g},{c.centre[1]:g} {c.radius_km:g}" for c in selection.circles]
    return "\n".join([*polygons, *circles])


def _plain(value: object) -> str:
    """Return a field as text; browsers end lines with CR LF."""
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""
