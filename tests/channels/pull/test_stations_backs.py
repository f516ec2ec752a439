"""Villages tell back: the latest word counts, whatever arrives first; told to whoever looks after them."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.back import Back, StationTold
from contracts.values import Lane, Mode
from services.channels.pull.stations.actions import back
from services.channels.pull.stations.actions.back import Heard, Telling, tell_back
from services.channels.pull.stations.actions.expire import expire
from services.channels.pull.stations.store import backs
from services.kit.db import Database, Transaction
from services.kit.errors import Refused
from tests.channels.pull.stations_make import NOON, ONE, Replica, a_notice, a_request, ask, codes, path, soon
from tests.channels.pull.test_stations_links import link
from tests.clock import HandClock
from tests.outbox import said

VILLAGE = "500110110201"
"""In which the stations of these tests stand."""

CALM = Back(by="王芳", relayed=True, reached=212, missed=0)
HELP = Back(by="王芳", relayed=True, reached=206, missed=6, help="三户老人需要转移")
CUT = Back(by="李强", relayed=False, road_cut=True, road_where="赶安路K3")


async def told(
    db: Database, warning: UUID, minutes: int, word: Back, revision: int = 1, mode: Mode = Mode.LIVE
) -> Heard:
    at = NOON + timedelta(minutes=minutes)
    return await tell_back(db, Telling(ONE, mode, warning, revision, at, word))


async def latest(db: Database, warning: UUID, revision: int = 1, mode: Mode = Mode.LIVE) -> Back | None:
    async with db.read() as connection:
        found = await backs.told(connection, (ONE, mode), warning, revision)
    return found.back if found else None


async def test_the_latest_word_counts_in_whatever_order_it_comes(db: Database, clock: HandClock) -> None:
    clock.move(seconds=3600)
    words = [(1, CALM), (2, HELP), (2, CUT), (3, CALM)]
    for order in itertools.permutations(words):
        warning = uuid4()
        for minutes, word in (*order, *order):
            await told(db, warning, minutes, word)
        assert await latest(db, warning) == CALM
    warning = uuid4()
    for minutes, word in ((5, HELP), (6, CALM), (7, HELP), (6, CALM)):
        await told(db, warning, minutes, word)
    assert await latest(db, warning) == HELP


async def test_each_word_that_counts_is_said_once_under_a_number_that_grows(
    db: Database, clock: HandClock
) -> None:
    clock.move(seconds=3600)
    warning = uuid4()
    heard = [await told(db, warning, minutes, word) for minutes, word in ((1, CALM), (1, CALM), (2, HELP))]
    assert [(one.number, one.news) for one in heard] == [(1, True), (1, False), (2, True)]
    late = await told(db, warning, 1, CUT)
    assert (late.number, late.news, late.latest.back) == (2, False, HELP)
    messages = [one for one in await said(db) if isinstance(one, StationTold)]
    assert [(one.number, one.back, one.lane) for one in messages] == [
        (1, CALM, Lane.URGENT),
        (2, HELP, Lane.URGENT),
    ]


async def test_revisions_and_modes_are_kept_apart_and_a_fast_clock_counts_as_now(db: Database) -> None:
    warning = uuid4()
    await told(db, warning, 600, HELP)
    await told(db, warning, 0, CALM, revision=2)
    await told(db, warning, 0, CUT, mode=Mode.DRILL)
    assert await latest(db, warning) == HELP
    assert await latest(db, warning, revision=2) == CALM
    assert await latest(db, warning, mode=Mode.DRILL) == CUT
    first = next(one for one in await said(db) if isinstance(one, StationTold))
    assert first.at == NOON


async def test_a_station_that_told_of_very_many_is_refused_but_never_a_call_for_help(
    db: Database, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back, "MOST", 2)
    for _ in range(2):
        await told(db, uuid4(), 0, CALM)
    with pytest.raises(Refused, match="too many"):
        await told(db, uuid4(), 0, CALM)
    for red in (HELP, CUT):
        assert (await told(db, uuid4(), 0, red)).news
    clock.move(seconds=backs.KEPT.total_seconds() + 1)
    assert (await told(db, uuid4(), 0, CALM)).news


async def test_what_was_told_long_ago_is_swept_when_warnings_expire(db: Database, clock: HandClock) -> None:
    old, young = uuid4(), uuid4()
    await told(db, old, 0, HELP)
    clock.move(seconds=backs.KEPT.total_seconds())
    await told(db, young, 0, HELP)
    clock.move(seconds=1)
    await ask(db, a_request(codes(1), uuid4(), notice=a_notice(expires=clock.at + timedelta(hours=1))))
    clock.move(seconds=3600)
    assert await expire(db, unguarded) == 1
    assert (await latest(db, old), await latest(db, young)) == (None, HELP)


async def unguarded(_tx: Transaction) -> None:
    """Lead, as the only replica there is."""


@pytest.mark.parametrize("order", [(HELP, CALM), (CALM, HELP)])
async def test_of_two_words_of_one_moment_the_red_one_counts(db: Database, order: tuple[Back, Back]) -> None:
    for by in range(8):
        warning = uuid4()
        for one in order:
            await told(db, warning, 0, one.model_copy(update={"by": str(by)}))
        found = await latest(db, warning)
        assert found is not None
        assert found.red


def a_body(warning: UUID, **more: Any) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    told_back = {"warning_id": str(warning), "revision": 1, "at": at, "by": "王芳", "relayed": True}
    return {**told_back, **more}


async def test_a_station_tells_with_its_own_key_and_twice_is_once(
    house: Replica, http: httpx.AsyncClient
) -> None:
    body = a_body(uuid4(), reached=212, help="三户老人需要转移")
    one, other = codes(2)
    first = await http.post(path("backs"), json=body, headers=house.bearer(one))
    again = await http.post(path("backs"), json=body, headers=house.bearer(one))
    assert (first.status_code, first.json()["news"], again.json()["news"]) == (200, True, False)
    assert (await http.post(path("backs"), json=body)).status_code == 401
    assert (await http.post(path("backs"), json=body, headers=house.bearer(other))).status_code in (401, 403)
    (message,) = [one for one in await said(house.db) if isinstance(one, StationTold)]
    assert (message.mode, message.station, message.village) == (Mode.LIVE, one, VILLAGE)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"help": "求" * 201}, "help"),
        ({"reached": -1}, "reached"),
        ({"by": ""}, "by"),
        ({"help": "a\u202eb"}, "help"),
        ({"road_where": "赶安路"}, "road_where"),
        ({"more": 1}, "more"),
    ],
)
async def test_what_is_not_right_is_refused_with_its_field(
    house: Replica, http: httpx.AsyncClient, more: dict[str, Any], field: str
) -> None:
    body = a_body(uuid4(), **more)
    answer = await http.post(path("backs"), json=body, headers=house.bearer(ONE))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].endswith(field)
    assert not [one for one in await said(house.db) if isinstance(one, StationTold)]


async def test_a_person_with_a_link_confirms_and_then_tells_back(
    house: Replica, http: httpx.AsyncClient
) -> None:
    request = a_request(codes(1), uuid4(), notice=soon())
    await house.ask(request)
    address = link(house, request.warning_id)
    assert "/backs" not in (await http.get(address)).text
    assert f"{address}/backs" in (await http.post(address, data={"by": "王芳"})).text
    form = {"by": "王芳", "relayed": "no", "missed": "6", "help": "断电", "road_where": "赶安路K3"}
    page = await http.post(f"{address}/backs", data=form)
    assert page.status_code == 200
    assert 'value="断电"' in page.text
    (message,) = [one for one in await said(house.db) if isinstance(one, StationTold)]
    assert message.back == Back(
        by="王芳", relayed=False, missed=6, help="断电", road_cut=True, road_where="赶安路K3"
    )
    assert (await http.post("/c/nothing/backs", data=form)).status_code == 404
