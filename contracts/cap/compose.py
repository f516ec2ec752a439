"""The CAP message of one of our own warnings: the Yutian profile."""

from datetime import datetime, timedelta

from contracts.cap.dates import cap_time
from contracts.cap.model import (
    CapAlert,
    CapArea,
    CapInfo,
    CapRefused,
    Category,
    Certainty,
    MsgType,
    NamedValue,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
    turned,
)
from contracts.values import Level, Mode, Place
from contracts.warning import Notice, WarningText

PROFILE = "YUTIAN:1"
EVENT_CODE = "GB/T35561"
GEOCODE = "CN-ADMIN-12"

SEVERITIES = {
    Level.RED: Severity.EXTREME,
    Level.ORANGE: Severity.SEVERE,
    Level.YELLOW: Severity.MODERATE,
    Level.BLUE: Severity.MINOR,
}
ROMAN = {Level.RED: "I", Level.ORANGE: "II", Level.YELLOW: "III", Level.BLUE: "IV"}
RESPONSES = {
    Level.RED: ResponseType.EXECUTE,
    Level.ORANGE: ResponseType.EXECUTE,
    Level.YELLOW: ResponseType.PREPARE,
    Level.BLUE: ResponseType.MONITOR,
}
CATEGORIES = {
    "11A": Category.MET,
    "11B": Category.MET,
    "11C": Category.GEO,
    "11D": Category.GEO,
    "11E": Category.MET,
    "11F": Category.ENV,
    "11G": Category.FIRE,
    "12": Category.SAFETY,
    "13": Category.HEALTH,
    "14": Category.SECURITY,
}
"""The category of a national event type, by the beginning of its code."""

NEAR = timedelta(hours=6)
"""A warning that runs no longer than this is Expected, a longer one Future."""

DRILL_NOTE = "演练，不是真实预警。This is a drill, not a real warning."
EMERGENCY_NOTE = "按紧急流程签发，事后复核。Issued by the emergency flow, reviewed afterwards."
ADDED_NOTE = "对 {0} 的属地补充，不替代原预警。Added to {0}, which it does not replace."
"""An `incidents` beside it names the warning: many receivers take what `references` names for replaced."""
LIFTED = {"zh-CN": ("解除", "解除："), "en-US": ("lift", "Lifted: ")}
"""The word by which a cancelling headline is known, and what is put before a headline without it."""


def compose(
    notice: Notice,
    msg_type: MsgType | str,
    mode: Mode,
    *,
    observed: bool = False,
    replaces: Level | None = None,
    contact: str = "",
    web: str = "",
    note: str = "",
    incidents: str = "",
) -> CapAlert:
    """Return the CAP message of one revision of a warning.

    `observed` says that it has already begun; `replaces` is the colour before, when an update changes it;
    `note` is said beside the content, to whoever handles the message; `incidents` names the message because
    of which this one is said.
    """
    kind = _known(msg_type)
    if kind is not MsgType.ALERT and not notice.references:
        raise CapRefused(f"{kind} refers to nothing", "list every message that it replaces")
    shared = _shared(notice, kind, observed=observed).model_copy(
        update={"parameters": _parameters(notice.level, replaces), "contact": contact, "web": web}
    )
    return CapAlert(
        identifier=notice.identifier,
        sender=notice.sender_code,
        sent=cap_time(notice.sent),
        status=Status.EXERCISE if mode is Mode.DRILL else Status.ACTUAL,
        msg_type=kind,
        scope=Scope.PUBLIC,
        codes=(PROFILE, notice.product.upper()),
        note="\n".join(filter(None, (_note(notice, kind, mode), note))),
        references=notice.references,
        incidents=incidents or (notice.adds_to.identifier if notice.adds_to else ""),
        infos=_infos(notice, kind, shared),
    )


def _known(msg_type: MsgType | str) -> MsgType:
    """Return a type that a warning can have; anything else is refused, never taken for an alert."""
    if msg_type in {MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL}:
        return MsgType(msg_type)
    raise CapRefused("the message type is not one of a warning", "use Alert, Update or Cancel")


def _shared(notice: Notice, kind: MsgType, *, observed: bool) -> CapInfo:
    """Return what an info block says in every language."""
    urgency, certainty = _timing(notice, kind, observed=observed)
    return CapInfo(
        categories=(_category(notice.hazard),),
        response_types=(ResponseType.ALL_CLEAR if kind is MsgType.CANCEL else RESPONSES[notice.level],),
        urgency=urgency,
        severity=SEVERITIES[notice.level],
        certainty=certainty,
        event_codes=(NamedValue(name=EVENT_CODE, value=notice.hazard),),
        effective=cap_time(notice.effective),
        onset=cap_time(notice.onset) if notice.onset else "",
        expires=cap_time(notice.expires),
        sender_name=notice.sender_name,
        areas=tuple(map(_area, notice.areas)),
    )


def _infos(notice: Notice, kind: MsgType, shared: CapInfo) -> tuple[CapInfo, ...]:
    """Return the Chinese info block, and the English one when there are English words."""
    chinese = _in_words(shared, "zh-CN", notice.hazard_name, notice.text, kind)
    if notice.text_en is None:
        return (chinese,)
    english = _in_words(shared, "en-US", notice.hazard_name_en, notice.text_en, kind)
    areas = (
        area.model_copy(update={"desc": place.name_en or place.name})
        for area, place in zip(shared.areas, notice.areas, strict=True)
    )
    sender = notice.sender_name_en or notice.sender_name
    return chinese, english.model_copy(update={"areas": tuple(areas), "sender_name": sender})


def _in_words(shared: CapInfo, language: str, event: str, text: WarningText, kind: MsgType) -> CapInfo:
    """Return the info block of one language."""
    lifted = kind is MsgType.CANCEL
    words = {
        "language": language,
        "event": event,
        "headline": _lifted(text.headline, language) if lifted else text.headline,
        "description": text.description,
        "instruction": text.instruction,
    }
    return shared.model_copy(update=words)


def _timing(notice: Notice, kind: MsgType, *, observed: bool) -> tuple[Urgency, Certainty]:
    """Return urgency and certainty: what is past, what is under way, what is near, what is later."""
    if kind is MsgType.CANCEL:
        return Urgency.PAST, Certainty.OBSERVED
    if observed or _began_before(notice.onset, notice.sent):
        return Urgency.IMMEDIATE, Certainty.OBSERVED
    near = notice.expires - notice.effective <= NEAR
    return Urgency.EXPECTED if near else Urgency.FUTURE, Certainty.LIKELY


def _began_before(onset: datetime | None, sent: datetime) -> bool:
    return onset is not None and onset < sent


def _category(hazard: str) -> Category:
    return CATEGORIES.get(hazard[:3]) or CATEGORIES[hazard[:2]]


def _parameters(level: Level, replaces: Level | None) -> tuple[NamedValue, ...]:
    named = [("color", level.value), ("level", ROMAN[level])]
    if replaces and replaces is not level:
        named.append(("replaces-colour", replaces.value))
    return tuple(NamedValue(name=name, value=value) for name, value in named)


def _area(place: Place) -> CapArea:
    outline = (turned(place.outline),) if place.outline else ()
    return CapArea(desc=place.name, polygons=outline, geocodes=(NamedValue(name=GEOCODE, value=place.code),))


def _lifted(headline: str, language: str) -> str:
    """Return a headline that says that the warning is lifted, for screens that show nothing else."""
    word, before = LIFTED[language]
    return headline if word in headline.lower() else before + headline


def _note(notice: Notice, kind: MsgType, mode: Mode) -> str:
    """Return the words beside the content: that it is a drill, and the sentence that lifts a warning."""
    notes = [DRILL_NOTE] if mode is Mode.DRILL else []
    if kind is MsgType.CANCEL:
        notes.append(notice.text.short)
    if notice.emergency:
        notes.append(EMERGENCY_NOTE)
    if notice.adds_to:
        notes.append(ADDED_NOTE.format(notice.adds_to.identifier))
    return "\n".join(notes)
