"""The public pages and streams: whatever becomes of a warning is said, and a crowd costs nothing."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import feedparser
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.registry import BLOCK_CONTEXT, BlockChanged, TownBlock, VillageBlock
from contracts.values import Action, Mode, Place, PositionQuality, Withdrawal
from contracts.warning import WarningExpired, WarningHalted
from services.channels.hazards import hazards
from services.channels.pull.feed import actions, api
from services.channels.pull.feed.board import STALE, Board
from services.issuer.catalogue import load
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.problems import add_errors
from tests.channels.pull.feed_make import (
    BASE,
    START,
    WARNING,
    FeedHouse,
    a_notice,
    a_request,
    cancelled,
    ended,
    withdrawn,
)
from tests.clock import HandClock
from tests.databases import on_one_database
from tests.migrated import migrate

TOWN, VILLAGE = "500110110", "500110110001"
PAGE = f"/public/{WARNING}"


@pytest.fixture(scope="module")
def public_crypto(tmp_path_factory: pytest.TempPathFactory) -> SoftwareCrypto:
    """Keys in a folder."""
    keys = KeyFolder(tmp_path_factory.mktemp("keys"))
    init_keys(keys)
    return SoftwareCrypto(keys)


@pytest.fixture
async def house(database_url: str, public_crypto: SoftwareCrypto, tmp_path: Path) -> AsyncIterator[FeedHouse]:
    """The feed's house, which writes its files into a folder as well."""
    clock, url = HandClock(START), database_url.format(name="feed")
    await migrate(url, "services.channels.pull.feed.migrations")
    db = Database("feed", url, clock)
    app = FastAPI()
    app.include_router(api.router)
    app.include_router(api.page)
    add_errors(app)
    board = Board(db, BASE, tmp_path / "www")
    app.state.parts = {"feed": api.Parts(db, board, most_followers=2)}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http:
        yield FeedHouse(db, clock, board, public_crypto, http)
    await db.close()


def a_town(crypto: SoftwareCrypto, code: str = TOWN, *, minutes: int = 0, gone: bool = False) -> BlockChanged:
    cell = ((106.6, 28.6), (106.8, 28.6), (106.8, 28.8), (106.6, 28.8), (106.6, 28.6))
    town = TownBlock(
        code=code,
        name="赶水镇",
        name_en="Ganshui Town",
        is_street=False,
        seat=(106.7, 28.7),
        population=1,
        cell=cell,
    )
    return _block(crypto, code, town.model_dump_json(), minutes, gone)


def a_village(crypto: SoftwareCrypto) -> BlockChanged:
    cell = ((106.6, 28.6), (106.7, 28.6), (106.7, 28.7), (106.6, 28.6))
    village = VillageBlock(
        code=VILLAGE,
        name="适中村",
        town_code=TOWN,
        is_community=False,
        position=(106.65, 28.65),
        position_quality=PositionQuality.GENERATED,
        cell=cell,
    )
    return _block(crypto, VILLAGE, village.model_dump_json(), 0, False)


def _block(crypto: SoftwareCrypto, name: str, plain: str, minutes: int, gone: bool) -> BlockChanged:
    sealed = "" if gone else base64.b64encode(crypto.seal(plain.encode(), BLOCK_CONTEXT)).decode()
    at = START + timedelta(minutes=minutes)
    return BlockChanged(block=name, sha256="0" * 64, sealed=sealed, gone=gone, at=at)


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
    messages: tuple[object, ...], words: str, house: FeedHouse
) -> None:
    await house.hear(*messages)
    answer = await house.http.get(PAGE)
    assert answer.status_code == 200
    assert words in answer.text
    english = await house.http.get(f"/public/en/{WARNING}")
    assert 'lang="en"' in english.text
    house.clock.move(86_400 * 30)
    await house.board.renew()
    assert PAGE not in (await house.board.sheet()).files
    later = (await house.http.get(PAGE)).text
    assert "Valid until" not in later
    assert "预警" in later


@on_one_database
async def test_a_lift_that_has_run_out_stays_a_lift_and_a_warning_that_has_is_no_all_clear(
    house: FeedHouse,
) -> None:
    other = UUID(int=8)
    await house.hear(
        a_request(),
        cancelled(2),
        a_request(2, Action.STOP),
        a_request(warning_id=other, notice=a_notice(5)),
    )
    house.clock.at = a_notice().expires
    await house.board.renew()
    assert "该预警已解除" in (await house.http.get(PAGE)).text
    text = (await house.http.get(f"/public/{other}")).text
    assert "已解除" not in text
    assert "这不等于危险已经解除" in text


@on_one_database
async def test_a_drill_is_nowhere_to_be_seen_and_counted_as_failed(house: FeedHouse) -> None:
    drill = a_request().model_copy(update={"mode": Mode.DRILL})
    async with house.db.transaction() as tx:
        await api.store.add(tx, _row_of(drill))
    await house.board.renew()
    assert await house.ids() == []
    assert (await house.http.get(PAGE)).status_code == 404
    assert (await house.http.get(f"/feed/cap/{a_notice(1).identifier}.xml")).status_code == 404
    assert "赶水镇" not in (await house.http.get("/public")).text


async def test_a_drill_that_is_asked_for_all_the_same_is_accounted_for(house: FeedHouse) -> None:
    async with house.db.transaction() as tx:
        await actions.publish(tx, a_request().model_copy(update={"mode": Mode.DRILL}))
    await house.board.renew()
    (report,) = await house.reports()
    assert report.tally == {TargetState.FAILED: 1}
    assert await house.ids() == []


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
async def test_rss_and_json_say_the_same_as_atom(house: FeedHouse) -> None:
    await house.hear(a_request())
    answer = await house.http.get("/feed/rss.xml")
    found = feedparser.parse(answer.content)
    assert not found.bozo
    assert [item.id for item in found.entries] == await house.ids()
    assert found.entries[0].link == f"{BASE}{PAGE}"
    (listed,) = (await house.http.get("/feed/active.json")).json()["warnings"]
    assert (listed["warning_id"], listed["lifted"]) == (str(WARNING), False)
    assert listed["text"]["zh"]["headline"] == a_notice(1).text.headline
    assert listed["expires"].endswith("+08:00")


@on_one_database
async def test_every_file_is_packed_once_and_named_by_what_it_is(house: FeedHouse) -> None:
    await house.hear(a_request())
    for path in ("/feed/cap.atom", "/feed/rss.xml", "/feed/active.json", "/public", PAGE, "/public/follow"):
        plain = await house.http.get(path, headers={"accept-encoding": "identity"})
        packed = await house.http.get(path, headers={"accept-encoding": "gzip"})
        assert plain.content == packed.content
        assert packed.headers["content-encoding"] == "gzip"
        for known in (plain, packed):
            head = {"if-none-match": known.headers["etag"], "accept-encoding": "gzip"}
            assert (await house.http.get(path, headers=head)).status_code == 304
        assert (await house.http.head(path)).status_code == 200


@on_one_database
async def test_a_stream_tells_what_is_in_force_at_once_and_on_each_change(house: FeedHouse) -> None:
    await house.hear(a_request())
    told = api._told(_request(house), _parts(house), "")
    first = await anext(told)
    assert first.startswith(b"id: ")
    assert str(WARNING).encode() in first
    waiting = asyncio.ensure_future(anext(told))
    await asyncio.sleep(0)
    await house.hear(ended(WarningHalted, 1))
    assert b'"warnings":[]' in await asyncio.wait_for(waiting, 5)
    await told.aclose()
    assert _parts(house).followers == 0


@on_one_database
async def test_a_stream_that_knows_the_newest_is_told_nothing_twice(house: FeedHouse) -> None:
    await house.hear(a_request())
    sheet = await house.board.sheet()
    told = api._told(_request(house), _parts(house), sheet.etag)
    waiting = asyncio.ensure_future(anext(told))
    await house.hear(a_request(2, Action.REPLACE, warning_id=UUID(int=9)))
    assert str(UUID(int=9)).encode() in await asyncio.wait_for(waiting, 5)
    await told.aclose()


@on_one_database
async def test_more_followers_than_agreed_are_sent_away(house: FeedHouse) -> None:
    _parts(house).followers = 2
    answer = await house.http.get("/feed/events")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def _parts(house: FeedHouse) -> api.Parts:
    app = house.http._transport.app  # type: ignore[attr-defined]
    found: api.Parts = app.state.parts["feed"]
    return found


def _request(house: FeedHouse) -> api.Request:
    return api.Request({"type": "http", "app": house.http._transport.app, "headers": []})  # type: ignore[attr-defined]


@on_one_database
async def test_pages_that_cannot_be_brought_up_to_date_say_so(house: FeedHouse) -> None:
    await house.hear(a_request(), a_request(warning_id=UUID(int=8), notice=a_notice(5)))
    before = house.clock.at
    house.clock.at = before + STALE
    await house.board._grow_old(Retry("the database is away"))
    for path in ("/public", "/public/en", PAGE):
        assert 'class="problem stale" role="alert"' in (await house.http.get(path)).text
    house.clock.at = a_notice().expires
    await house.board._grow_old(Retry("the database is away"))
    assert await house.ids() == []
    await house.board.renew()
    assert '<p class="problem stale" role="alert"' not in (await house.http.get("/public")).text


async def test_the_map_is_drawn_from_the_registry_whatever_comes_first(house: FeedHouse) -> None:
    crypto = house.crypto
    assert "<svg viewBox" not in (await house.http.get("/public")).text
    await house.hear(a_town(crypto, minutes=1), a_village(crypto), a_request())
    page = (await house.http.get("/public")).text
    assert '<polygon class="town ORANGE"' in page
    assert "赶水镇" in (await house.http.get("/public/follow")).text
    await house.hear(a_town(crypto, gone=True))
    assert "赶水镇" in (await house.http.get("/public/follow")).text
    await house.hear(a_town(crypto, gone=True, minutes=2), a_town(crypto, minutes=1))
    assert "赶水镇" not in (await house.http.get("/public/follow")).text


@on_one_database
async def test_of_a_town_that_is_warned_in_part_the_villages_are_drawn(house: FeedHouse) -> None:
    notice = a_notice(1).model_copy(update={"areas": (Place(code=VILLAGE, name="适中村"),)})
    await house.hear(a_town(house.crypto), a_village(house.crypto), a_request(notice=notice))
    page = (await house.http.get("/public")).text
    assert '<polygon class="village ORANGE"' in page


@on_one_database
async def test_the_files_lie_in_a_folder_for_a_web_server(house: FeedHouse, tmp_path: Path) -> None:
    await house.hear(a_request())
    folder = tmp_path / "www"
    for path in (
        "feed/cap.atom",
        f"public/{WARNING}/index.html",
        "public/index.html",
        "public/en/index.html",
    ):
        asked = f"/{path.removesuffix('/index.html')}"
        assert (folder / path).read_bytes() == (await house.http.get(asked)).content
    written = (folder / "public/index.html").stat().st_mtime_ns
    await house.hear(ended(WarningHalted, 1))
    assert (folder / "public/index.html").stat().st_mtime_ns != written
    assert not list(folder.rglob(".*"))


@on_one_database
async def test_four_hundred_warnings_polled_by_a_hundred_readers_ask_the_database_nothing(
    house: FeedHouse,
) -> None:
    requests = [a_request(warning_id=UUID(int=n), notice=a_notice(n)) for n in range(100, 500)]
    async with house.db.transaction() as tx:
        for request in requests:
            await actions.publish(tx, request)
    await house.board.renew()
    asked: list[str] = []
    event.listen(
        house.db.reader.sync_engine,
        "before_cursor_execute",
        lambda c, u, statement, *_: asked.append(statement),
    )
    found = await house.parsed()
    assert len({entry.id for entry in found.entries}) == 400
    begun = time.perf_counter()
    answers = await asyncio.gather(*(house.http.get("/feed/cap.atom") for _ in range(100)))
    pages = await asyncio.gather(*(house.http.get(f"/public/{UUID(int=n)}") for n in range(100, 200)))
    known = {"if-none-match": answers[0].headers["etag"]}
    again = await asyncio.gather(*(house.http.get("/feed/cap.atom", headers=known) for _ in range(100)))
    assert asked == []
    assert {a.status_code for a in (*answers, *pages)} == {200}
    assert {(a.status_code, len(a.content)) for a in again} == {(304, 0)}
    assert time.perf_counter() - begun < 60
