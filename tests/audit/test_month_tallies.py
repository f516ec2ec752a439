"""A month that is counted in one pass over its stations comes to what each formula gives alone."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.outcome import TargetState
from contracts.values import Level
from services.audit.actions.report_warning import accounts
from services.audit.data import rates, yardsticks
from services.audit.model.account import confirmation, nearest_rank, reception
from services.audit.model.deliveries import Target
from services.audit.model.faces import LIFT, Face
from services.audit.model.month_figures import MonthFigures
from services.audit.model.month_material import MonthMaterial
from services.audit.model.month_report import figures
from services.audit.model.month_tallies import Told, told_of
from services.audit.model.registered import Holding
from services.audit.store import counted, ledger
from services.kit.clock import microseconds
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON
from tests.audit.report_make import fill

Pair = tuple[Target, Face]
PLACES = [f"50011000{town}{village:03d}" for town in "123" for village in range(1, 4)]
HELD = [
    Holding(1, NOON, "a", PLACES[0], f"{PLACES[0][:9]}000", "甲", False, {PLACES[0]: None, "K1": None}, 3),
    Holding(2, NOON, "b", PLACES[5], f"{PLACES[5][:9]}000", "乙", False, {"K2": None}, 0),
]
STATIONS = [*PLACES, "K1", "K2"]
FORMULAS, YARDSTICKS = rates.load(), yardsticks.load()


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


def a_face(warning: int, revision: int, level: str, verb: str, expires_s: int, notes: bool) -> Face:
    """Return a revision, approved so many minutes after noon as its number is."""
    at = NOON + timedelta(minutes=10 * warning + revision)
    said = dict.fromkeys(("identifier", "hazard_name", "product", "headline", "sender_name"), "x")
    return Face(
        position=100 * warning + revision,
        warning_id=f"w{warning}",
        revision=revision,
        mode="live",
        verb=verb,
        hazard="11B03",
        level=level,
        approved_by=[],
        approved_at=at,
        said_at=at,
        onset=None,
        expires_at=at + timedelta(seconds=expires_s),
        adds_to="w0" if notes else None,
        emergency=False,
        towns=[],
        **said,
    )


FACES = st.builds(
    a_face,
    st.integers(0, 2),
    st.integers(1, 3),
    st.sampled_from(list(Level)).map(lambda level: level.value),
    st.sampled_from(["issued", "updated", LIFT]),
    st.sampled_from([60, 900, 36_000]),
    st.sampled_from([False, False, False, True]),
)
TIMES = st.dictionaries(
    st.sampled_from([state.value for state in TargetState]),
    st.integers(-100, 4000).map(lambda s: microseconds(NOON) + s * 1_000_003),
)
TARGETS = st.builds(
    lambda warning, revision, station, planned, times: Target(
        f"w{warning}", revision, "station", station, planned, times=times
    ),
    st.integers(0, 2),
    st.integers(1, 3),
    st.sampled_from(STATIONS),
    st.sampled_from([True, True, True, False]),
    TIMES,
)


def a_month(faces: Sequence[Face], targets: Sequence[Target], gone: set[str]) -> MonthMaterial:
    """Return the material of a month of these revisions and stations."""
    told: dict[tuple[str, int], list[Told]] = {}
    for target in targets:
        if target.planned:
            told.setdefault(target.key[:2], []).append(told_of(target.target, target.times))
    return MonthMaterial(
        month="2026-06",
        period=(NOON - timedelta(hours=12), NOON + timedelta(days=29)),
        whole=True,
        faces=faces,
        told=told,
        gone=gone,
        aims=(),
        said=(),
        missed=(),
        entered=(),
        holdings=HELD,
        seen={},
        names={},
        yardsticks=YARDSTICKS,
        formulas=FORMULAS,
    )


def grouped(pairs: Iterable[Pair], key: Any) -> dict[str, list[Pair]]:
    """Return pairs by a name."""
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        found.setdefault(key(pair), []).append(pair)
    return found


def line(pairs: Sequence[Pair]) -> tuple[Any, ...]:
    """Return reception, confirmation and median, each by its formula over objects."""
    had, answered = reception(pairs, FORMULAS), confirmation(pairs, FORMULAS)
    found = [(t.received_at - f.approved_at).total_seconds() for t, f in pairs if t.received_at]
    waits = sorted(wait for wait in found if wait >= 0)
    both = (had.numerator, had.denominator, had.percent)
    others = (answered.numerator, answered.denominator, answered.percent)
    return (*both, *others, nearest_rank(waits, 0.5), len(found) - len(waits))


def shown(lines: Iterable[Any]) -> dict[str, tuple[Any, ...]]:
    """Return the same of the lines of a report."""
    return {
        one.code: (*vars(one.reception).values(), *vars(one.confirmation).values(), one.median_s, one.early)
        for one in lines
        if one.reception.denominator
    }


def naively(m: MonthMaterial, targets: Sequence[Target]) -> list[Pair]:
    """Return each planned station with its revision, as the formulas want them."""
    real = [f for some in m.warnings.values() for f in some if f.counts and f.warning_id not in m.gone]
    faces = {(face.warning_id, face.revision): face for face in real}
    return [(t, faces[t.key[:2]]) for t in targets if t.planned and t.key[:2] in faces]


@settings(max_examples=200)
@given(
    st.lists(FACES, max_size=6, unique_by=lambda f: (f.warning_id, f.revision)),
    st.lists(TARGETS, max_size=40, unique_by=lambda t: t.key),
    st.sets(st.sampled_from(["w0", "w1"])),
)
def test_figures_in_one_pass_are_those_of_the_formulas(
    faces: list[Face], targets: list[Target], gone: set[str]
) -> None:
    ordered = sorted(faces, key=lambda f: (f.warning_id, f.revision))
    m = a_month(ordered, targets, gone)
    found: MonthFigures = figures(m)
    pairs = naively(m, targets)
    rated = {i.id: (i.numerator, i.denominator) for i in found.indicators}
    had, answered = reception(pairs, FORMULAS), confirmation(pairs, FORMULAS)
    by_formula = {i.formula: rated[i.id] for i in YARDSTICKS.indicators}
    assert by_formula["received-in-time"] == (had.numerator, had.denominator)
    assert by_formula["confirmed-in-time"] == (answered.numerator, answered.denominator)
    assert shown(found.colours) == {k: line(v) for k, v in grouped(pairs, lambda p: p[1].level).items()}
    towns = grouped(pairs, lambda p: m.home(p[0].target)[1])
    assert shown(found.towns) == {town: line(some) for town, some in towns.items()}
    villages = grouped(pairs, lambda p: m.home(p[0].target)[0])
    assert {v.code: (v.due, v.received) for v in found.villages if v.due} == {
        code: (
            len({t.warning_id for t, _ in some}),
            len({t.warning_id for t, _ in some if t.received_at}),
        )
        for code, some in villages.items()
    }
    warnings = grouped(pairs, lambda p: p[0].warning_id)
    assert {w.warning_id: (w.targeted, w.received) for w in found.warnings if w.targeted} == {
        name: (len({t.target for t, _ in some}), len({t.target for t, _ in some if t.received_at}))
        for name, some in warnings.items()
    }


async def test_the_database_tells_of_each_station_what_its_row_says(audit: Asked) -> None:
    live, _ = await fill(audit)
    async with audit.book.db.read() as connection:
        told = await counted.told(connection, str(live.warning_id), "station")
        known, _ = await accounts(connection, [str(live.warning_id)], await ledger.size(connection))
    rows = sorted((t for t in known.targets.values() if t.channel == "station"), key=lambda t: t.target)
    assert sum(t.received_at is not None for t in rows) == 55
    assert sorted(told[str(live.warning_id), 1]) == [
        Told(
            t.target,
            None if t.received_at is None else microseconds(t.received_at),
            None if t.confirmed_at is None else microseconds(t.confirmed_at),
        )
        for t in rows
    ]
