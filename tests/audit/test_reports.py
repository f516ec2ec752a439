"""The reports over the API: the figures of a warning, of a month and of a drill, by hand-counted examples."""

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select, update

from contracts.amendment import PlanAmended
from contracts.delivery import DeliveryRequested, call_id_of
from contracts.plan import ChannelTargets
from contracts.values import Action, Channel, Lane, Level, Mode
from contracts.warning import AddsTo
from services.audit.actions import folding
from services.audit.store.report_tables import CONTENTS, OBSERVATIONS
from services.audit.store.tables import DELIVERIES, TARGETS
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, AWarning, a_notice
from tests.audit.report_make import (
    STATIONS,
    TOWN,
    a_big_warning,
    address,
    block,
    figures,
    fill,
    heard,
    judged,
    of,
    onset,
    seen,
    story,
)

TZ = "+08:00"


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    """An empty ledger behind its API, on both databases."""
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


async def test_a_warning_is_reported_with_its_percentiles_and_its_silent_places(audit: Asked) -> None:
    live, _ = await fill(audit)
    (revision,) = (await figures(audit, address(live.warning_id)))["revisions"]
    # 55 stations at 1, 14, 27 ... 703 s: the 28th, the 53rd and the 55th by nearest rank.
    assert revision["received"] == {
        "targeted": 60,
        "count": 55,
        "p50_s": 352.0,
        "p95_s": 677.0,
        "p99_s": 703.0,
        "max_s": 703.0,
        "early": 0,
    }
    assert revision["confirmed"]["count"] == 40
    assert revision["confirmed"]["max_s"] == 839.0
    assert [place["code"] for place in revision["unreached"]] == list(STATIONS[55:])
    assert [place["code"] for place in revision["unanswered"]] == list(STATIONS[40:55])
    channels = {line["channel"]: line for line in revision["channels"]}
    assert (channels["sms"]["received"], channels["sms"]["targeted"]) == (800, 1000)
    assert all(line["adds_up"] for line in channels.values())


async def test_lead_time_is_the_onset_minus_the_issue_and_minus_each_reception(audit: Asked) -> None:
    live, _ = await fill(audit)
    lead = (await figures(audit, address(live.warning_id)))["lead"]
    assert lead["minutes"] == 45.0
    assert lead["observed_onset"] == f"2026-06-01T12:45:00{TZ}"
    assert (lead["forecast_onset"], lead["forecast_minutes"]) == (None, None)
    assert [(town["town"], town["minutes"]) for town in lead["towns"]] == [(TOWN, 30.0)]
    by_code = {village["code"]: village["minutes"] for village in lead["villages"]}
    # The first town's own onset, 30 min; the other town by that of the warning, 45 min.
    assert by_code[STATIONS[0]] == 30.0
    assert by_code[STATIONS[54]] == 33.3
    assert (lead["in_time"], lead["targeted"], len(by_code)) == (55, 60, 55)


async def test_a_correction_counts_and_what_it_corrects_stays_to_be_read(audit: Asked) -> None:
    live, _ = await fill(audit)
    late = onset(live, -5, said_s=9000), onset(live, 99, said_s=4000)
    await audit.book.say(*late, at=NOON + timedelta(hours=3))
    found = await figures(audit, address(live.warning_id))
    assert found["lead"]["minutes"] == -5.0
    whole = [(one["at"][11:16], one["counts"]) for one in found["said"] if one["what"] == "onset"]
    assert whole == [("11:55", True), ("13:39", False), ("12:30", True), ("12:45", False)]


async def test_an_onset_that_is_taken_back_is_none(audit: Asked) -> None:
    live = a_big_warning()
    await audit.book.say(*heard(live), onset(live, 10), onset(live, None, said_s=9000))
    assert (await figures(audit, address(live.warning_id)))["lead"]["minutes"] is None


async def test_ladders_answers_and_steps_are_counted_once(audit: Asked) -> None:
    live, _ = await fill(audit)
    await audit.book.say(*story(live))
    found = await figures(audit, address(live.warning_id))
    assert [(r["name"], r["duties"], r["called"]) for r in found["escalation"]["rungs"]] == [
        ("first", 1, 2),
        ("second", 1, 1),
        ("last", 1, 0),
    ]
    assert found["escalation"]["places"] == 2
    assert found["escalation"]["answers"] == [
        {"way": "keypress", "count": 1, "taken": 0, "p50_s": 700.0, "max_s": 700.0}
    ]
    assert [place["code"] for place in found["escalation"]["alarms"]] == [STATIONS[41]]
    once = [(s["what"], s["by"]) for s in found["steps"]]
    assert once.count(("warning.approved", "wang")) == 2
    assert found["steps"][-1]["what"] == "published"
    assert found["reviews"][0]["note"] == "in-order: 及时"


async def test_calls_and_amendments_stand_beside_the_plan_in_any_order(audit: Asked) -> None:
    live = a_big_warning()
    head = {"mode": Mode.LIVE, "lane": Lane.URGENT, "warning_id": live.warning_id, "revision": 1, "at": NOON}
    added = ChannelTargets.named(Channel.STATION, ("500110001099",))
    amended = [
        PlanAmended(**head, number=n, by="wang", registry_version="1" * 64, channels=(added,), deliveries=())
        for n in (2, 1)
    ]
    call = DeliveryRequested(
        **head,
        channel=Channel.STATION,
        delivery_id=call_id_of(live.warning_id, 1, Channel.STATION, "first"),
        action=Action.START,
        notice=a_notice(),
        targets=STATIONS[:3],
        manifest_sha256=live.manifest.sha256,
    )
    await audit.book.say(amended[0], *heard(live), amended[1], amended[1], call)
    found = await figures(audit, address(live.warning_id))
    assert [(a["number"], a["added"]) for a in found["amendments"]] == [
        (1, {"station": 1}),
        (2, {"station": 1}),
    ]
    (calls,) = found["calls"]
    assert (calls["channel"], calls["calls"], calls["people"], calls["open"]) == ("station", 1, 3, 3)


async def test_the_same_position_gives_the_same_figures(audit: Asked) -> None:
    live, _ = await fill(audit)
    before = await audit.json(address(live.warning_id))
    month = await audit.json("/months/2026-06")
    size = before["position"]
    late = live.report(Channel.STATION, {}, [])
    await audit.book.say(late, live.updated(), onset(live, 5, said_s=9000), judged(live, "miss", 9000))
    after = await audit.json(address(live.warning_id))
    assert after["sha256"] != before["sha256"]
    assert await audit.json(address(live.warning_id), at=size) == before
    assert await audit.json("/months/2026-06", at=size) == month
    reply = await audit.get(f"/api/v1/audit{address(live.warning_id)}", at=10**9)
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "at")


async def test_details_that_retention_deleted_are_named_and_not_counted(audit: Asked) -> None:
    live, _ = await fill(audit)
    async with audit.book.db.transaction() as tx:
        for table in (TARGETS, DELIVERIES):
            await tx.execute(table.delete().where(table.c.warning_id == str(live.warning_id)))
    found = await figures(audit, address(live.warning_id))
    assert found["details_gone"]
    assert {c["channel"]: c["gone"] for c in found["revisions"][0]["channels"]} == {
        "broadcast": True,
        "sms": True,
        "station": True,
    }
    assert [line["targeted"] for line in found["revisions"][0]["channels"]] == [1, 1000, 60]
    page = await audit.get(f"/audit/warnings/{live.warning_id}/report")
    assert "明细已按保存期限删除" in page.text
    month = await figures(audit, "/months/2026-06")
    assert month["details_gone"] == 1
    assert of(month, "reception") == (0, 0, None)


async def test_a_month_is_counted_by_the_formulas_of_the_digest(audit: Asked) -> None:
    await fill(audit)
    month = await figures(audit, "/months/2026-06")
    # Within 600 s are the stations at 1 + 13 n, n < 47; nobody confirmed within five minutes.
    assert of(month, "reception") == (47, 60, 78.33)
    assert of(month, "confirmation") == (0, 60, 0.0)
    # 58 stations, online since before the month, until noon of its first day.
    assert of(month, "online") == (58 * 12 * 60, 58 * 12 * 60, 100.0)
    assert of(month, "accuracy-rainstorm") == (1, 1, 100.0)
    assert [(line["code"], line["reception"]["numerator"]) for line in month["colours"]] == [("RED", 47)]
    assert [(t["reception"]["numerator"], t["reception"]["denominator"]) for t in month["towns"]] == [
        (30, 30),
        (17, 30),
    ]
    assert [v["received"] for v in month["villages"]].count(1) == 55
    assert (month["whole"], len(month["warnings"])) == (False, 1)


async def test_drills_lifts_and_notes_are_no_warnings_of_the_month(audit: Asked) -> None:
    live, drill = a_big_warning(), a_big_warning(mode=Mode.DRILL)
    note = a_big_warning()
    published = note.published()
    beside = published.notice.model_copy(
        update={"adds_to": AddsTo(warning_id=live.warning_id, revision=1, identifier="x")}
    )
    said = published.model_copy(update={"notice": beside})
    await audit.book.say(*heard(live), live.cancelled(), *heard(drill), said)
    month = await figures(audit, "/months/2026-06")
    assert [w["warning_id"] for w in month["warnings"]] == [str(live.warning_id)]
    assert of(month, "reception")[1] == 60


async def test_a_month_begins_and_ends_in_beijing(audit: Asked) -> None:
    first = a_big_warning(at=NOON.replace(day=1, hour=0) - timedelta(hours=8, microseconds=1))
    second = a_big_warning(at=NOON.replace(day=1, hour=0) - timedelta(hours=8))
    await audit.book.say(*heard(first), *heard(second))
    may, june = [await figures(audit, f"/months/2026-0{n}") for n in (5, 6)]
    assert [w["warning_id"] for w in may["warnings"]] == [str(first.warning_id)]
    assert [w["warning_id"] for w in june["warnings"]] == [str(second.warning_id)]
    assert [(p["month"], p["warnings"]) for p in june["trend"]] == [("2026-05", 1), ("2026-06", 1)]
    assert (await audit.json("/months"))["data"] == ["2026-06", "2026-05"]


async def test_facts_that_come_twice_late_or_out_of_order_count_once(audit: Asked) -> None:
    live = a_big_warning()
    facts = [*heard(live), onset(live, 45), judged(live, "hit")]
    day = timedelta(days=1)
    presence = [
        seen(STATIONS[0], "online", -2 * day),
        seen(STATIONS[0], "offline", timedelta(hours=-6)),
        seen(STATIONS[0], "online", timedelta(hours=-3)),
    ]
    await audit.book.say(*reversed([*facts, *presence]))
    before = await figures(audit, "/months/2026-06")
    # Online from midnight to six and from nine to noon; the other stations were never seen at all.
    assert of(before, "online") == (9 * 60, 12 * 60, 75.0)
    await audit.book.say(*facts, *presence)
    again = await figures(audit, "/months/2026-06")
    assert {k: v for k, v in again.items() if k != "last"} == {k: v for k, v in before.items() if k != "last"}


async def test_a_drill_is_reported_beside_the_one_before(audit: Asked) -> None:
    _, drill = await fill(audit)
    listed = (await audit.json("/drills"))["data"]
    assert [line["received"] for line in listed] == [55, 55]
    found = await figures(audit, f"/drills/{drill.warning_id}")
    assert found["before"]["warning_id"] == listed[1]["warning_id"]
    assert found["participants"] == [{"by": "li", "what": ["warning.drafted"]}]
    assert (found["slowest"][0]["code"], found["slowest"][0]["before_s"]) == (STATIONS[54], 703.0)
    assert [place["code"] for place in found["silent"]] == list(STATIONS[55:])
    first = await audit.json("/drills", limit=1)
    rest = await audit.json("/drills", limit=1, after=first["next"])
    assert [first["data"][0], rest["data"][0]] == listed
    live = AWarning(level=Level.BLUE)
    await audit.book.say(live.published())
    assert (await audit.get(f"/api/v1/audit/drills/{live.warning_id}")).status_code == 404


async def test_a_forged_row_is_found_by_a_recount(audit: Asked) -> None:
    live, _ = await fill(audit)
    await audit.json(address(live.warning_id))
    async with audit.book.db.read() as connection:
        assert await folding.recount(connection, 0, 2**62) == []
    forged = NOON + timedelta(hours=3)
    async with audit.book.db.transaction() as tx:
        await tx.execute(update(OBSERVATIONS).where(OBSERVATIONS.c.town == TOWN).values(at=forged))
        await tx.execute(OBSERVATIONS.delete().where(OBSERVATIONS.c.what == "outcome"))
    async with audit.book.db.read() as connection:
        found = await folding.recount(connection, 0, 2**62)
    assert [(d.what, d.about, d.found is None) for d in found] == [
        ("observation-differs", TOWN, False),
        ("observation-differs", None, True),
    ]


async def test_the_trend_counts_as_the_months_own_report_does(audit: Asked) -> None:
    halted = a_big_warning(at=NOON - timedelta(days=40), level=Level.YELLOW)
    early = a_big_warning(at=NOON - timedelta(days=41), level=Level.BLUE)
    await fill(audit, [*heard(halted), halted.cancelled(), *heard(early), early.published(), early.updated()])
    own = {i["id"]: i["value"] for i in (await figures(audit, "/months/2026-04"))["indicators"]}
    trend = (await figures(audit, "/months/2026-06"))["trend"]
    point = next(p for p in trend if p["month"] == "2026-04")
    assert point == {"month": "2026-04", "warnings": 2, "values": own}
    assert (own["reception"], own["confirmation"]) == (78.33, 66.67)


async def test_villages_that_the_registry_could_not_reach_are_named_and_kept_without_people(
    audit: Asked,
) -> None:
    live = a_big_warning()
    village = {"kind": "village", "code": STATIONS[0], "name": "甲村", "town_code": TOWN[:9], "stations": []}
    later = {**village, "stations": [{"code": STATIONS[0], "name": "甲站"}], "recipients": [{"phone": "139"}]}
    await audit.book.say(block(audit, village, 0), *heard(live), block(audit, later, 24))
    (line,) = (await figures(audit, address(live.warning_id)))["beyond"]
    assert (line["code"], line["name"], line["lacked"]) == (STATIONS[0], "甲村", "both")
    assert line["added_at"] == f"2026-06-02T11:00:00{TZ}"
    rows = await audit.book.db.rows(select(CONTENTS).order_by(CONTENTS.c.recipients))
    assert [(row["recipients"], row["stations"]) for row in rows] == [(0, {}), (1, {STATIONS[0]: None})]


async def test_a_report_is_a_workbook_too(audit: Asked) -> None:
    live, _ = await fill(audit)
    reply = await audit.get(f"/audit/warnings/{live.warning_id}/report.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(reply.content), read_only=True)
    assert {"report", "revisions", "revisions 1 waits", "lead villages"} <= set(book.sheetnames)
    waits = list(book["revisions 1 waits"].iter_rows(values_only=True))
    assert (len(waits), waits[0], waits[1][2]) == (61, ("code", "name", "received_s", "confirmed_s"), 1)
    assert (await audit.get("/audit/months/2026-06.xlsx")).status_code == 200
