"""The report of a warning, put together out of rows: pure, so that the same rows give the same figures."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from contracts.amendment import PlanAmended
from contracts.outcome import Column
from services.audit.model import climbed, leads, story
from services.audit.model.account import ChannelAccount, nearest_rank, waits_of
from services.audit.model.beyond import Registry, beyond_of
from services.audit.model.deliveries import Target
from services.audit.model.faces import Aim, Face
from services.audit.model.figures import (
    BeyondReach,
    ChannelFigures,
    RevisionFigures,
    Said,
    Silent,
    Spread,
    Wait,
    WarningFigures,
)
from services.audit.model.observed import Observation, newest, onsets_of, outcome_of
from services.audit.model.registered import Holding
from services.audit.model.rows import Ending

HAD = (Column.DELIVERED, Column.CONFIRMED)


@dataclass
class Material:
    """Everything that is known of one warning at a position of the ledger."""

    faces: Sequence[Face]
    lines: Mapping[int, Sequence[ChannelAccount]]
    """For each revision its channels."""
    targets: Mapping[int, Sequence[Target]]
    """For each revision its stations."""
    endings: Sequence[Ending]
    gone: Collection[tuple[int, str]]
    """Revisions and channels of whose targets retention has deleted what became of them."""
    aims: Sequence[Aim]
    holdings: Sequence[Holding]
    said: Sequence[Observation]
    facts: Sequence[story.Told]
    calls: Sequence[climbed.Call]
    amended: Sequence[PlanAmended]
    names: Mapping[str, str]
    formulas: Mapping[str, int] = field(default_factory=dict)

    def town_of(self, station: str) -> str:
        """Return in which town a station stands."""
        return self.homes.get(station) or f"{station[:9]}000"

    @cached_property
    def homes(self) -> dict[str, str]:
        """The towns of stations, as the registry said last."""
        return {station: one.town for one in self.holdings for station in one.stations}


def figures(m: Material) -> WarningFigures:
    """Return the figures of a warning."""
    first, last = m.faces[0], m.faces[-1]
    everyone = [t for f in m.faces if f.counts for t in m.targets.get(f.revision, ())]
    homes = {t.target: m.town_of(t.target) for t in everyone}
    outcome, ending = outcome_of(m.said), _end(m.endings)
    towns = sorted({town for f in m.faces for town in f.towns} | {t for a in m.aims for t in a.towns})
    return WarningFigures(
        warning_id=first.warning_id,
        mode=first.mode,
        hazard=first.hazard,
        hazard_name=first.hazard_name,
        level=last.level,
        headline=last.headline,
        sender_name=first.sender_name,
        issued_at=first.approved_at,
        ended_at=ending.at if ending else None,
        ended_by=ending.reason if ending else None,
        outcome=outcome.outcome if outcome else None,
        revisions=[_revision(f, m) for f in reversed(m.faces)],
        lead=leads.lead(m.faces, onsets_of(m.said), everyone, homes, m.names),
        said=_said(m),
        steps=story.steps(m.facts, m.faces),
        reviews=story.reviews(m.facts),
        escalation=climbed.escalation(m.facts, m.names),
        calls=climbed.calls(m.calls),
        amendments=climbed.amendments(m.amended, m.facts),
        beyond=[BeyondReach(**vars(one)) for one in beyond_of(Registry(m.holdings), first, m.aims).villages],
        towns={town: m.names.get(town, town) for town in towns},
        details_gone=bool(m.gone),
        formulas=dict(m.formulas),
    )


def _end(endings: Sequence[Ending]) -> Ending | None:
    """Return what ended the warning as a whole; an update only ends what was before it."""
    final = [one for one in endings if one.reason != "updated"]
    return min(final, key=lambda e: e.at) if final else None


def _revision(face: Face, m: Material) -> RevisionFigures:
    planned = [t for t in m.targets.get(face.revision, ()) if t.planned]
    gone = {channel for revision, channel in m.gone if revision == face.revision}
    waits = [_wait(t, face.approved_at, m) for t in planned]
    return RevisionFigures(
        revision=face.revision,
        verb=face.verb,
        level=face.level,
        headline=face.headline,
        identifier=face.identifier,
        approved_by=face.approved_by,
        approved_at=face.approved_at,
        published_at=face.said_at,
        expires_at=face.expires_at,
        forecast_onset=face.onset,
        emergency=face.emergency,
        channels=[_channel(line, gone=line.channel in gone) for line in m.lines.get(face.revision, ())],
        received=spread([t.received_at for t in planned], face.approved_at),
        confirmed=spread([t.confirmed_at for t in planned], face.approved_at),
        unreached=[_silent(t, m) for t in planned if t.column not in HAD],
        unanswered=[_silent(t, m) for t in planned if t.column is Column.DELIVERED],
        waits=[one for one in waits if not _early(one)],
        clocks=[one for one in waits if _early(one)],
        details_gone=bool(gone),
    )


def spread(moments: Sequence[datetime | None], since: datetime) -> Spread:
    """Return how long things took since a moment, by nearest rank."""
    waits, early = waits_of(moments, since)
    shares = {"p50_s": 0.50, "p95_s": 0.95, "p99_s": 0.99, "max_s": 1.0}
    ranks = {name: nearest_rank(waits, share) for name, share in shares.items()}
    return Spread(targeted=len(moments), count=len(waits) + early, early=early, **ranks)


def _channel(line: ChannelAccount, *, gone: bool) -> ChannelFigures:
    return ChannelFigures(
        channel=line.channel,
        targeted=line.targeted,
        received=line.received,
        **{column.value: line.columns[column] for column in Column},
        deliveries=line.deliveries,
        silent=line.silent,
        adds_up=line.adds_up or gone,
        gone=gone,
    )


def _silent(target: Target, m: Material) -> Silent:
    code = target.target
    return Silent(code=code, name=m.names.get(code), town=m.town_of(code), state=target.state)


def _wait(target: Target, since: datetime, m: Material) -> Wait:
    received, confirmed = target.received_at, target.confirmed_at
    return Wait(
        code=target.target,
        name=m.names.get(target.target),
        received_s=(received - since).total_seconds() if received else None,
        confirmed_s=(confirmed - since).total_seconds() if confirmed else None,
    )


def _early(wait: Wait) -> bool:
    return any(one is not None and one < 0 for one in (wait.received_s, wait.confirmed_s))


def _said(m: Material) -> list[Said]:
    counts = {(one.position, one.part) for one in newest(m.said).values()}
    return [
        Said(
            position=one.position,
            what=one.what,
            town=one.town,
            town_name=m.names.get(one.town) if one.town else None,
            at=one.at,
            outcome=one.outcome,
            source=one.source,
            note=one.note,
            by=one.by,
            said_at=one.said_at,
            counts=(one.position, one.part) in counts,
        )
        for one in sorted(m.said, key=lambda o: o.order, reverse=True)
    ]
