"""Steps: the timeline of a warning as a picture, from the first draft to the last answer. Pure.

Seconds matter while a warning goes out, and hours pass before it is lifted. So the picture is no ruler: a
pause is drawn the shorter the longer it is, and every mark has its own clock time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import ceil, log1p

from contracts.values import Channel
from services.audit.model.acts import OF_CLOCKS, Act
from services.audit.model.books import Books
from services.audit.model.deliveries import Delivery, Target
from services.audit.model.entry import plain
from services.audit.model.rows import Revision

PEOPLE, PLAN = "people", "plan"
CLOCKS = "duty"
WIDTH, LEFT, RIGHT, ROW = 960.0, 128.0, 44.0, 34.0
HEAD = 26.0


_ORDER = (PEOPLE, PLAN, *(channel.value for channel in Channel), CLOCKS)


def _rank(lane: str) -> int:
    return _ORDER.index(lane) if lane in _ORDER else len(_ORDER)


@dataclass(frozen=True)
class Step:
    """One mark of the picture."""

    at: datetime
    lane: str
    what: str
    revision: int | None = None
    who: str | None = None
    count: int | None = None
    after_s: float | None = None
    """Seconds since the approval of its revision."""
    position: int | None = None
    """The record that says so, when it is one."""


def steps(books: Books, acts: Sequence[Act]) -> list[Step]:
    """Return all marks in the order of their times."""
    found = [*_acts(acts), *_published(books), *_channels(books)]
    return sorted(found, key=lambda s: (s.at, _rank(s.lane), s.position or 0, s.what, s.revision or 0))


def _acts(acts: Iterable[Act]) -> list[Step]:
    """Return what people did one by one, and what clocks did by rungs: they strike for every village."""
    found, rungs = [], dict[tuple[str, int | None, str], list[Act]]()
    for act in acts:
        if act.kind.partition(".")[0] == OF_CLOCKS:
            rung = plain(str(act.detail.get("rung") or act.detail.get("way") or ""))
            rungs.setdefault((act.kind, act.revision, rung), []).append(act)
        else:
            found.append(Step(act.at, PEOPLE, act.kind, act.revision, act.actor, position=act.position))
    for (kind, revision, rung), struck in rungs.items():
        first = min(struck, key=lambda act: act.at)
        found.append(
            Step(first.at, CLOCKS, kind, revision, rung or None, len(struck), position=first.position)
        )
    return found


def _published(books: Books) -> list[Step]:
    found = []
    for r in books.revisions.values():
        who = "、".join(r.approved_by) or None
        found.append(Step(r.said_at, PEOPLE, f"warning.{r.verb}", r.revision, who))
    for plan in books.plans.values():
        revision = books.revisions.get(plan.key)
        after = _after(revision, plan.made_at)
        found.append(Step(plan.made_at, PLAN, "plan.made", plan.revision, None, plan.count, after))
    return found


def _channels(books: Books) -> list[Step]:
    deliveries, targets = dict[tuple[int, str], list[Delivery]](), dict[tuple[int, str], list[Target]]()
    for delivery in books.deliveries.values():
        deliveries.setdefault((delivery.revision, delivery.channel), []).append(delivery)
    for target in books.targets.values():
        targets.setdefault((target.revision, target.channel), []).append(target)
    ids = {r.revision: r for r in books.revisions.values()}
    found = []
    for revision, channel in sorted({*deliveries, *targets}):
        told = deliveries.get((revision, channel), [])
        since = ids.get(revision)
        found += _asked(told, revision, channel, since)
        found += _reached(targets.get((revision, channel), []), told, revision, channel, since)
    return found


def _asked(told: Sequence[Delivery], revision: int, channel: str, since: Revision | None) -> list[Step]:
    """Return when the channel was first asked."""
    moments = [d.requested_at for d in told if d.requested_at]
    count = sum(d.size for d in told)
    return [
        Step(at, channel, "asked", revision, None, count, _after(since, at))
        for at in [min(moments, default=None)]
        if at is not None
    ]


def _reached(
    targets: Sequence[Target],
    told: Sequence[Delivery],
    revision: int,
    channel: str,
    since: Revision | None,
) -> list[Step]:
    """Return the first, the half and the last that received; the first and the last that answered."""
    got = sorted(at for t in targets if t.planned and (at := t.received_at))
    said = sorted(at for t in targets if t.planned and (at := t.confirmed_at))
    marks: list[tuple[str, datetime, int]] = []
    if got:
        half = ceil(len([t for t in targets if t.planned]) / 2)
        marks.append(("first", got[0], 1))
        marks += [("half", got[half - 1], half)] if 1 < half < len(got) else []
        marks += [("last", got[-1], len(got))] if len(got) > 1 else []
    elif not targets and (moments := [d.reported_at for d in told if d.reported_at]):
        marks.append(("told", max(moments), sum(d.delivered + d.confirmed for d in told)))
    if said:
        marks.append(("answered", said[0], 1))
        marks += [("answered-last", said[-1], len(said))] if len(said) > 1 else []
    return [Step(at, channel, what, revision, None, count, _after(since, at)) for what, at, count in marks]


def _after(since: Revision | None, at: datetime) -> float | None:
    return round((at - since.approved_at).total_seconds(), 1) if since else None


@dataclass(frozen=True)
class Mark:
    """A step where it is drawn."""

    step: Step
    x: float
    row: int


@dataclass(frozen=True)
class Tick:
    """A clock time below the picture."""

    at: datetime
    x: float


@dataclass(frozen=True)
class Picture:
    """Lanes from top to bottom, marks in them, ticks below."""

    lanes: tuple[str, ...]
    marks: tuple[Mark, ...]
    spans: tuple[tuple[int, float, float], ...]
    """For each lane that has several marks: its row, from where to where."""
    ticks: tuple[Tick, ...]
    width: float = WIDTH
    left: float = LEFT
    row: float = ROW
    head: float = HEAD

    @property
    def height(self) -> float:
        """How high it is."""
        return HEAD + len(self.lanes) * ROW + 40


APART = 76.0
"""How near two clock times may stand."""


def picture(found: Sequence[Step]) -> Picture | None:
    """Return the picture of some steps, None of none."""
    if not found:
        return None
    used = {step.lane for step in found}
    lanes = tuple(sorted(used, key=lambda lane: (_rank(lane), lane)))
    places = _places(sorted({step.at for step in found}))
    marks = tuple(Mark(step, places[step.at], lanes.index(step.lane)) for step in found)
    spans = []
    for number in range(len(lanes)):
        across = [mark.x for mark in marks if mark.row == number]
        if max(across) > min(across):
            spans.append((number, min(across), max(across)))
    return Picture(lanes, marks, tuple(spans), _ticks(places))


def _places(moments: Sequence[datetime]) -> dict[datetime, float]:
    """Return where each moment stands: pauses by the logarithm of their length."""
    widths = [0.0]
    for before, after in pairwise(moments):
        widths.append(widths[-1] + 0.35 + log1p((after - before).total_seconds()))
    scale = (WIDTH - LEFT - RIGHT) / widths[-1] if widths[-1] else 0.0
    return {at: round(LEFT + w * scale, 1) for at, w in zip(moments, widths, strict=True)}


def _ticks(places: dict[datetime, float]) -> tuple[Tick, ...]:
    """Return the clock times that have room."""
    found: list[Tick] = []
    for at, x in places.items():
        if not found or x - found[-1].x >= APART:
            found.append(Tick(at, x))
    return tuple(found)
