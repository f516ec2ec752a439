"""The report of a drill, and what happened after a warning."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from contracts.values import Mode
from services.issuer import actions, store
from services.issuer.actions.exercising import exercise
from services.issuer.model.afterwards import Hit, Told
from services.kit.errors import Invalid, Refused
from tests.issuer.follow_make import facts, told
from tests.issuer.issuer_make import LI, NOW, ZHANG, Office
from tests.issuer.reports_make import STATIONS

# Drills


async def test_the_report_of_a_drill_counts_every_rate_over_all_stations(office: Office) -> None:
    warning = await office.issued(Mode.DRILL)
    await told(office, warning, STATIONS[:3])
    report = await exercise(office.db, office.catalogue, warning.warning_id)
    assert (report.reception.count, report.reception.of, report.reception.percent) == (3, 4, 75.0)
    assert (report.answered.count, report.answered.of) == (3, 4)
    assert [one.station for one in report.silent] == [STATIONS[3]]
    assert [(one.by, one.confirmed_s) for one in report.answers[:2]] == [("村干部1", 5.0), ("村干部2", 10.0)]
    assert [one.name for one in report.approvals] == ["王芳"]


async def test_there_is_no_exercise_report_of_what_is_real(office: Office) -> None:
    warning = await office.issued()
    with pytest.raises(Refused, match="no drill"):
        await exercise(office.db, office.catalogue, warning.warning_id)


# Afterwards


async def test_what_happened_is_kept_beside_the_warning_with_all_its_history(office: Office) -> None:
    issued = await office.issued()
    first = Told(Hit.HIT, "区域站", onset=NOW + timedelta(minutes=95), amounts="最大雨量 82.4 毫米")
    key: tuple[Any, ...] = (office.db, office.catalogue, issued.warning_id)
    written = await actions.write_afterwards(*key, ZHANG, first)
    assert written.lead(NOW) == timedelta(minutes=95)
    await actions.write_afterwards(*key, LI, Told(Hit.PARTLY, "灾情直报"))
    async with office.db.read() as connection:
        kept = await store.afterwards.of_warning(connection, issued.warning_id)
    assert [(one.number, one.by, one.told.verdict) for one in kept] == [
        (2, "li", Hit.PARTLY),
        (1, "zhang", Hit.HIT),
    ]
    assert kept[1].told == first
    assert await office.get(issued.warning_id) == issued
    assert [f.detail["number"] for f in await facts(office, "afterwards.written")] == [1, 2]


async def test_nothing_happened_after_what_never_went_out(office: Office) -> None:
    draft = await office.drafted()
    key: tuple[Any, ...] = (office.db, office.catalogue, draft.warning_id, ZHANG)
    with pytest.raises(Refused, match="has not gone out"):
        await actions.write_afterwards(*key, Told(Hit.MISS, "区域站"))


async def test_a_file_is_imported_whole_or_not_at_all_and_every_bad_line_is_named(office: Office) -> None:
    issued = await office.issued()
    assert issued.published is not None
    head = "warning,verdict,onset,ended,amounts,source,note\n"
    good = f"{issued.published.notice.identifier},hit,2026-06-11 15:20,,82.4 毫米,区域站,\n"
    known = issued.warning_id
    bad = f"{UUID(int=9)},hit,,,,区域站,\n{known},maybe,,,,区域站,\n{known},hit,x,,,y,\n"
    key: tuple[Any, ...] = (office.db, office.catalogue, ZHANG)
    with pytest.raises(Invalid) as refused:
        await actions.import_afterwards(*key, head + good + bad)
    assert {fault.field for fault in refused.value.faults} == {
        "line 3: warning",
        "line 4: verdict",
        "line 5: onset",
    }
    with pytest.raises(Invalid, match="lacks columns"):
        await actions.import_afterwards(*key, "a,b\n1,2\n")
    (written,) = await actions.import_afterwards(*key, head + good)
    assert written.imported
    assert written.told.onset == NOW + timedelta(minutes=75)
    rows = await office.db.rows(select(store.tables.AFTERWARDS))
    assert len(rows) == 1
