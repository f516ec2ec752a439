"""From a signal and what the forecaster filled in to the words that people read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.values import Level
from contracts.warning import WarningText
from services.issuer.catalogue.signals import Act, Language, Signal
from services.kit.clock import BEIJING
from services.kit.errors import Invalid

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Filling:
    """What a forecaster filled in, for one language: towns and observation are written in it."""

    act: Act
    issued_at: datetime
    window_start: datetime
    window_end: datetime
    towns: tuple[str, ...]
    whole_district: bool = False
    """The short text then says so instead of naming every town."""
    values: Mapping[str, str] = field(default_factory=dict)
    observed: str = ""
    """What has happened already, as a sentence without its full stop."""
    former: Level | None = None
    """The colour before, when it changes."""
    former_at: datetime | None = None
    """When the signal was issued that is now lifted."""

    def __post_init__(self) -> None:
        """Refuse what no text could say."""
        if not self.towns:
            raise Invalid("areas", "nobody is warned", "choose at least one town or village")
        if self.window_end <= self.window_start:
            raise Invalid("window_end", "lies before the start of the window", "choose a later time")
        if self.act in {Act.RAISED, Act.LOWERED} and self.former is None:
            raise ValueError("a change of colour needs the former one")
        if self.act in {Act.CANCELLED, Act.CORRECTED} and self.former_at is None:
            raise ValueError("a lift or a correction needs the moment of what it is of")


def words(signal: Signal, filling: Filling, language: Language) -> WarningText:
    """Return the words of a message, by the catalogue's templates; the forecaster may still edit them."""
    head = signal.signals.acts[filling.act]
    opening = _opening(signal, filling, language)
    slots = {
        "lead": head.lead.said(language).format(**opening),
        "call": signal.grade.call.said(language),
        "after": signal.hazard.after.said(language),
        **_situation(signal, filling, language),
    }
    lifted = filling.act is Act.CANCELLED
    texts = signal.signals.lifted if lifted else signal.hazard
    return WarningText(
        language=language,
        headline=head.title.said(language).format(**opening),
        description=texts.text.said(language).format(**slots, towns=_towns(filling, language)),
        instruction=slots["after"] if lifted else signal.grade.guide.said(language),
        short=texts.short.said(language).format(**slots, towns=_towns(filling, language, short=True)),
    )


def _opening(signal: Signal, filling: Filling, language: Language) -> dict[str, str]:
    colours = signal.signals.colours
    return {
        "sender": signal.signals.sender.name.said(language),
        "hazard": signal.hazard.name.said(language),
        "colour": signal.colour.name.said(language),
        "former_colour": colours[filling.former].name.said(language) if filling.former else "",
        "issued_at": _moment(filling.issued_at, language),
        "former_at": _moment(filling.former_at, language) if filling.former_at else "",
    }


def _situation(signal: Signal, filling: Filling, language: Language) -> dict[str, str]:
    numbers = signal.quantities(filling.values)
    said = " ".join(filling.observed.split()).rstrip("。.，,；;")
    return {
        "observed": "" if not said else f"{said}，" if language == "zh-CN" else f"{said}. ",
        "window_start": _moment(filling.window_start, language),
        "window_end": _end(filling, language),
        **{name: signal.hazard.slots[name].said(n, language) if n else "" for name, n in numbers.items()},
        **{name: phrase.said(language) for name, phrase in signal.grade.phrases.items()},
    }


def _towns(filling: Filling, language: Language, *, short: bool = False) -> str:
    count, zh = len(filling.towns), language == "zh-CN"
    named = ("、" if zh else ", ").join(filling.towns)
    if not filling.whole_district:
        return named
    district = f"全区{count}个镇街" if zh else f"all {count} towns of Qijiang"
    if short:
        return district
    return f"{district}（{named}）" if zh else f"{district} ({named})"


def _moment(at: datetime, language: Language) -> str:
    local = at.astimezone(BEIJING)
    if language == "zh-CN":
        return f"{local.month}月{local.day}日{_hour(local)}"
    return f"{local:%H:%M} {local.day} {MONTHS[local.month - 1]}"


def _end(filling: Filling, language: Language) -> str:
    start, end = filling.window_start.astimezone(BEIJING), filling.window_end.astimezone(BEIJING)
    same_day = start.date() == end.date()
    return _hour(end) if language == "zh-CN" and same_day else _moment(end, language)


def _hour(local: datetime) -> str:
    return f"{local.hour}时" + (f"{local.minute:02}分" if local.minute else "")
