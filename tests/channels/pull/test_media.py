"""The newsrooms' desk: a text that fits the time, handed out by key, on the air as a fact; it all adds up."""

from datetime import timedelta

import feedparser
import pytest

from contracts.fact import Fact
from contracts.outcome import TargetState
from contracts.values import Action, Level, Mode, Withdrawal
from services.channels.pull.media import actions, api, store, wording
from services.channels.pull.media.model import Pace, Presence, read_out
from tests.channels.pull.media_make import ROOMS, START, WARNING, Desk, a_block, a_notice, a_request, over
from tests.databases import on_one_database
from tests.outbox import said

PACE = Pace(240, dict.fromkeys(Level, 30), dict.fromkeys(Level, 1))


@pytest.mark.parametrize(
    ("lengths", "chosen", "fits"),
    [((400, 100, 20), 100, True), ((120, 100, 20), 120, True), ((400, 300, 121), 121, False)],
)
def test_the_longest_wording_that_fits_is_read_and_nothing_is_cut(
    lengths: tuple[int, ...], chosen: int, fits: bool
) -> None:
    found = read_out(["字" * n for n in lengths], Level.RED, PACE)
    assert (len(found.text), found.fits, len(found.full)) == (chosen, fits, max(lengths))
    assert found.seconds == -(-chosen * 60 // 240)


def test_spaces_take_no_time() -> None:
    assert PACE.takes_s("字 字\n字 字") == 1


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("mode", list(Mode))
def test_every_read_out_says_what_it_is(action: Action, mode: Mode) -> None:
    text = wording.said(a_request(action=action, mode=mode)).text
    assert ("演练" in text) is (mode is Mode.DRILL)
    assert ("解除" in text) is (action is Action.STOP)
    assert ("更新" in text) is (action is Action.REPLACE)


def test_times_and_amounts_are_written_out_for_who_reads_them() -> None:
    request = a_request()
    texts = request.notice.text.model_copy(
        update={"short": "22:30前有100~150毫米雨。" * 4, "description": "雨" * 900}
    )
    said = wording.said(
        request.model_copy(update={"notice": request.notice.model_copy(update={"text": texts})})
    )
    assert "二十二时三十分前有一百到一百五十毫米雨。" in said.text


async def test_what_is_fetched_is_received_and_what_was_aired_is_a_fact_that_adds_up(newsdesk: Desk) -> None:
    await newsdesk.hear(a_request())
    (alert,) = await newsdesk.alerts()
    assert (alert["level"], alert["aired_at"]) == ("RED", None)
    assert alert["seconds"] <= alert["limit_s"]  # type: ignore[operator]
    assert (await newsdesk.air()).status_code == 204
    assert (await newsdesk.air()).status_code == 204
    (alert,) = await newsdesk.alerts()
    assert alert["aired_by"] == "刘洋"
    *_, last = await newsdesk.reports()
    assert last.tally == {TargetState.PLAYED: 1, TargetState.QUEUED: 1}
    (outcome,) = last.outcomes
    assert (outcome.target, outcome.by, outcome.detail) == (ROOMS[0], "刘洋", "FM 92.3")
    facts = [m for m in await said(newsdesk.db) if isinstance(m, Fact) and m.kind == "media.aired"]
    assert facts[0].about == ROOMS[0]


async def test_what_ends_is_handed_out_no_more_and_aired_late_it_still_counts(newsdesk: Desk) -> None:
    await newsdesk.hear(a_request())
    await newsdesk.alerts()
    await newsdesk.hear(over(1, Withdrawal.CANCELLED), a_request(2, Action.STOP))
    (lift,) = await newsdesk.alerts()
    assert (lift["action"], lift["revision"]) == ("STOP", 2)
    assert (await newsdesk.air(1)).status_code == 204
    first = [r for r in await newsdesk.reports() if r.revision == 1][-1]
    assert first.tally == {TargetState.PLAYED: 1, TargetState.WITHDRAWN: 1}


async def test_a_cancel_that_comes_first_keeps_it_from_the_air(newsdesk: Desk) -> None:
    await newsdesk.hear(over(1, Withdrawal.HALTED), a_request())
    assert await newsdesk.alerts() == []
    (report,) = await newsdesk.reports()
    assert report.tally == {TargetState.WITHDRAWN: 2}


async def test_what_runs_out_is_expired_though_nobody_says_so(newsdesk: Desk) -> None:
    await newsdesk.hear(a_request())
    newsdesk.clock.at = a_notice().expires
    assert await newsdesk.alerts() == []
    assert await actions.expire(newsdesk.db) == 1
    assert await actions.expire(newsdesk.db) == 0
    *_, last = await newsdesk.reports()
    assert last.tally == {TargetState.EXPIRED: 2}
    await newsdesk.hear(a_request())
    assert (await newsdesk.reports())[-1].tally == {TargetState.EXPIRED: 2}


@on_one_database
@pytest.mark.parametrize(
    ("said_of_it", "status", "field"),
    [
        ({"at": "2026-06-01T23:59:00+08:00"}, 422, "at"),
        ({"at": "2026-06-01T20:00:00+08:00"}, 422, "at"),
        ({"by": ""}, 422, "by"),
        ({"by": "a\u202eb"}, 422, "by"),
        ({"revision": 9}, 404, ""),
        ({"more": 1}, 422, "more"),
    ],
)
async def test_bad_words_of_the_air_are_refused_and_leave_nothing(
    said_of_it: dict[str, object], status: int, field: str, newsdesk: Desk
) -> None:
    await newsdesk.hear(a_request())
    answer = await newsdesk.air(**said_of_it)
    assert answer.status_code == status
    assert field in answer.text
    assert (await newsdesk.reports())[-1].tally == {TargetState.QUEUED: 2}


@on_one_database
async def test_a_key_is_good_for_its_newsroom_alone_and_dies_at_once(newsdesk: Desk) -> None:
    other = f"/api/v1/media/{ROOMS[1]}/alerts"
    assert (await newsdesk.http.get(other, headers=newsdesk.head)).status_code == 403
    assert (await newsdesk.http.get(other)).status_code == 401
    staff = {"authorization": "Bearer operator"}
    body: dict[str, object] = {}
    made = await newsdesk.http.post(f"/api/v1/newsrooms/{ROOMS[1]}/keys", headers=staff, json=body)
    key = made.json()
    head = {"authorization": f"Bearer {key['key']}"}
    assert (await newsdesk.http.get(other, headers=head)).status_code == 200
    path = f"/api/v1/newsrooms/{ROOMS[1]}/keys/{key['key_id']}"
    assert (await newsdesk.http.delete(path, headers=newsdesk.head)).status_code == 401
    assert (await newsdesk.http.delete(path, headers=staff)).status_code == 204
    api.keys._REMEMBERED.clear()
    assert (await newsdesk.http.get(other, headers=head)).status_code == 401
    unknown = await newsdesk.http.post("/api/v1/newsrooms/nobody/keys", headers=staff, json=body)
    assert unknown.status_code == 404


@on_one_database
async def test_a_feed_reader_signs_in_by_name_and_password(newsdesk: Desk) -> None:
    await newsdesk.hear(a_request())
    path = f"/api/v1/media/{ROOMS[0]}/feed.atom"
    answer = await newsdesk.http.get(path, auth=(ROOMS[0], newsdesk.key))
    found = feedparser.parse(answer.content)
    assert not found.bozo
    assert found.entries[0].content[0].value.startswith("现在播报气象预警。")
    assert (await newsdesk.http.get(path, auth=(ROOMS[1], newsdesk.key))).status_code == 401


@on_one_database
async def test_a_silent_newsroom_is_seen_with_what_it_owes(newsdesk: Desk) -> None:
    await newsdesk.hear(a_request())
    await newsdesk.alerts()
    staff = {"authorization": "Bearer operator"}
    newsdesk.clock.move(301)
    seen = (await newsdesk.http.get("/api/v1/newsrooms", headers=staff)).json()
    assert {r["newsroom"]: r["presence"] for r in seen["data"]} == {ROOMS[0]: "silent", ROOMS[1]: "never"}
    assert {r["newsroom"]: r["fetched"] for r in seen["not_aired"]} == {ROOMS[0]: True, ROOMS[1]: False}
    rooms = await store.newsrooms(newsdesk.db)
    assert rooms[0].presence(newsdesk.clock.at) is Presence.SILENT


@on_one_database
async def test_the_registry_adds_newsrooms_and_takes_them_away_whatever_comes_first(newsdesk: Desk) -> None:
    later, earlier = START + timedelta(minutes=2), START + timedelta(minutes=1)
    await newsdesk.hear(a_block(newsdesk.crypto, later, ROOMS[1]), a_block(newsdesk.crypto, earlier, *ROOMS))
    assert [room.newsroom_id for room in await store.newsrooms(newsdesk.db)] == [ROOMS[1]]


@on_one_database
async def test_the_page_shows_the_text_and_takes_the_word_that_it_was_aired(newsdesk: Desk) -> None:
    await newsdesk.hear(a_request())
    assert "密钥" in (await newsdesk.http.get("/media")).text
    wrong = await newsdesk.http.post("/media/sign-in", data={"newsroom": ROOMS[0], "key": "no"})
    assert (wrong.status_code, newsdesk.key in wrong.text) == (401, False)
    await newsdesk.http.post("/media/sign-in", data={"newsroom": ROOMS[0], "key": newsdesk.key})
    page = (await newsdesk.http.get("/media")).text
    assert "现在播报气象预警" in page
    token = page.split('name="csrf" value="')[1].split('"')[0]
    form = {"csrf": token, "revision": "1", "at": "2026-06-01T22:06", "by": "刘洋", "programme": ""}
    path = f"/media/aired/{WARNING}"
    assert (await newsdesk.http.post(path, data=form | {"csrf": "x"})).status_code == 403
    assert (await newsdesk.http.post(path, data=form | {"at": "soon"})).status_code == 422
    assert (await newsdesk.http.post(path, data=form)).status_code == 303
    assert "刘洋" in (await newsdesk.http.get("/media")).text
    assert (await newsdesk.reports())[-1].tally[TargetState.PLAYED] == 1
