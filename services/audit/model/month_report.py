"""The report of a month, put together out of rows: pure, so that the same rows give the same figures."""

from collections.abc import Callable, Sequence

from contracts.values import Level
from services.audit.model.account import Rate
from services.audit.model.beyond import Unreached
from services.audit.model.faces import Face
from services.audit.model.indicators import Indicator, Measured, lead_minutes, mean
from services.audit.model.indicators import share as share_of
from services.audit.model.month_figures import (
    BeyondLine,
    IndicatorFigures,
    LeftOut,
    Line,
    MissedLine,
    MonthFigures,
    Number,
    VillageCoverage,
    WarningLine,
)
from services.audit.model.month_material import MonthMaterial
from services.audit.model.month_tallies import Tally
from services.audit.model.observed import Observation, newest
from services.audit.model.online import StationOnline, online_rate


def figures(m: MonthMaterial) -> MonthFigures:
    """Return the figures of a month."""
    counts = m.judged()
    return MonthFigures(
        month=m.month,
        first=m.period[0],
        last=m.period[1],
        whole=m.whole,
        version=m.yardsticks.version,
        rates_version=m.formulas.version,
        warnings=_warnings(m),
        indicators=indicators(m),
        colours=_colours(m),
        towns=_towns(m),
        villages=_villages(m),
        maintained=_left_out(m, lambda one: one.maintained_s),
        unheard=_left_out(m, lambda one: one.unheard_s),
        beyond=_beyond(m),
        hits=counts.hits,
        misses=counts.misses,
        false_alarms=counts.false_alarms,
        unjudged=counts.unjudged,
        missed=[_missed(one) for one in sorted(m.missed_of(), key=lambda o: o.order)],
        details_gone=sum(i in m.gone for i in m.warnings),
        trend=list(m.trend),
    )


def indicators(m: MonthMaterial) -> list[IndicatorFigures]:
    """Return every indicator, measured by its formula."""
    return [_indicator(one, m) for one in m.yardsticks.indicators]


def _indicator(one: Indicator, m: MonthMaterial) -> IndicatorFigures:
    measured, more = FORMULAS[one.formula](one, m)
    names = ("id", "words", "explained", "unit", "formula", "version", "baseline", "target")
    return IndicatorFigures(**{name: getattr(one, name) for name in names}, **vars(measured), **more)


Found = tuple[Measured, dict[str, str | int]]


def _online(_: Indicator, m: MonthMaterial) -> Found:
    return _measured(online_rate(m.online)), {}


def _reception(_: Indicator, m: MonthMaterial) -> Found:
    return _measured(m.counted[0] if m.counted else m.tallies.everyone.reception), {
        "left_out": sum(i in m.gone for i in m.warnings)
    }


def _confirmation(_: Indicator, m: MonthMaterial) -> Found:
    return _measured(m.counted[1] if m.counted else m.tallies.everyone.confirmation), {
        "left_out": sum(i in m.gone for i in m.warnings)
    }


def _lead(one: Indicator, m: MonthMaterial) -> Found:
    counted, unknown = [], 0
    for warning_id in m.of_hazards(one.hazards):
        outcome, onset = m.outcome(warning_id), m.onset(warning_id)
        hit = outcome is not None and m.yardsticks.counted_as.get(outcome) == "hit"
        if hit and onset is not None:
            counted.append(lead_minutes(m.warnings[warning_id][0].approved_at, onset))
        unknown += outcome is None or (hit and onset is None)
    return mean(counted), {"left_out": unknown}


def _accuracy(one: Indicator, m: MonthMaterial) -> Found:
    found = m.judged(one.hazards)
    return found.score, {"left_out": found.unjudged}


def _entered(one: Indicator, m: MonthMaterial) -> Found:
    said = next((o for o in newest(m.entered).values() if o.subject == one.id and o.month == m.month), None)
    if said is None:
        return Measured(0, 0, None), {}
    return share_of(said.numerator or 0, said.denominator or 0), {"source": said.source}


def _unregistered(_: Indicator, m: MonthMaterial) -> Found:
    found = m.beyond.values()
    return share_of(sum(len(one.villages) for one in found), sum(one.asked for one in found)), {}


FORMULAS: dict[str, Callable[[Indicator, MonthMaterial], Found]] = {
    "online-minutes": _online,
    "received-in-time": _reception,
    "confirmed-in-time": _confirmation,
    "mean-lead": _lead,
    "hits-of-all": _accuracy,
    "beyond-registry": _unregistered,
    "entered": _entered,
}
"""How each formula of the data file is computed."""


def _measured(rate: Rate) -> Measured:
    return Measured(rate.numerator, rate.denominator, rate.percent)


def _number(rate: Rate) -> Number:
    return Number(numerator=rate.numerator, denominator=rate.denominator, value=rate.percent)


def _line(code: str, name: str | None, tally: Tally, online: Number | None) -> Line:
    return Line(
        code=code,
        name=name,
        reception=_number(tally.reception),
        confirmation=_number(tally.confirmation),
        median_s=tally.median_s,
        early=tally.early,
        online=online,
    )


def _colours(m: MonthMaterial) -> list[Line]:
    by_level = m.tallies.levels
    return [_line(level, None, by_level[level], None) for level in Level if level in by_level]


def _towns(m: MonthMaterial) -> list[Line]:
    by_town = m.tallies.towns
    minutes: dict[str, list[StationOnline]] = {}
    for station in m.online:
        minutes.setdefault(m.home(station.station)[1], []).append(station)
    online = {town: _number(online_rate(minutes.get(town, []))) for town in {*by_town, *minutes}}
    return [
        _line(town, m.names.get(town), by_town.get(town, Tally()), online[town]) for town in sorted(online)
    ]


def _villages(m: MonthMaterial) -> list[VillageCoverage]:
    """Return every village: warnings that it was to have, and had by any of its stations."""
    due, had = m.tallies.due, m.tallies.had
    known = m.registry.at(m.period[1])
    return [
        VillageCoverage(
            code=code,
            name=known[code].name if code in known else m.names.get(code),
            town=known[code].town if code in known else f"{code[:9]}000",
            stations=len(known[code].stations) if code in known else 1,
            due=len(due.get(code, ())),
            received=len(had.get(code, ())),
        )
        for code in sorted({*known, *due})
    ]


def _left_out(m: MonthMaterial, seconds: Callable[[StationOnline], float]) -> list[LeftOut]:
    found = ((one.station, round(seconds(one) / 60)) for one in m.online)
    return [LeftOut(code=code, name=m.names.get(code), minutes=some) for code, some in found if some]


def _beyond(m: MonthMaterial) -> list[BeyondLine]:
    """Return every village that a warning could not reach, with what the registry got of it later."""
    by_village: dict[str, list[Unreached]] = {}
    for found in m.beyond.values():
        for one in found.villages:
            by_village.setdefault(one.code, []).append(one)
    return [
        BeyondLine(
            code=code,
            name=some[-1].name,
            town=some[-1].town,
            town_name=m.names.get(some[-1].town),
            lacked=some[-1].lacked,
            warnings=len(some),
            added_at=min((one.added_at for one in some if one.added_at), default=None),
            stations=sorted({station for one in some for station in one.stations}),
        )
        for code, some in sorted(by_village.items())
    ]


def _warnings(m: MonthMaterial) -> list[WarningLine]:
    return [_warning(i, some, m) for i, some in m.warnings.items()]


def _warning(warning_id: str, faces: Sequence[Face], m: MonthMaterial) -> WarningLine:
    first, onset = faces[0], m.onset(warning_id)
    return WarningLine(
        warning_id=warning_id,
        headline=first.headline,
        hazard=first.hazard_name,
        level=first.level,
        issued_at=first.approved_at,
        revisions=len(faces),
        outcome=m.outcome(warning_id),
        onset=onset,
        lead_min=lead_minutes(first.approved_at, onset) if onset else None,
        targeted=len(m.tallies.targeted.get(warning_id, ())),
        received=len(m.tallies.received.get(warning_id, ())),
        details_gone=warning_id in m.gone,
    )


def _missed(one: Observation) -> MissedLine:
    names = ("subject", "hazard", "level", "at", "source", "note", "by")
    return MissedLine(**{name: getattr(one, name) for name in names}, towns=one.towns or [])
