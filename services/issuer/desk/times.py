"""Times as people type them, in Beijing time: `22:00`, `今天22时`, `6月1日8点半`, `+6`, `now`."""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta

from services.kit.clock import BEIJING
from services.kit.errors import Invalid

MEND = "type it as 22:00, tomorrow 6:00, 6-1 22:00, +6 or 2026-06-01 22:00, Beijing time"
LOOKS_BACK = timedelta(hours=6)
"""A time of day without a day is the next one, unless it was less than this ago."""

_CLOCK = r"(?P<hour>\d{1,2})(?:[:时點点](?P<minute>\d{2}|半)?分?)?"
_DAYS = {"昨天": -1, "昨日": -1, "昨晚": -1, "今天": 0, "今日": 0, "今早": 0, "今晨": 0, "今晚": 0, "明天": 1}
_DAYS |= {"明日": 1, "明早": 1, "明晨": 1, "明晚": 1, "后天": 2, "后日": 2}
_DAYS |= {"yesterday": -1, "today": 0, "tomorrow": 1}
_NOW = {"现在", "此刻", "now"}

_IN = re.compile(r"\+?(?P<count>\d{1,3})(?P<unit>小时|h|hours?|分钟|min|天|days?)?后?")
_MONTH_DAY = r"(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})"
_FULL = re.compile(rf"(?P<year>\d{{4}})[-/.年]{_MONTH_DAY}(?:日|$|(?=[ t]))[ t]?(?:{_CLOCK})?")
_DATE = re.compile(rf"{_MONTH_DAY}(?:日|$|(?= )) ?(?:{_CLOCK})?")
_DAY = re.compile(rf"(?P<day>\d{{1,2}})日 ?(?:{_CLOCK})?")
_PARTS = dict.fromkeys(("凌晨", "早上", "早晨", "上午"), 0)
_PARTS |= dict.fromkeys(("中午", "下午", "傍晚", "晚上", "夜里"), 12)
"""Parts of the day, and what is added to an hour before noon."""

_PART = rf"(?P<part>{'|'.join(_PARTS)})?"
_WORD = re.compile(rf"(?P<word>{'|'.join(_DAYS)}) ?{_PART} ?(?:{_CLOCK})?")
_HALF = re.compile(rf"(?P<part>{'|'.join(_PARTS)}) ?{_CLOCK}")
_TIME = re.compile(r"(?P<hour>\d{1,2})[:时点](?P<minute>\d{2}|半)?分?|(?P<h4>\d{2})(?P<m4>\d{2})")
_UNITS = {
    "分": timedelta(minutes=1),
    "m": timedelta(minutes=1),
    "天": timedelta(days=1),
    "d": timedelta(days=1),
}


def moment(field: str, typed: str, now: datetime, *, after: datetime | None = None) -> datetime | None:
    """Return the moment that somebody typed, None for nothing; `after` is what an end must follow."""
    said = unicodedata.normalize("NFKC", typed).strip().lower().rstrip("。")
    if not said:
        return None
    local = now.astimezone(BEIJING).replace(second=0, microsecond=0)
    base = after.astimezone(BEIJING) if after else None
    try:
        found = _read(re.sub(r"\s+", " ", said), local, base)
    except ValueError:
        raise Invalid(field, "is no day of the calendar or no time of the day", MEND) from None
    if found is None:
        raise Invalid(field, "cannot be read as a time", MEND)
    return found


def typed(at: datetime, language: str) -> str:
    """Return a moment as somebody would type it."""
    local = at.astimezone(BEIJING)
    if language == "zh":
        return f"{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local:%Y-%m-%d %H:%M}"


def _read(said: str, now: datetime, after: datetime | None) -> datetime | None:
    if said in _NOW:
        return now
    for form, meant in _FORMS:
        found = form.fullmatch(said)
        if found:
            return meant(found, now, after)
    return None


def _from_now(found: re.Match[str], now: datetime, after: datetime | None) -> datetime:
    unit = _UNITS.get((found["unit"] or "h")[0], timedelta(hours=1))
    return (after or now) + int(found["count"]) * unit


def _on_date(found: re.Match[str], now: datetime, _after: datetime | None) -> datetime:
    parts = found.groupdict()
    if parts.get("year"):
        return _at(
            now.replace(year=int(parts["year"]), month=int(parts["month"]), day=int(parts["day"])), parts
        )
    years = [year for year in range(now.year - 1, now.year + 2) if _has(year, parts)] or [now.year]
    candidates = [
        _at(now.replace(year=year, month=int(parts["month"]), day=int(parts["day"])), parts) for year in years
    ]
    return min(candidates, key=lambda at: abs(at - now))


def _has(year: int, parts: dict[str, str]) -> bool:
    """Tell whether a year has that day: not every one has a 29 February."""
    month = int(parts["month"])
    return 1 <= month <= 12 and int(parts["day"]) <= monthrange(year, month)[1]


def _on_day(found: re.Match[str], now: datetime, _after: datetime | None) -> datetime:
    this = _at(now.replace(day=int(found["day"])), found.groupdict())
    if this >= now - timedelta(days=15):
        return this
    return _at((now.replace(day=1) + timedelta(days=32)).replace(day=int(found["day"])), found.groupdict())


def _on_word(found: re.Match[str], now: datetime, _after: datetime | None) -> datetime:
    return _at(now + timedelta(days=_DAYS[found["word"]]), _twelve(found, found["word"].endswith("晚")))


def _twelve(found: re.Match[str], late: bool) -> dict[str, str | None]:
    """Return the parts of a time with the hour of a half day made one of the whole: tonight at 8 is 20:00."""
    parts = found.groupdict()
    hour = int(parts.get("hour") or 0)
    later = 12 if late else _PARTS.get(parts.get("part") or "", 0)
    if later and 0 < hour < 12 and not (parts.get("part") == "中午" and hour >= 11):
        parts["hour"] = str(hour + later)
    elif later and hour == 12 and parts.get("part") != "中午":
        parts["hour"] = "24"
    return parts


def _in_part(found: re.Match[str], now: datetime, after: datetime | None) -> datetime:
    today = _at(after or now, _twelve(found, late=False))
    earliest = after + timedelta(minutes=1) if after else now - LOOKS_BACK
    return today if today >= earliest else today + timedelta(days=1)


def _at_time(found: re.Match[str], now: datetime, after: datetime | None) -> datetime:
    parts = {"hour": found["hour"] or found["h4"], "minute": found["minute"] or found["m4"]}
    today = _at(after or now, parts)
    earliest = after + timedelta(minutes=1) if after else now - LOOKS_BACK
    while today < earliest:
        today += timedelta(days=1)
    return today


def _at(day: datetime, parts: dict[str, str | None]) -> datetime:
    """Return a time of that day; 24 o'clock is the midnight that ends it."""
    hour, minute = int(parts.get("hour") or 0), parts.get("minute") or "0"
    minutes = 30 if minute == "半" else int(minute)
    if hour == 24 and minutes == 0:
        return day.replace(hour=0, minute=0) + timedelta(days=1)
    return day.replace(hour=hour, minute=minutes)


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., datetime]], ...] = (
    (_TIME, _at_time),
    (_IN, _from_now),
    (_FULL, _on_date),
    (_WORD, _on_word),
    (_HALF, _in_part),
    (_DATE, _on_date),
    (_DAY, _on_day),
)
