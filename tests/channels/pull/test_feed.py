"""The public feed: what is in force, under stable ids, bytes unchanged, gone when it is over."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import feedparser
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from contracts.outcome import TargetState
from contracts.values import Action, Withdrawal
from contracts.warning import WarningExpired, WarningHalted
from services.channels.pull.feed import actions, api
from services.channels.pull.feed.board import Board
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.problems import add_errors
from tests.channels.pull.feed_make import (
    BASE,
    CAP,
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


@pytest.fixture(scope="module")
def feed_crypto(tmp_path_factory: pytest.TempPathFactory) -> SoftwareCrypto:
    """Keys in a folder."""
    keys = KeyFolder(tmp_path_factory.mktemp("keys"))
    init_keys(keys)
    return SoftwareCrypto(keys)


@pytest.fixture
async def feed(database_url: str, feed_crypto: SoftwareCrypto) -> AsyncIterator[FeedHouse]:
    """The feed over HTTP, on SQLite and on PostgreSQL."""
    clock, url = HandClock(START), database_url.format(name="feed")
    await migrate(url, "services.channels.pull.feed.migrations")
    db = Database("feed", url, clock)
    app = FastAPI()
    app.include_router(api.router)
    app.include_router(api.page)
    add_errors(app)
    board = Board(db, BASE)
    app.state.parts = {"feed": api.Parts(db, board)}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
        yield FeedHouse(db, clock, board, feed_crypto, http)
    await db.close()


async def test_an_empty_feed_is_a_feed(feed: FeedHouse) -> None:
    assert await feed.ids() == []
    assert (await feed.http.get("/feed/active.geojson")).json() == {
        "type": "FeatureCollection",
        "features": [],
    }


async def test_a_warning_appears_with_its_face_and_a_link_to_its_bytes(feed: FeedHouse) -> None:
    await feed.hear(a_request())
    (entry,) = (await feed.parsed()).entries
    notice = a_notice(1)
    assert entry.title == notice.text.headline
    assert entry.summary == notice.text.description
    (link,) = [link for link in entry.links if link.type == "application/cap+xml"]
    assert link.href == f"{BASE}/feed/cap/{notice.identifier}.xml"
    (feature,) = (await feed.http.get("/feed/active.geojson")).json()["features"]
    assert feature["properties"]["code"] == "500110110000"
    assert feature["geometry"]["type"] == "Polygon"


async def test_the_cap_document_is_passed_on_byte_for_byte(feed: FeedHouse) -> None:
    await feed.hear(a_request())
    path = f"/feed/cap/{a_notice(1).identifier}.xml"
    answer = await feed.http.get(path)
    assert answer.content == CAP.encode()
    assert answer.headers["content-type"] == "application/cap+xml"
    feed.clock.at = a_notice().expires + timedelta(days=1)
    await feed.board.renew()
    assert (await feed.http.get(path)).content == CAP.encode()


async def test_an_unknown_document_is_not_found(feed: FeedHouse) -> None:
    assert (await feed.http.get("/feed/cap/50011041600000_1.xml")).status_code == 404


async def test_ids_stay_the_same_however_often_the_feed_is_made(feed: FeedHouse) -> None:
    await feed.hear(a_request())
    before = await feed.ids()
    another = UUID(int=8)
    await feed.hear(a_request(warning_id=another, notice=a_notice(5)), a_request())
    after = await feed.ids()
    assert before == [f"urn:yutian:cap:{a_notice(1).identifier}"]
    assert set(before) < set(after)
    assert len(after) == len(set(after)) == 2


async def test_an_etag_spares_the_body_until_something_changes(feed: FeedHouse) -> None:
    await feed.hear(a_request())
    for path in ("/feed/cap.atom", "/feed/active.geojson"):
        first = await feed.http.get(path)
        known = {"if-none-match": first.headers["etag"]}
        assert (await feed.http.get(path, headers=known)).status_code == 304
        await feed.board.renew()
        assert (await feed.http.get(path, headers=known)).status_code == 304
    await feed.hear(a_request(warning_id=UUID(int=9), notice=a_notice(6)))
    changed = await feed.http.get("/feed/cap.atom", headers=known)
    assert changed.status_code == 200
    assert changed.headers["etag"] != known["if-none-match"]


async def test_what_has_expired_leaves_though_nobody_says_so(feed: FeedHouse) -> None:
    await feed.hear(a_request())
    feed.clock.at = a_notice().expires
    await feed.board.renew()
    assert await feed.ids() == []


async def test_what_comes_after_its_expiry_is_never_shown_and_counted_as_expired(feed: FeedHouse) -> None:
    await feed.hear(a_request(notice=a_notice(1, expires=START)))
    assert await feed.ids() == []
    (report,) = await feed.reports()
    assert report.tally == {TargetState.EXPIRED: 1}


async def test_an_update_takes_the_place_of_what_it_updates(feed: FeedHouse) -> None:
    await feed.hear(a_request(), withdrawn(1, Withdrawal.UPDATED), a_request(2, Action.REPLACE))
    assert await feed.ids() == [f"urn:yutian:cap:{a_notice(2).identifier}"]


async def test_a_lift_is_shown_in_place_of_the_warning(feed: FeedHouse) -> None:
    await feed.hear(a_request(), cancelled(2), a_request(2, Action.STOP))
    assert await feed.ids() == [f"urn:yutian:cap:{a_notice(2).identifier}"]
    (feature,) = (await feed.http.get("/feed/active.geojson")).json()["features"]
    assert feature["properties"]["lifted"] is True


async def test_a_cancel_that_comes_before_its_alert_keeps_it_out(feed: FeedHouse) -> None:
    await feed.hear(cancelled(2), a_request(), a_request(2, Action.STOP))
    assert await feed.ids() == [f"urn:yutian:cap:{a_notice(2).identifier}"]
    first, lift = await feed.reports()
    assert first.tally == {TargetState.WITHDRAWN: 1}
    assert lift.tally == {TargetState.RECEIVED: 1}


@pytest.mark.parametrize("kind", [WarningHalted, WarningExpired])
async def test_what_is_halted_or_expired_is_out_and_stays_out(
    kind: type[WarningHalted] | type[WarningExpired], feed: FeedHouse
) -> None:
    await feed.hear(a_request(), ended(kind, 1), a_request())
    assert await feed.ids() == []


async def test_a_request_asked_again_is_answered_again_and_shown_once(feed: FeedHouse) -> None:
    await feed.hear(a_request(), a_request())
    assert len(await feed.ids()) == 1
    reports = await feed.reports()
    assert [report.report for report in reports] == [1, 2]
    assert all(report.tally == {TargetState.RECEIVED: 1} for report in reports)


async def test_a_withdrawal_and_a_request_at_once_never_leave_it_in_the_feed(feed: FeedHouse) -> None:
    async def take() -> None:
        async with feed.db.transaction() as tx:
            await actions.publish(tx, a_request())

    async def end() -> None:
        async with feed.db.transaction() as tx:
            await actions.end(tx, WARNING, 1, Withdrawal.HALTED)

    await asyncio.gather(take(), end())
    await feed.board.renew()
    assert await feed.ids() == []


@on_one_database
async def test_a_crowd_of_readers_does_not_touch_the_database(feed: FeedHouse) -> None:
    await feed.hear(*(a_request(warning_id=UUID(int=n), notice=a_notice(n)) for n in range(100, 130)))
    asked: list[str] = []
    event.listen(
        feed.db.reader.sync_engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, *rest: asked.append(statement),
    )
    answers = await asyncio.gather(*(feed.http.get("/feed/cap.atom") for _ in range(100)))
    assert {len(feedparser.parse(answer.content).entries) for answer in answers[:3]} == {30}
    assert len({answer.content for answer in answers}) == 1
    assert asked == []


@on_one_database
async def test_the_public_page_shows_what_is_in_force_without_a_script(feed: FeedHouse) -> None:
    await feed.hear(a_request())
    page = (await feed.http.get("/public")).text
    assert "暴雨橙色预警&lt;1&gt;&amp;" in page
    assert "赶水镇" in page
    assert "<script>" not in page
