"""The public pages: whatever becomes of a warning is said, and drawn on the map."""

import re
from itertools import combinations
from pathlib import Path
from uuid import UUID

import pytest
from shapely import Point, Polygon, union_all

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Mode, Place, Withdrawal
from contracts.warning import WarningExpired, WarningHalted
from services.channels.hazards import hazards
from services.channels.pull.feed import actions, api
from services.channels.pull.feed.board import STALE
from services.issuer.catalogue import load
from services.kit.errors import Retry
from tests.channels.pull.feed_make import (
    START,
    WARNING,
    FeedHouse,
    a_notice,
    a_request,
    cancelled,
    ended,
    withdrawn,
)
from tests.channels.pull.public_make import PAGE, VILLAGE, a_town, a_village, every_town
from tests.databases import on_one_database


def test_the_hazards_to_choose_among_are_those_of_the_catalogue() -> None:
    signals = {s.code: (s.name.zh, s.name.en) for s in load().signals.hazards}
    assert {h.code: (h.zh, h.en) for h in hazards()} == signals


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ((a_request(),), "避险"),
        ((a_request(), cancelled(2), a_request(2, Action.STOP)), "该预警已解除"),
        ((a_request(), ended(WarningHalted, 1)), "这不等于解除"),
        ((a_request(), ended(WarningExpired, 1)), "这不等于危险已经解除"),
        ((a_request(), withdrawn(1, Withdrawal.SUPERSEDED)), "被新的预警代替"),
        ((cancelled(2), a_request()), "该预警已解除"),
    ],
    ids=["in force", "lifted", "halted", "expired", "superseded", "lifted before it came"],
)
async def test_the_page_of_a_warning_stays_and_says_what_has_become_of_it(
    messages: tuple[object, ...], words: str, public: FeedHouse
) -> None:
    await public.hear(*messages)
    answer = await public.http.get(PAGE)
    assert answer.status_code == 200
    assert words in answer.text
    english = await public.http.get(f"/public/en/{WARNING}")
    assert 'lang="en"' in english.text
    public.clock.move(86_400 * 30)
    await public.board.renew()
    assert PAGE not in (await public.board.sheet()).files
    later = (await public.http.get(PAGE)).text
    assert "Valid until" not in later
    assert "预警" in later


@on_one_database
async def test_a_lift_that_has_run_out_stays_a_lift_and_a_warning_that_has_is_no_all_clear(
    public: FeedHouse,
) -> None:
    other = UUID(int=8)
    await public.hear(
        a_request(),
        cancelled(2),
        a_request(2, Action.STOP),
        a_request(warning_id=other, notice=a_notice(5)),
    )
    public.clock.at = a_notice().expires
    await public.board.renew()
    assert "该预警已解除" in (await public.http.get(PAGE)).text
    text = (await public.http.get(f"/public/{other}")).text
    assert "已解除" not in text
    assert "这不等于危险已经解除" in text


@on_one_database
async def test_a_drill_is_nowhere_to_be_seen_and_counted_as_failed(public: FeedHouse) -> None:
    drill = a_request().model_copy(update={"mode": Mode.DRILL})
    async with public.db.transaction() as tx:
        await api.store.add(tx, _row_of(drill))
    await public.board.renew()
    assert await public.ids() == []
    assert (await public.http.get(PAGE)).status_code == 404
    assert (await public.http.get(f"/feed/cap/{a_notice(1).identifier}.xml")).status_code == 404
    assert "赶水镇" not in (await public.http.get("/public")).text


async def test_a_drill_that_is_asked_for_all_the_same_is_accounted_for(public: FeedHouse) -> None:
    async with public.db.transaction() as tx:
        await actions.publish(tx, a_request().model_copy(update={"mode": Mode.DRILL}))
    await public.board.renew()
    (report,) = await public.reports()
    assert report.tally == {TargetState.FAILED: 1}
    assert await public.ids() == []


def _row_of(request: DeliveryRequested) -> dict[str, object]:
    notice = request.notice
    return {
        "delivery_id": str(request.delivery_id),
        "warning_id": str(request.warning_id),
        "revision": 1,
        "mode": request.mode,
        "lane": request.lane,
        "action": request.action,
        "identifier": notice.identifier,
        "notice": notice.model_dump_json().encode(),
        "cap_xml": "",
        "state": "received",
        "report": 1,
        "published_at": START,
        "expires_at": notice.expires,
        "ended": False,
    }


@on_one_database
async def test_pages_that_cannot_be_brought_up_to_date_say_so(public: FeedHouse) -> None:
    await public.hear(a_request(), a_request(warning_id=UUID(int=8), notice=a_notice(5)))
    before = public.clock.at
    public.clock.at = before + STALE
    await public.board._grow_old(Retry("the database is away"))
    for path in ("/public", "/public/en", PAGE):
        assert 'class="problem stale" role="alert"' in (await public.http.get(path)).text
    public.clock.at = a_notice().expires
    await public.board._grow_old(Retry("the database is away"))
    assert await public.ids() == []
    await public.board.renew()
    assert '<p class="problem stale" role="alert"' not in (await public.http.get("/public")).text


async def test_the_map_is_drawn_from_the_registry_whatever_comes_first(public: FeedHouse) -> None:
    crypto = public.crypto
    assert "<svg viewBox" not in (await public.http.get("/public")).text
    await public.hear(a_town(crypto, minutes=1), a_village(crypto), a_request())
    page = (await public.http.get("/public")).text
    assert '<polygon class="town ORANGE"' in page
    assert "赶水镇" in (await public.http.get("/public/follow")).text
    await public.hear(a_town(crypto, gone=True))
    assert "赶水镇" in (await public.http.get("/public/follow")).text
    await public.hear(a_town(crypto, gone=True, minutes=2), a_town(crypto, minutes=1))
    assert "赶水镇" not in (await public.http.get("/public/follow")).text


@on_one_database
async def test_all_towns_are_drawn_apart_and_named_where_they_lie(public: FeedHouse) -> None:
    await public.hear(*every_town(public.crypto), a_request())
    page = (await public.http.get("/public")).text
    height = int(re.findall(r'viewBox="0 0 600 (\d+)"', page)[0])
    drawn = re.findall(r'<polygon class="town [A-Z]*" points="([^"]+)"><title>([^<:]+)', page)
    towns = {name: Polygon([tuple(map(int, c.split(","))) for c in points.split()]) for points, name in drawn}
    assert len(towns) == 21
    assert all(Polygon([(0, 0), (600, 0), (600, height), (0, height)]).contains(t) for t in towns.values())
    together = union_all(list(towns.values())).area
    assert sum(town.area for town in towns.values()) < together * 1.02
    named = re.findall(r'<text class="name" x="(\d+)" y="(\d+)"[^>]*>([^<]+)', page)
    spots = {name: Point(int(x), int(y) - 19) for x, y, name in named}
    for name, town in towns.items():
        (short,) = (s for s in spots if name.startswith(s))
        assert town.buffer(2).contains(spots[short]), name
    assert min(one.distance(two) for one, two in combinations(spots.values(), 2)) > 12


@on_one_database
async def test_of_a_town_that_is_warned_in_part_the_villages_are_drawn(public: FeedHouse) -> None:
    notice = a_notice(1).model_copy(update={"areas": (Place(code=VILLAGE, name="适中村"),)})
    await public.hear(a_town(public.crypto), a_village(public.crypto), a_request(notice=notice))
    page = (await public.http.get("/public")).text
    assert '<polygon class="village ORANGE"' in page


@on_one_database
async def test_the_files_lie_in_a_folder_for_a_web_server(public: FeedHouse, tmp_path: Path) -> None:
    await public.hear(a_request())
    folder = tmp_path / "www"
    for path in (
        "feed/cap.atom",
        f"public/{WARNING}/index.html",
        "public/index.html",
        "public/en/index.html",
    ):
        asked = f"/{path.removesuffix('/index.html')}"
        assert (folder / path).read_bytes() == (await public.http.get(asked)).content
    written = (folder / "public/index.html").stat().st_mtime_ns
    await public.hear(ended(WarningHalted, 1))
    assert (folder / "public/index.html").stat().st_mtime_ns != written
    assert not list(folder.rglob(".*"))


@on_one_database
async def test_a_folder_that_cannot_be_written_stops_nothing_and_is_written_once_it_can(
    public: FeedHouse, tmp_path: Path
) -> None:
    await public.hear(a_request())
    folder = tmp_path / "www"
    front = folder / "public/index.html"
    front.unlink()
    front.mkdir()
    await public.hear(ended(WarningHalted, 1))
    assert "这不等于解除" in (await public.http.get(PAGE)).text
    front.rmdir()
    await public.board.renew()
    assert "避险" not in front.read_text()
    assert "这不等于解除" in (folder / f"public/{WARNING}/index.html").read_text()


@on_one_database
async def test_a_page_that_was_read_before_it_was_drawn_is_not_kept_for_later(public: FeedHouse) -> None:
    await public.board.renew()
    async with public.db.transaction() as tx:
        await actions.publish(tx, a_request())
    assert "避险" in (await public.http.get(PAGE)).text
    public.clock.move(86_400 * 30)
    await public.board.renew()
    assert "这不等于危险已经解除" in (await public.http.get(PAGE)).text
