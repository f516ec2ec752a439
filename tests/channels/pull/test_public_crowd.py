"""The public files and streams: every reader is told the same, and a crowd costs nothing."""

import asyncio
import time
from uuid import UUID

import feedparser
from sqlalchemy import event

from contracts.values import Action
from contracts.warning import WarningHalted
from services.channels.pull.feed import actions, api
from tests.channels.pull.feed_make import (
    BASE,
    WARNING,
    FeedHouse,
    a_notice,
    a_request,
    ended,
)
from tests.channels.pull.public_make import PAGE
from tests.databases import on_one_database


@on_one_database
async def test_rss_and_json_say_the_same_as_atom(public: FeedHouse) -> None:
    await public.hear(a_request())
    answer = await public.http.get("/feed/rss.xml")
    found = feedparser.parse(answer.content)
    assert not found.bozo
    assert [item.id for item in found.entries] == await public.ids()
    assert found.entries[0].link == f"{BASE}{PAGE}"
    (listed,) = (await public.http.get("/feed/active.json")).json()["warnings"]
    assert (listed["warning_id"], listed["lifted"]) == (str(WARNING), False)
    assert listed["text"]["zh"]["headline"] == a_notice(1).text.headline
    assert listed["expires"].endswith("+08:00")


@on_one_database
async def test_every_file_is_packed_once_and_named_by_what_it_is(public: FeedHouse) -> None:
    await public.hear(a_request())
    for path in ("/feed/cap.atom", "/feed/rss.xml", "/feed/active.json", "/public", PAGE, "/public/follow"):
        plain = await public.http.get(path, headers={"accept-encoding": "identity"})
        packed = await public.http.get(path, headers={"accept-encoding": "gzip"})
        assert plain.content == packed.content
        assert packed.headers["content-encoding"] == "gzip"
        for known in (plain, packed):
            head = {"if-none-match": known.headers["etag"], "accept-encoding": "gzip"}
            assert (await public.http.get(path, headers=head)).status_code == 304
        assert (await public.http.head(path)).status_code == 200


@on_one_database
async def test_a_stream_tells_what_is_in_force_at_once_and_on_each_change(public: FeedHouse) -> None:
    await public.hear(a_request())
    told = api._told(_request(public), _parts(public), "")
    first = await anext(told)
    assert first.startswith(b"id: ")
    assert str(WARNING).encode() in first
    waiting = asyncio.ensure_future(anext(told))
    await asyncio.sleep(0)
    await public.hear(ended(WarningHalted, 1))
    assert b'"warnings":[]' in await asyncio.wait_for(waiting, 5)
    await told.aclose()
    assert _parts(public).followers == 0


@on_one_database
async def test_a_stream_that_knows_the_newest_is_told_nothing_twice(public: FeedHouse) -> None:
    await public.hear(a_request())
    sheet = await public.board.sheet()
    told = api._told(_request(public), _parts(public), sheet.etag)
    waiting = asyncio.ensure_future(anext(told))
    await public.hear(a_request(2, Action.REPLACE, warning_id=UUID(int=9)))
    assert str(UUID(int=9)).encode() in await asyncio.wait_for(waiting, 5)
    await told.aclose()


@on_one_database
async def test_more_followers_than_agreed_are_sent_away(public: FeedHouse) -> None:
    _parts(public).followers = 2
    answer = await public.http.get("/feed/events")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def _parts(public: FeedHouse) -> api.Parts:
    app = public.http._transport.app  # type: ignore[attr-defined]
    found: api.Parts = app.state.parts["feed"]
    return found


def _request(public: FeedHouse) -> api.Request:
    return api.Request({"type": "http", "app": public.http._transport.app, "headers": []})  # type: ignore[attr-defined]


@on_one_database
async def test_four_hundred_warnings_polled_by_a_hundred_readers_ask_the_database_nothing(
    public: FeedHouse,
) -> None:
    requests = [a_request(warning_id=UUID(int=n), notice=a_notice(n)) for n in range(100, 500)]
    async with public.db.transaction() as tx:
        for request in requests:
            await actions.publish(tx, request)
    await public.board.renew()
    asked: list[str] = []
    event.listen(
        public.db.reader.sync_engine,
        "before_cursor_execute",
        lambda c, u, statement, *_: asked.append(statement),
    )
    found = await public.parsed()
    assert len({entry.id for entry in found.entries}) == 400
    begun = time.perf_counter()
    answers = await asyncio.gather(*(public.http.get("/feed/cap.atom") for _ in range(100)))
    pages = await asyncio.gather(*(public.http.get(f"/public/{UUID(int=n)}") for n in range(100, 200)))
    known = {"if-none-match": answers[0].headers["etag"]}
    again = await asyncio.gather(*(public.http.get("/feed/cap.atom", headers=known) for _ in range(100)))
    assert asked == []
    assert {a.status_code for a in (*answers, *pages)} == {200}
    assert {(a.status_code, len(a.content)) for a in again} == {(304, 0)}
    assert time.perf_counter() - begun < 60
