"""The newsrooms' desk: a text that fits the time, handed out by key, on the air as a fact; it all adds up."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import feedparser
import httpx
import pytest
from fastapi import FastAPI

from contracts.delivery import DeliveryReported, DeliveryRequested, DeliveryWithdrawn, delivery_id_of
from contracts.fact import Fact
from contracts.outcome import TargetState
from contracts.registry import BLOCK_CONTEXT, AccountEntry, BlockChanged, DistrictBlock
from contracts.values import Action, Channel, Lane, Level, Mode, Withdrawal
from contracts.warning import Notice, WarningText
from services.channels.pull.media import actions, api, consumers, desk, store, wording
from services.channels.pull.media.model import Pace, Presence, read_out
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.identity import Principal
from services.kit.problems import add_errors
from tests.clock import HandClock
from tests.databases import on_one_database
from tests.migrated import migrate
from tests.notices import a_rainstorm
from tests.outbox import said

START = datetime(2026, 6, 1, 14, 5, tzinfo=UTC)
WARNING = UUID(int=7)
ROOMS = ("radio-qijiang", "tv-qijiang")


def a_notice(level: Level = Level.RED, expires: datetime = START + timedelta(hours=6)) -> Notice:
    text = WarningText(
        headline="暴雨红色预警", description="雨" * 60, instruction="避险" * 20, short="雨大，快避险。"
    )
    return a_rainstorm(START - timedelta(seconds=30), level=level, expires=expires, text=text)


def a_request(
    revision: int = 1, action: Action = Action.START, mode: Mode = Mode.LIVE, **notice: object
) -> DeliveryRequested:
    return DeliveryRequested(
        mode=mode,
        lane=Lane.URGENT,
        warning_id=WARNING,
        revision=revision,
        channel=Channel.MEDIA,
        at=START,
        delivery_id=delivery_id_of(WARNING, revision, Channel.MEDIA, "0"),
        action=action,
        notice=a_notice(**notice),  # type: ignore[arg-type]
        targets=ROOMS,
        manifest_sha256="0" * 64,
    )


def over(revision: int, reason: Withdrawal) -> DeliveryWithdrawn:
    return DeliveryWithdrawn(
        mode=Mode.LIVE,
        lane=Lane.URGENT,
        warning_id=WARNING,
        revision=revision,
        channel=Channel.MEDIA,
        at=START,
        reason=reason,
    )


class People:
    """Whoever shows this token is the operator."""

    async def who(self, token: str) -> Principal | None:
        return Principal("qian", "钱伟", frozenset({"operator"})) if token == "operator" else None


@dataclass
class Desk:
    db: Database
    clock: HandClock
    crypto: SoftwareCrypto
    http: httpx.AsyncClient
    key: str = ""

    async def hear(self, *messages: object) -> None:
        for message in messages:
            for subscription in consumers.heard(self.crypto):
                if any(_fits(message.subject, s) for s in subscription.subjects):  # type: ignore[attr-defined]
                    async with self.db.transaction() as tx:
                        await subscription.handle(tx, message)  # type: ignore[arg-type]

    async def alerts(self, newsroom: str = ROOMS[0]) -> list[dict[str, object]]:
        answer = await self.http.get(f"/api/v1/media/{newsroom}/alerts", headers=self.head)
        assert answer.status_code == 200, answer.text
        data: list[dict[str, object]] = answer.json()["data"]
        return data

    @property
    def head(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    async def air(self, revision: int = 1, **said: object) -> httpx.Response:
        body = {"revision": revision, "at": "2026-06-01T22:06:00+08:00", "by": "刘洋", "programme": "FM 92.3"}
        path = f"/api/v1/media/{ROOMS[0]}/alerts/{WARNING}/aired"
        return await self.http.post(path, headers=self.head, json=body | said)

    async def reports(self) -> list[DeliveryReported]:
        found = [m for m in await said(self.db) if isinstance(m, DeliveryReported)]
        assert all(report.size == len(ROOMS) for report in found)
        numbers: dict[UUID, list[int]] = {}
        for report in found:
            numbers.setdefault(report.delivery_id, []).append(report.report)
        assert all(given == list(range(1, len(given) + 1)) for given in numbers.values())
        return found


def _fits(subject: str, pattern: str) -> bool:
    return subject == pattern or (pattern.endswith(".>") and subject.startswith(pattern[:-1]))


@pytest.fixture(scope="module")
def media_crypto(tmp_path_factory: pytest.TempPathFactory) -> SoftwareCrypto:
    keys = KeyFolder(tmp_path_factory.mktemp("keys"))
    init_keys(keys)
    return SoftwareCrypto(keys)


def a_block(crypto: SoftwareCrypto, at: datetime, *names: str) -> BlockChanged:
    accounts = tuple(AccountEntry(account_id=n, channel="media", name=f"台 {n}") for n in names)
    others = (AccountEntry(account_id="wechat-main", channel="wechat", name="公众号"),)
    plain = DistrictBlock(accounts=accounts + others).model_dump_json().encode()
    sealed = base64.b64encode(crypto.seal(plain, BLOCK_CONTEXT)).decode()
    return BlockChanged(block="district", sha256="0" * 64, sealed=sealed, at=at)


@pytest.fixture
async def newsdesk(database_url: str, media_crypto: SoftwareCrypto) -> AsyncIterator[Desk]:
    clock, url = HandClock(START), database_url.format(name="media")
    await migrate(url, "services.channels.pull.media.migrations")
    db = Database("media", url, clock)
    app = FastAPI()
    for router in (api.router, api.staff, desk.router):
        app.include_router(router)
    add_errors(app)
    app.state.parts = {"media": api.Parts(db, "https://w.example")}
    app.state.sessions, app.state.internal_key, app.state.databases = People(), "internal", {"media": db}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://w.example") as http:
        opened = Desk(db, clock, media_crypto, http)
        await opened.hear(a_block(media_crypto, START, *ROOMS))
        _, opened.key = await actions.issue_key(db, ROOMS[0], Mode.LIVE, "qian")
        yield opened
    await db.close()


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
