"""The reports over the API: the figures of a warning, of a month and of a drill, by hand-counted examples."""

import base64
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest
from sqlalchemy import select, update

from contracts.amendment import PlanAmended
from contracts.canonical import content_hash, sha256_hex
from contracts.delivery import DeliveryRequested, call_id_of
from contracts.plan import ChannelTargets
from contracts.registry import BLOCK_CONTEXT, BlockChanged
from contracts.values import Action, Channel, Lane, Level, Mode
from contracts.warning import AddsTo
from services.audit.actions import folding
from services.audit.store.report_tables import CONTENTS, OBSERVATIONS
from services.audit.store.tables import DELIVERIES, TARGETS
from services.kit.clock import beijing
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, AWarning, a_fact, a_notice
from tests.audit.report_make import (
    STATIONS,
    TOWN,
    a_big_warning,
    address,
    fill,
    heard,
    judged,
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


async def _figures(audit: Asked, path: str, **query: Any) -> dict[str, Any]:
    found = await audit.json(path, **query)
    assert content_hash(found["figures"]) == found["sha256"]
    figures: dict[str, Any] = found["figures"]
    return figures


async def test_a_warning_is_reported_with_its_percentiles_and_its_silent_places(audit: Asked) -> None:
    live, _ = await fill(audit)
    (revision,) = (await _figures(audit, address(live.warning_id)))["revisions"]
    # 55 stations at 1, 14, 27 ... 703 s: the 28th, the 53rd and the 55th by nearest rank.
    assert revision["received"] == {
        "targeted": 60,
        "count": 55,
        "p50_s": 352.0,
        "p95_s": 677.0,
        "p99_s": 703.0,
        "max_s": 703.0,
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
    lead = (await _figures(audit, address(live.warning_id)))["lead"]
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
    found = await _figures(audit, address(live.warning_id))
    assert found["lead"]["minutes"] == -5.0
    whole = [(one["at"][11:16], one["counts"]) for one in found["said"] if one["what"] == "onset"]
    assert whole == [("11:55", True), ("13:39", False), ("12:30", True), ("12:45", False)]


async def test_a_word_from_the_future_is_corrected_like_any_other(audit: Asked) -> None:
    live, years = a_big_warning(), 10 * 365 * 86_400
    ahead = judged(live, "hit", years), onset(live, 45, said_s=years)
    await audit.book.say(*heard(live), *ahead)
    assert (await _figures(audit, address(live.warning_id)))["outcome"] == "hit"
    later = judged(live, "miss", 7000), onset(live, 5, said_s=7000)
    await audit.book.say(*later, at=NOON + timedelta(hours=2))
    found = await _figures(audit, address(live.warning_id))
    assert (found["outcome"], found["lead"]["minutes"]) == ("miss", 5.0)
    month = await _figures(audit, "/months/2026-06")
    assert (month["hits"], month["misses"]) == (0, 1)
    async with audit.book.db.read() as connection:
        assert await folding.recount(connection) == []


async def test_a_warning_whose_clock_is_a_year_ahead_is_in_the_month_in_which_it_was_heard(
    audit: Asked,
) -> None:
    ahead = a_big_warning(at=NOON + timedelta(days=365))
    drill = a_big_warning(at=NOON + timedelta(days=365), mode=Mode.DRILL)
    await audit.book.say(*heard(ahead), *heard(drill))
    month = await _figures(audit, "/months/2026-06")
    assert [w["warning_id"] for w in month["warnings"]] == [str(ahead.warning_id)]
    assert month["trend"][-1]["warnings"] == 1
    assert (await audit.json("/months"))["data"] == ["2026-06"]
    assert [d["warning_id"] for d in (await audit.json("/drills"))["data"]] == [str(drill.warning_id)]


async def test_an_onset_that_is_taken_back_is_none(audit: Asked) -> None:
    live = a_big_warning()
    await audit.book.say(*heard(live), onset(live, 10), onset(live, None, said_s=9000))
    assert (await _figures(audit, address(live.warning_id)))["lead"]["minutes"] is None


async def test_ladders_answers_and_steps_are_counted_once(audit: Asked) -> None:
    live, _ = await fill(audit)
    await audit.book.say(*story(live))
    found = await _figures(audit, address(live.warning_id))
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
    found = await _figures(audit, address(live.warning_id))
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


async def test_a_village_that_is_renamed_keeps_its_name_in_reports_of_earlier_positions(audit: Asked) -> None:
    live, drill = a_big_warning(), a_big_warning(mode=Mode.DRILL)
    village = {"kind": "village", "code": STATIONS[0], "name": "甲村", "town_code": TOWN[:9], "stations": []}
    town = {"kind": "town", "code": TOWN[:9], "name": "古南街道"}
    await audit.book.say(*(_block(audit, one, 0) for one in (village, town)), *heard(live), *heard(drill))
    paths = [address(live.warning_id), "/months/2026-06", f"/drills/{drill.warning_id}"]
    before = [await audit.json(path) for path in paths]
    renamed = [{**village, "name": "乙村"}, {**town, "name": "文龙街道"}, {**village, "name": "丙村"}]
    await audit.book.say(*(_block(audit, one, 5) for one in renamed))
    size = before[0]["position"]
    assert [await audit.json(path, at=size) for path in paths] == before

    async def called(position: int | None) -> str:
        query = {"at": position} if position else {}
        (revision,) = (await _figures(audit, paths[0], **query))["revisions"]
        return next(place["name"] for place in revision["waits"] if place["code"] == STATIONS[0])

    assert [await called(at) for at in (size, size + 1, size + 2, None)] == [
        "古南街道甲村",
        "古南街道乙村",
        "文龙街道乙村",
        "文龙街道丙村",
    ]


async def test_details_that_retention_deleted_are_named_and_not_counted(audit: Asked) -> None:
    live, _ = await fill(audit)
    async with audit.book.db.transaction() as tx:
        for table in (TARGETS, DELIVERIES):
            await tx.execute(table.delete().where(table.c.warning_id == str(live.warning_id)))
    found = await _figures(audit, address(live.warning_id))
    assert found["details_gone"]
    assert {c["channel"]: c["gone"] for c in found["revisions"][0]["channels"]} == {
        "broadcast": True,
        "sms": True,
        "station": True,
    }
    assert [line["targeted"] for line in found["revisions"][0]["channels"]] == [1, 1000, 60]
    page = await audit.get(f"/audit/warnings/{live.warning_id}/report")
    assert "明细已按保存期限删除" in page.text
    month = await _figures(audit, "/months/2026-06")
    assert month["details_gone"] == 1
    assert _of(month, "reception") == (0, 0, None)


def _of(month: dict[str, Any], name: str) -> tuple[float, float, float | None]:
    one = next(i for i in month["indicators"] if i["id"] == name)
    return one["numerator"], one["denominator"], one["value"]


async def test_a_month_is_counted_by_the_formulas_of_the_digest(audit: Asked) -> None:
    await fill(audit)
    month = await _figures(audit, "/months/2026-06")
    # Within 600 s are the stations at 1 + 13 n, n < 47; nobody confirmed within five minutes.
    assert _of(month, "reception") == (47, 60, 78.33)
    assert _of(month, "confirmation") == (0, 60, 0.0)
    # 58 stations, online since before the month, until noon of its first day.
    assert _of(month, "online") == (58 * 12 * 60, 58 * 12 * 60, 100.0)
    assert _of(month, "accuracy-rainstorm") == (1, 1, 100.0)
    assert [(line["code"], line["reception"]["numerator"]) for line in month["colours"]] == [("RED", 47)]
    assert [(t["reception"]["numerator"], t["reception"]["denominator"]) for t in month["towns"]] == [
        (30, 30),
        (17, 30),
    ]
    assert [v["received"] for v in month["villages"]].count(1) == 55
    assert (month["whole"], len(month["warnings"])) == (False, 1)


async def test_what_other_stations_do_leaves_a_stations_minutes_as_they_are(audit: Asked) -> None:
    """A station without a block stays in the rate, whether or not somebody with a block is silent."""
    hour, other = timedelta(hours=1), STATIONS[1]
    village = {"kind": "village", "code": other, "name": "乙村", "town_code": TOWN[:9]}
    block = {**village, "stations": [{"code": other, "name": "乙站"}]}
    await audit.book.say(*heard(a_big_warning()), seen(STATIONS[0], "online", -20 * hour))
    alone = await _figures(audit, "/months/2026-06")
    await audit.book.say(_block(audit, block, -19))
    silent = await _figures(audit, "/months/2026-06")
    await audit.book.say(seen(other, "online", -18 * hour), seen(other, "offline", -hour))
    both = await _figures(audit, "/months/2026-06")
    assert [_of(one, "online")[1] for one in (alone, silent, both)] == [720, 720, 1440]


async def test_drills_lifts_and_notes_are_no_warnings_of_the_month(audit: Asked) -> None:
    live, drill = a_big_warning(), a_big_warning(mode=Mode.DRILL)
    note = a_big_warning()
    published = note.published()
    beside = published.notice.model_copy(
        update={"adds_to": AddsTo(warning_id=live.warning_id, revision=1, identifier="x")}
    )
    said = published.model_copy(update={"notice": beside})
    await audit.book.say(*heard(live), live.cancelled(), *heard(drill), said)
    month = await _figures(audit, "/months/2026-06")
    assert [w["warning_id"] for w in month["warnings"]] == [str(live.warning_id)]
    assert _of(month, "reception")[1] == 60


async def test_what_is_said_in_a_drill_is_in_no_month(audit: Asked) -> None:
    live = a_big_warning()
    rehearsed = judged(live, "hit").model_copy(update={"mode": Mode.DRILL})
    await audit.book.say(*heard(live), rehearsed)
    assert (await _figures(audit, address(live.warning_id)))["outcome"] is None
    assert (await _figures(audit, "/months/2026-06"))["unjudged"] == 1
    missed = {"hazard": "11B03", "level": "RED", "towns": [TOWN], "at": beijing(NOON - timedelta(hours=1))}
    figure = {"month": "2026-06", "numerator": 1, "denominator": 2}
    for mode, counted, value in ((Mode.DRILL, [], None), (Mode.LIVE, ["x"], 50.0)):
        about = {"mode": mode, "at": NOON - timedelta(minutes=1)}
        await audit.book.say(
            a_fact(**about, kind="event.missed", about="x", detail=missed),
            a_fact(**about, kind="figure.entered", about="coverage-warnings", detail=figure),
        )
        month = await _figures(audit, "/months/2026-06")
        assert [one["subject"] for one in month["missed"]] == counted
        assert _of(month, "coverage-warnings")[2] == value
        assert _of(month, "accuracy-rainstorm")[1] == len(counted)


async def test_a_month_begins_and_ends_in_beijing(audit: Asked) -> None:
    first = a_big_warning(at=NOON.replace(day=1, hour=0) - timedelta(hours=8, microseconds=1))
    second = a_big_warning(at=NOON.replace(day=1, hour=0) - timedelta(hours=8))
    await audit.book.say(*heard(first), *heard(second))
    may, june = [await _figures(audit, f"/months/2026-0{n}") for n in (5, 6)]
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
    before = await _figures(audit, "/months/2026-06")
    # Online from midnight to six and from nine to noon; the other stations were never seen at all.
    assert _of(before, "online") == (9 * 60, 12 * 60, 75.0)
    await audit.book.say(*facts, *presence)
    again = await _figures(audit, "/months/2026-06")
    assert {k: v for k, v in again.items() if k != "last"} == {k: v for k, v in before.items() if k != "last"}


async def test_a_drill_is_reported_beside_the_one_before(audit: Asked) -> None:
    _, drill = await fill(audit)
    listed = (await audit.json("/drills"))["data"]
    assert [line["received"] for line in listed] == [55, 55]
    found = await _figures(audit, f"/drills/{drill.warning_id}")
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


async def test_no_drill_of_the_same_moment_is_lost_between_two_pages(audit: Asked) -> None:
    held = [AWarning(mode=Mode.DRILL) for _ in range(5)]
    await audit.book.say(*(one.published() for one in held))
    listed: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await audit.json("/drills", limit=2, after=after)
        listed += [line["warning_id"] for line in page["data"]]
        after = page["next"]
    assert len(listed) == 5
    assert set(listed) == {str(one.warning_id) for one in held}
    assert listed == sorted(listed, reverse=True)
    one, before = listed[0], listed[1]
    assert (await _figures(audit, f"/drills/{one}"))["before"]["warning_id"] == before
    for odd in ("nonsense", base64.urlsafe_b64encode(b"1780286400000000").decode()):
        assert (await audit.get("/api/v1/audit/drills", after=odd)).status_code == 422


async def test_a_forged_row_is_found_by_a_recount(audit: Asked) -> None:
    live, _ = await fill(audit)
    await audit.json(address(live.warning_id))
    async with audit.book.db.read() as connection:
        assert await folding.recount(connection) == []
    forged = NOON + timedelta(hours=3)
    async with audit.book.db.transaction() as tx:
        await tx.execute(update(OBSERVATIONS).where(OBSERVATIONS.c.town == TOWN).values(at=forged))
        await tx.execute(OBSERVATIONS.delete().where(OBSERVATIONS.c.what == "outcome"))
    async with audit.book.db.read() as connection:
        found = await folding.recount(connection)
    assert [(d.what, d.about, d.found is None) for d in found] == [
        ("observation-differs", TOWN, False),
        ("observation-differs", None, True),
    ]


async def test_the_trend_counts_as_the_months_own_report_does(audit: Asked) -> None:
    halted = a_big_warning(at=NOON - timedelta(days=40), level=Level.YELLOW)
    early = a_big_warning(at=NOON - timedelta(days=41), level=Level.BLUE)
    await fill(audit, [*heard(halted), halted.cancelled(), *heard(early), early.published(), early.updated()])
    own = {i["id"]: i["value"] for i in (await _figures(audit, "/months/2026-04"))["indicators"]}
    trend = (await _figures(audit, "/months/2026-06"))["trend"]
    point = next(p for p in trend if p["month"] == "2026-04")
    assert point == {"month": "2026-04", "warnings": 2, "values": own}
    assert (own["reception"], own["confirmation"]) == (78.33, 66.67)


async def test_villages_that_the_registry_could_not_reach_are_named_and_kept_without_people(
    audit: Asked,
) -> None:
    live = a_big_warning()
    village = {"kind": "village", "code": STATIONS[0], "name": "甲村", "town_code": TOWN[:9], "stations": []}
    later = {**village, "stations": [{"code": STATIONS[0], "name": "甲站"}], "recipients": [{"phone": "139"}]}
    await audit.book.say(_block(audit, village, 0), *heard(live), _block(audit, later, 24))
    (line,) = (await _figures(audit, address(live.warning_id)))["beyond"]
    assert (line["code"], line["name"], line["lacked"]) == (STATIONS[0], "甲村", "both")
    assert line["added_at"] == f"2026-06-02T11:00:00{TZ}"
    rows = await audit.book.db.rows(select(CONTENTS).order_by(CONTENTS.c.recipients))
    assert [(row["recipients"], row["stations"]) for row in rows] == [(0, {}), (1, {STATIONS[0]: None})]


async def test_a_month_names_who_could_have_been_reached_and_sums_it_up(audit: Asked) -> None:
    first, second = a_big_warning(), a_big_warning(at=NOON - timedelta(hours=1))
    empty = {"kind": "village", "code": STATIONS[0], "name": "甲村", "town_code": TOWN[:9], "stations": []}
    full = {**empty, "code": STATIONS[1], "name": "乙村", "stations": [{"code": STATIONS[1], "name": "乙站"}]}
    full["recipients"] = [{"phone": "139"}]
    later = {**empty, "stations": [{"code": STATIONS[0], "name": "甲站"}], "recipients": [{"phone": "138"}]}
    blocks = [_block(audit, one, -9) for one in (empty, full)]
    await audit.book.say(*blocks, *heard(second), *heard(first), _block(audit, later, 24))
    month = await _figures(audit, "/months/2026-06")
    of_each = [(await _figures(audit, address(one.warning_id)))["beyond"] for one in (first, second)]
    assert _of(month, "beyond") == (sum(map(len, of_each)), 4, 50.0)
    (line,) = month["beyond"]
    assert (line["code"], line["name"], line["lacked"], line["warnings"]) == (STATIONS[0], "甲村", "both", 2)
    assert (line["stations"], line["added_at"]) == ([STATIONS[0]], f"2026-06-02T11:00:00{TZ}")
    page = (await audit.get("/audit/months/2026-06")).text
    assert "2 / 4" in page.partition('id="beyond"')[2]
    assert "beyond-registry v1" in page
    reply = await audit.get("/audit/months/2026-06.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(reply.content), read_only=True)
    assert [row[:2] for row in book["beyond"].iter_rows(values_only=True)][1:] == [(STATIONS[0], "甲村")]


def _block(audit: Asked, block: dict[str, Any], hours: float) -> BlockChanged:
    body = audit.book.crypto.seal(orjson.dumps(block), BLOCK_CONTEXT)
    at = NOON + timedelta(hours=hours - 1)
    text = base64.b64encode(body).decode()
    return BlockChanged(block=block["code"], sha256=sha256_hex(body), sealed=text, at=at)


async def test_a_drill_is_a_workbook_too_as_a_page_and_over_the_api(audit: Asked) -> None:
    _, drill = await fill(audit)
    for path in ("/audit", "/api/v1/audit"):
        reply = await audit.get(f"{path}/drills/{drill.warning_id}.xlsx")
        assert reply.status_code == 200, reply.text
        book = openpyxl.load_workbook(io.BytesIO(reply.content), read_only=True)
        single = dict(row[:2] for row in book["report"].iter_rows(values_only=True))
        assert (single["drill.warning_id"], single["drill.received"]) == (str(drill.warning_id), 55)
        assert single["before.received"] == 55
        channels = {row[0]: row[1:3] for row in book["channels"].iter_rows(values_only=True)}
        assert channels["station"] == (60, 55)
        assert len(list(book["slowest"].iter_rows(values_only=True))) == 21
        assert [row[0] for row in book["silent"].iter_rows(values_only=True)][1:] == list(STATIONS[55:])
        assert len(list(book["participants"].iter_rows(values_only=True))) == 2
    page = await audit.get(f"/audit/drills/{drill.warning_id}")
    assert f"/audit/drills/{drill.warning_id}.xlsx" in page.text
    facts = [f for f in await audit.facts() if f["kind"] == "audit.exported"]
    assert [fact["detail"]["path"].rpartition(".")[2] for fact in facts] == ["xlsx", "xlsx"]


@pytest.mark.parametrize("path", ["/months/2026-06.xlsx", "{warning}.xlsx"])
async def test_the_other_reports_are_workbooks_over_the_api_too(audit: Asked, path: str) -> None:
    live, _ = await fill(audit)
    reply = await audit.get("/api/v1/audit" + path.format(warning=address(live.warning_id)))
    assert reply.status_code == 200, reply.text
    assert "report" in openpyxl.load_workbook(io.BytesIO(reply.content), read_only=True).sheetnames


async def test_a_report_is_a_workbook_too(audit: Asked) -> None:
    live, _ = await fill(audit)
    reply = await audit.get(f"/audit/warnings/{live.warning_id}/report.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(reply.content), read_only=True)
    assert {"report", "revisions", "revisions 1 waits", "lead villages"} <= set(book.sheetnames)
    waits = list(book["revisions 1 waits"].iter_rows(values_only=True))
    assert (len(waits), waits[0], waits[1][2]) == (61, ("code", "name", "received_s", "confirmed_s"), 1)
    assert (await audit.get("/audit/months/2026-06.xlsx")).status_code == 200
