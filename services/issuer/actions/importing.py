"""Importing: a CAP message of somebody else becomes a draft, with everything that was odd about it."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from contracts import cap
from contracts.cap.compose import EVENT_CODE, SEVERITIES
from contracts.values import AreaSelection, Circle, Level, Mode
from contracts.warning import WarningText
from services.issuer import store
from services.issuer.actions.drafting import draft
from services.issuer.actions.press import Press
from services.issuer.catalogue import Catalogue
from services.issuer.model import Beside, Content, Person, WeatherWarning, Wish, selection_faults
from services.issuer.model.content import DESCRIPTION, HEADLINE, INSTRUCTION
from services.issuer.reach import Reach
from services.kit.db import Database
from services.kit.errors import Fault, Invalid

DISTRICT = "500110"
MOST_BYTES = 1024 * 1024
_PLACE = re.compile(r"\d{12}", re.ASCII)
_RELAYED = re.compile(r"[（(]预警信息来源：[^）)]*[）)]\s*$")
_LINE_END = re.compile(r"\r\n?")
_COLOURS = {"红": Level.RED, "橙": Level.ORANGE, "黄": Level.YELLOW, "蓝": Level.BLUE}
_LEVELS = {str(severity): level for level, severity in SEVERITIES.items()}
_WARNS = frozenset({cap.MsgType.ALERT, cap.MsgType.UPDATE})
_ENDS = frozenset({cap.MsgType.UPDATE, cap.MsgType.CANCEL})
_SAY_ONLY = {
    cap.MsgType.CANCEL: ("it ends what it refers to", "lift ours if it is over"),
    cap.MsgType.ACK: ("it says that a message was received", "there is nothing to warn of: reject the draft"),
    cap.MsgType.ERROR: (
        "it says that a message was refused",
        "there is nothing to warn of: reject the draft",
    ),
}
"""What a message says that warns of nothing, and what is to be done."""


@dataclass(frozen=True)
class Imported:
    """The draft that came of a message, and what a forecaster should look at."""

    warning: WeatherWarning
    oddities: tuple[Fault, ...]


async def import_cap(
    db: Database,
    press: Press,
    reach: Reach,
    document: bytes,
    by: Person,
    *,
    mode: Mode | None = None,
    hazard: str | None = None,
    level: Level | None = None,
) -> Imported:
    """Begin a draft from a CAP message; what is given beside it wins over what the message says."""
    if len(document) > MOST_BYTES:
        raise Invalid("body", f"has more than {MOST_BYTES} bytes", "send a smaller message")
    reading, findings = await asyncio.to_thread(_read, document)
    alert = reading.alert
    info = _chinese(alert)
    oddities = [Fault(found.path, found.what, found.mend) for found in (*reading.oddities, *findings)]
    wish = _wish(press.catalogue, info, db.clock.now(), oddities, hazard, level)
    meant = mode or _mode(alert)
    oddities += _about(alert, meant)
    others = bool(alert.identifier) and alert.sender != press.sender_code
    if others:
        made_of = Beside(reference=alert.identifier[:80], reason="this one was made of it")
        wish = wish.model_copy(update={"beside": (made_of,)})
    warning = await draft(
        db, press.catalogue, reach, mode=meant, wish=wish, by=by, signature=press.signature, kept=True
    )
    if others:
        await _remember(db, alert, info, warning, by)
    return Imported(warning, tuple(oddities))


def _wish(
    catalogue: Catalogue,
    info: cap.CapInfo,
    now: datetime,
    oddities: list[Fault],
    hazard: str | None,
    level: Level | None,
) -> Wish:
    """Return what a message wishes for; what a draft cannot take over goes into `oddities`."""
    meant = hazard or _hazard(catalogue, info, oddities)
    return Wish(
        hazard=meant,
        product=catalogue.product_of(meant),
        level=level or _level(info),
        selection=_selection(info, oddities),
        text=_text(info, oddities),
        **_expiry(info, now, oddities),
    )


def _mode(alert: cap.CapAlert) -> Mode:
    """Return the mode of what is made of a message: live only where its sender warns, and in earnest."""
    return Mode.LIVE if _world(alert) is Mode.LIVE and alert.msg_type in _WARNS else Mode.DRILL


def _world(alert: cap.CapAlert) -> Mode:
    """Return whether a message is meant in earnest: exercises, tests and drafts of others are not."""
    return Mode.LIVE if alert.status is cap.Status.ACTUAL else Mode.DRILL


def _about(alert: cap.CapAlert, made: Mode) -> Iterator[Fault]:
    """Yield what the head of a message says that a draft cannot take over."""
    if alert.msg_type in _SAY_ONLY:
        says, mend = _SAY_ONLY[alert.msg_type]
        yield Fault("msgType", f"is {alert.msg_type}: {says}", mend)
    if made is Mode.DRILL and alert.msg_type not in _WARNS:
        yield Fault("mode", "is drill, as the message warns of nothing", "begin a live one by hand")
    if alert.status is not cap.Status.ACTUAL and made is Mode.DRILL:
        yield Fault("status", f"is {alert.status}: a drill was made of it", "begin a live one by hand")
    elif alert.status is not cap.Status.ACTUAL:
        yield Fault("status", f"is {alert.status}, and a live draft was made of it", "see that this is meant")


async def _remember(
    db: Database, alert: cap.CapAlert, info: cap.CapInfo, warning: WeatherWarning, by: Person
) -> None:
    """Keep that somebody else warns, so that whoever composes is told; end what he refers to."""
    codes = {code.value for area in info.areas for code in area.geocodes if _PLACE.fullmatch(code.value)}
    whole = not codes or any(code.endswith("000000") for code in codes)
    ours = () if whole else tuple(sorted({code[:9] for code in codes if code.startswith(DISTRICT)}))
    ended = {part.split(",")[1] for part in alert.references.split() if part.count(",") == 2}
    async with db.transaction() as tx:
        if alert.msg_type in _ENDS:
            await store.alongside.end(tx, _world(alert), ended, alert.sender[:120])
        if alert.msg_type not in _WARNS or (not ours and not whole):
            return
        await store.alongside.keep(tx, _foreign(alert, info, warning.content, ours, by))
        tx.record(
            "warning.heard-of",
            mode=warning.content.mode,
            actor=by.username,
            warning_id=warning.warning_id,
            identifier=alert.identifier[:80],
            sender=alert.sender[:120],
        )


def _foreign(
    alert: cap.CapAlert, info: cap.CapInfo, content: Content, towns: tuple[str, ...], by: Person
) -> store.alongside.Foreign:
    return store.alongside.Foreign(
        identifier=alert.identifier[:80],
        sender=alert.sender[:120],
        sender_name=(info.sender_name or alert.sender)[:120],
        mode=content.mode,
        hazard=content.hazard,
        level=content.level,
        headline=(content.text.headline or content.hazard)[:200],
        towns=towns,
        expires=content.expires,
        imported_by=by.username,
    )


def _read(document: bytes) -> tuple[cap.CapReading, tuple[cap.Finding, ...]]:
    try:
        reading = cap.read(document)
    except cap.CapRefused as error:
        raise Invalid("body", error.why, error.mend) from None
    return reading, cap.check(reading.alert)


def _chinese(alert: cap.CapAlert) -> cap.CapInfo:
    """Return the Chinese info block, or the first one."""
    if not alert.infos:
        raise Invalid("body", "has no info block, so there is nothing to warn of", "send a whole message")
    return next((info for info in alert.infos if info.language.lower().startswith("zh")), alert.infos[0])


def _hazard(catalogue: Catalogue, info: cap.CapInfo, oddities: list[Fault]) -> str:
    """Return the hazard's code; the name is trusted when name and code disagree."""
    words = f"{info.event} {info.headline}".lower()
    named = [h.code for h in catalogue.every if h.name.zh in words or h.name.en.lower() in words]
    coded = next((code.value for code in info.event_codes if code.name == EVENT_CODE), None)
    if coded and named and coded not in named:
        oddities.append(Fault("hazard", "name and code disagree; the name was taken", "choose the hazard"))
    elif coded:
        return coded
    if not named:
        raise Invalid("hazard", "cannot be told from the message", "name it: ?hazard=11B03")
    return named[0]


def _level(info: cap.CapInfo) -> Level:
    """Return the colour: as a parameter says, as the headline says, or by severity."""
    said = next((p.value.upper() for p in info.parameters if p.name.lower() in ("color", "colour")), "")
    if said in list(Level):
        return Level(said)
    named = [level for character, level in _COLOURS.items() if f"{character}色" in info.headline]
    if named:
        return named[-1]
    if info.severity not in _LEVELS:
        raise Invalid("level", "cannot be told from the message", "name it: ?level=ORANGE")
    return _LEVELS[info.severity]


def _selection(info: cap.CapInfo, oddities: list[Fault]) -> AreaSelection:
    """Return the places of this district that the message names; shapes only where it names none."""
    codes = {code.value for area in info.areas for code in area.geocodes if _PLACE.fullmatch(code.value)}
    ours = sorted(code for code in codes if code.startswith(DISTRICT) and code != f"{DISTRICT}000000")
    if len(ours) < len(codes):
        why = "names places that are not towns or villages of this district; they were left out"
        oddities.append(Fault("selection", why, "choose the area"))
    selection = AreaSelection(
        towns=tuple(code[:9] for code in ours if code.endswith("000")),
        villages=tuple(code for code in ours if not code.endswith("000")),
    )
    if not ours:
        selection = _shapes(info)
        for fault in selection_faults(selection, complete=False)[:1]:
            oddities.append(Fault(fault.field, f"{fault.why}; all shapes were left out", fault.mend))
            selection = AreaSelection()
    if selection.empty:
        oddities.append(Fault("selection", "is empty: no area could be taken over", "choose the area"))
    return selection


def _shapes(info: cap.CapInfo) -> AreaSelection:
    """Return the polygons and circles of a message, none when a coordinate is not on this planet."""
    try:
        return AreaSelection(polygons=tuple(_rings(info)), circles=tuple(_circles(info)))
    except ValidationError:
        return AreaSelection()


def _rings(info: cap.CapInfo) -> Iterator[tuple[tuple[float, float], ...]]:
    for area in info.areas:
        yield from (cap.turned(polygon) for polygon in area.polygons if len(polygon) >= 4)


def _circles(info: cap.CapInfo) -> Iterator[Circle]:
    for area in info.areas:
        for circle in area.circles:
            if 0 < circle.radius_km <= 200:
                latitude, longitude = circle.centre
                yield Circle(centre=(longitude, latitude), radius_km=circle.radius_km)


def _text(info: cap.CapInfo, oddities: list[Fault]) -> WarningText:
    fields = {
        "headline": _cut("headline", info.headline, HEADLINE, oddities),
        "description": _cut("description", info.description, DESCRIPTION, oddities),
        "instruction": _cut("instruction", info.instruction, INSTRUCTION, oddities),
    }
    short = _cut("short", fields["description"] or fields["headline"], 200, [])
    return WarningText(**fields, short=short.replace("【", "[").replace("】", "]"))


def _cut(name: str, said: str, most: int, oddities: list[Fault]) -> str:
    text = _RELAYED.sub("", _LINE_END.sub("\n", said).replace("\x7f", "")).strip()
    if len(text) > most:
        oddities.append(Fault(f"text.{name}", f"was longer than {most} characters; it was cut", "look at it"))
    return text[:most]


def _expiry(info: cap.CapInfo, now: datetime, oddities: list[Fault]) -> dict[str, datetime]:
    expires = cap.moment_of(info.expires)
    if expires and expires > now:
        return {"expires": expires}
    why = "is past" if expires else "is missing"
    oddities.append(Fault("expires", f"{why}; the catalogue's rule was taken", "choose it"))
    return {}
