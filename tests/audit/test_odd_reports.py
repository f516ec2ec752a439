"""The reports where the world is odd: wrong clocks, new names, late stations, drills of one moment."""

import base64
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from contracts.outcome import TargetState
from contracts.values import Channel, Mode
from services.audit.actions import recounting
from services.kit.clock import beijing
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, AWarning, a_fact, outcome
from tests.audit.audit_make import STATIONS as AT
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
)

TZ = "+08:00"


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    """An empty ledger behind its API, on both databases."""
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


async def test_a_wrong_clock_counts_as_received_and_is_in_no_percentile(audit: Asked) -> None:
    live = AWarning()
    told = [outcome(AT[0], TargetState.CONFIRMED, -500), outcome(AT[1], TargetState.RECEIVED, 4)]
    tally = {TargetState.CONFIRMED: 1, TargetState.RECEIVED: 1, TargetState.FAILED: 1}
    told.append(outcome(AT[2], TargetState.FAILED, 60))
    report = live.report(Channel.STATION, tally, told)
    await audit.book.say(live.published(), live.plan(), *live.requests(), report, onset(live, 30))
    found = await figures(audit, address(live.warning_id))
    (revision,) = found["revisions"]
    had, answered = revision["received"], revision["confirmed"]
    assert (had["count"], had["early"], had["p50_s"], had["max_s"]) == (2, 1, 4.0, 4.0)
    assert (answered["count"], answered["early"], answered["p50_s"]) == (1, 1, None)
    assert [(one["code"], one["received_s"]) for one in revision["clocks"]] == [(AT[0], -500.0)]
    assert [one["code"] for one in revision["waits"]] == list(AT[1:])
    assert (found["lead"]["early"], found["lead"]["in_time"], found["lead"]["targeted"]) == (1, 1, 3)
    month = await figures(audit, "/months/2026-06")
    (colour,) = month["colours"]
    assert (colour["reception"]["numerator"], colour["early"], colour["median_s"]) == (2, 1, 4.0)
    account = (await audit.json(f"/warnings/{live.warning_id}"))["revisions"][0]["stations"]
    assert (account["received"], account["early"], account["p50_s"]) == (2, 1, 4.0)
    for path in (f"/audit/warnings/{live.warning_id}", f"/audit/warnings/{live.warning_id}/report"):
        assert "时钟有误" in (await audit.get(path)).text


async def test_a_word_from_the_future_is_corrected_like_any_other(audit: Asked) -> None:
    live, years = a_big_warning(), 10 * 365 * 86_400
    ahead = judged(live, "hit", years), onset(live, 45, said_s=years)
    await audit.book.say(*heard(live), *ahead)
    assert (await figures(audit, address(live.warning_id)))["outcome"] == "hit"
    later = judged(live, "miss", 7000), onset(live, 5, said_s=7000)
    await audit.book.say(*later, at=NOON + timedelta(hours=2))
    found = await figures(audit, address(live.warning_id))
    assert (found["outcome"], found["lead"]["minutes"]) == ("miss", 5.0)
    month = await figures(audit, "/months/2026-06")
    assert (month["hits"], month["misses"]) == (0, 1)
    async with audit.book.db.read() as connection:
        assert await recounting.of_positions(connection, 1, 10**6) == []


async def test_a_warning_whose_clock_is_a_year_ahead_is_in_the_month_in_which_it_was_heard(
    audit: Asked,
) -> None:
    ahead = a_big_warning(at=NOON + timedelta(days=365))
    drill = a_big_warning(at=NOON + timedelta(days=365), mode=Mode.DRILL)
    await audit.book.say(*heard(ahead), *heard(drill))
    month = await figures(audit, "/months/2026-06")
    assert [w["warning_id"] for w in month["warnings"]] == [str(ahead.warning_id)]
    assert month["trend"][-1]["warnings"] == 1
    assert (await audit.json("/months"))["data"] == ["2026-06"]
    assert [d["warning_id"] for d in (await audit.json("/drills"))["data"]] == [str(drill.warning_id)]


async def test_a_village_that_is_renamed_keeps_its_name_in_reports_of_earlier_positions(audit: Asked) -> None:
    live, drill = a_big_warning(), a_big_warning(mode=Mode.DRILL)
    village = {"kind": "village", "code": STATIONS[0], "name": "甲村", "town_code": TOWN[:9], "stations": []}
    town = {"kind": "town", "code": TOWN[:9], "name": "古南街道"}
    await audit.book.say(*(block(audit, one, 0) for one in (village, town)), *heard(live), *heard(drill))
    paths = [address(live.warning_id), "/months/2026-06", f"/drills/{drill.warning_id}"]
    before = [await audit.json(path) for path in paths]
    renamed = [{**village, "name": "乙村"}, {**town, "name": "文龙街道"}, {**village, "name": "丙村"}]
    await audit.book.say(*(block(audit, one, 5) for one in renamed))
    size = before[0]["position"]
    assert [await audit.json(path, at=size) for path in paths] == before

    async def called(position: int | None) -> str:
        query = {"at": position} if position else {}
        (revision,) = (await figures(audit, paths[0], **query))["revisions"]
        return next(place["name"] for place in revision["waits"] if place["code"] == STATIONS[0])

    assert [await called(at) for at in (size, size + 1, size + 2, None)] == [
        "古南街道甲村",
        "古南街道乙村",
        "文龙街道乙村",
        "文龙街道丙村",
    ]


async def test_what_other_stations_do_leaves_a_stations_minutes_as_they_are(audit: Asked) -> None:
    """A station without a block stays in the rate, whether or not somebody with a block is silent."""
    hour, other = timedelta(hours=1), STATIONS[1]
    village = {"kind": "village", "code": other, "name": "乙村", "town_code": TOWN[:9]}
    served = {**village, "stations": [{"code": other, "name": "乙站"}]}
    await audit.book.say(*heard(a_big_warning()), seen(STATIONS[0], "online", -20 * hour))
    alone = await figures(audit, "/months/2026-06")
    await audit.book.say(block(audit, served, -19))
    silent = await figures(audit, "/months/2026-06")
    await audit.book.say(seen(other, "online", -18 * hour), seen(other, "offline", -hour))
    both = await figures(audit, "/months/2026-06")
    assert [of(one, "online")[1] for one in (alone, silent, both)] == [720, 720, 1440]


async def test_what_is_said_in_a_drill_is_in_no_month(audit: Asked) -> None:
    live = a_big_warning()
    rehearsed = judged(live, "hit").model_copy(update={"mode": Mode.DRILL})
    await audit.book.say(*heard(live), rehearsed)
    assert (await figures(audit, address(live.warning_id)))["outcome"] is None
    assert (await figures(audit, "/months/2026-06"))["unjudged"] == 1
    missed = {"hazard": "11B03", "level": "RED", "towns": [TOWN], "at": beijing(NOON - timedelta(hours=1))}
    figure = {"month": "2026-06", "numerator": 1, "denominator": 2}
    for mode, counted, value in ((Mode.DRILL, [], None), (Mode.LIVE, ["x"], 50.0)):
        about = {"mode": mode, "at": NOON - timedelta(minutes=1)}
        await audit.book.say(
            a_fact(**about, kind="event.missed", about="x", detail=missed),
            a_fact(**about, kind="figure.entered", about="coverage-warnings", detail=figure),
        )
        month = await figures(audit, "/months/2026-06")
        assert [one["subject"] for one in month["missed"]] == counted
        assert of(month, "coverage-warnings")[2] == value
        assert of(month, "accuracy-rainstorm")[1] == len(counted)


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
    assert (await figures(audit, f"/drills/{one}"))["before"]["warning_id"] == before
    for odd in ("nonsense", base64.urlsafe_b64encode(b"1780286400000000").decode()):
        assert (await audit.get("/api/v1/audit/drills", after=odd)).status_code == 422


async def test_a_month_names_who_could_have_been_reached_and_sums_it_up(audit: Asked) -> None:
    first, second = a_big_warning(), a_big_warning(at=NOON - timedelta(hours=1))
    empty = {"kind": "village", "code": STATIONS[0], "name": "甲村", "town_code": TOWN[:9], "stations": []}
    full = {**empty, "code": STATIONS[1], "name": "乙村", "stations": [{"code": STATIONS[1], "name": "乙站"}]}
    full["recipients"] = [{"phone": "139"}]
    later = {**empty, "stations": [{"code": STATIONS[0], "name": "甲站"}], "recipients": [{"phone": "138"}]}
    blocks = [block(audit, one, -9) for one in (empty, full)]
    await audit.book.say(*blocks, *heard(second), *heard(first), block(audit, later, 24))
    month = await figures(audit, "/months/2026-06")
    of_each = [(await figures(audit, address(one.warning_id)))["beyond"] for one in (first, second)]
    assert of(month, "beyond") == (sum(map(len, of_each)), 4, 50.0)
    (line,) = month["beyond"]
    assert (line["code"], line["name"], line["lacked"], line["warnings"]) == (STATIONS[0], "甲村", "both", 2)
    assert (line["stations"], line["added_at"]) == ([STATIONS[0]], f"2026-06-02T11:00:00{TZ}")
    page = (await audit.get("/audit/months/2026-06")).text
    assert "2 / 4" in page.partition('id="beyond"')[2]
    assert "beyond-registry v1" in page
    reply = await audit.get("/audit/months/2026-06.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(reply.content), read_only=True)
    assert [row[:2] for row in book["beyond"].iter_rows(values_only=True)][1:] == [(STATIONS[0], "甲村")]


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
