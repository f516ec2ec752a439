"""Lead time: the observed onset minus the issue, and minus the moment at which each village had it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.audit.model.account import nearest_rank
from services.audit.model.deliveries import Target
from services.audit.model.faces import Face
from services.audit.model.figures import Lead, TownLead, VillageLead
from services.audit.model.indicators import lead_minutes
from services.audit.model.observed import Onsets


def lead(
    faces: Sequence[Face],
    onsets: Onsets,
    targets: Iterable[Target],
    towns: Mapping[str, str],
    names: Mapping[str, str],
) -> Lead:
    """Return the lead time of a warning; `towns` says in which town each station stands."""
    first, onset = faces[0], onsets.first
    forecast = next((f.onset for f in faces if f.onset is not None), None)
    due, everyone = receptions(targets)
    had = {code: at for code, at in everyone.items() if at >= first.approved_at}
    villages = [
        VillageLead(code=code, name=names.get(code), minutes=lead_minutes(at, began))
        for code, at in had.items()
        if (began := onsets.of(towns.get(code))) is not None
    ]
    villages.sort(key=lambda v: (v.minutes, v.code))
    minutes = [village.minutes for village in villages]
    return Lead(
        issued_at=first.approved_at,
        observed_onset=onset,
        forecast_onset=forecast,
        minutes=lead_minutes(first.approved_at, onset) if onset else None,
        forecast_minutes=lead_minutes(first.approved_at, forecast) if forecast else None,
        towns=_towns(first.approved_at, onsets, names),
        villages=villages,
        in_time=sum(m >= 0 for m in minutes),
        early=len(everyone) - len(had),
        targeted=len(due),
        p50_min=nearest_rank(minutes, 0.50),
        p5_min=nearest_rank(minutes, 0.05),
        shortest_min=minutes[0] if minutes else None,
    )


def receptions(targets: Iterable[Target]) -> tuple[set[str], dict[str, datetime]]:
    """Return which stations were to have a warning, and when each first had it, of whichever revision."""
    due: set[str] = set()
    had: dict[str, datetime] = {}
    for target in targets:
        if not target.planned:
            continue
        due.add(target.target)
        at = target.received_at
        if at is not None:
            had[target.target] = min(at, had.get(target.target, at))
    return due, had


def _towns(issued_at: datetime, onsets: Onsets, names: Mapping[str, str]) -> list[TownLead]:
    return [
        TownLead(town=town, name=names.get(town), onset=said.at, minutes=lead_minutes(issued_at, said.at))
        for town, said in sorted(onsets.towns.items())
        if said.at is not None
    ]
