"""The duty pages and their API: who is silent, whom to call, and the answer in two clicks."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from services.kit.bus import Bus
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.http import create_app
from services.kit.identity import Principal
from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service
from services.kit.settings import Settings
from services.router import amending, desk
from services.router.actions.library import Library
from services.router.actions.rulebook import ROUTING, Rulebook
from services.router.api import backs, duty, rates
from services.router.api.parts import Parts
from services.router.store.tables import ANSWERS
from tests.clock import HandClock
from tests.router.duty_make import FIRST, SECOND, Tower, a_tower, phone_of
from tests.router.registry_make import TOWNS

TOWN, OTHER = TOWNS[0], TOWNS[1]
FIRST_PERSON = f"{FIRST}-1"


class Seats:
    """Whoever says who he is, is: `<role>` or `<role>:<town>`."""

    async def who(self, token: str) -> Principal | None:
        """Return somebody with that role, and that town."""
        role, _, town = token.partition(":")
        return Principal(token, token, frozenset({role}), town or None)


class Quiet:
    """A bus that nobody needs."""

    async def ping(self) -> None:
        """Answer."""


def app_of(tower: Tower) -> FastAPI:
    """Return the duty pages of a tower as an application."""

    async def whole() -> None:
        """Be filled."""

    settings, db = Settings(), tower.db
    bus = cast("Bus", Quiet())
    floor = Floor(
        settings, tower.clock, bus, tower.crypto.keys, tower.crypto, cast("Any", None), AsyncExitStack()
    )
    rules = Rulebook(db, "", ROUTING)
    parts = Parts(db, Library(tower.crypto), 0.3, whole, rules, tower.crypto, tower.escalation)
    pages = [amending.router, desk.router, desk.static()]
    service = Service(
        "router",
        [rates.router, backs.router, duty.router, duty.secret_router, *pages],
        [House(db, Leadership(db, "one"))],
        {"router": parts, "sessions": Seats()},
    )
    return create_app(floor, [service])


@asynccontextmanager
async def served(tower: Tower) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the duty pages of a tower."""
    transport = httpx.ASGITransport(app_of(tower))
    async with httpx.AsyncClient(transport=transport, base_url="http://yutian") as client:
        yield client


@pytest.fixture
async def tower(db: Database, crypto: SoftwareCrypto, clock: HandClock) -> Tower:
    """A red warning that stands, and whose first calls have gone out."""
    tower = await a_tower(db, crypto, clock)
    await tower.publish()
    await tower.at(0)
    return tower


@pytest.fixture
async def http(tower: Tower) -> AsyncIterator[httpx.AsyncClient]:
    """The pages of that tower."""
    async with served(tower) as client:
        yield client


def as_(seat: str) -> dict[str, str]:
    """Return what a seat's requests carry."""
    return {"authorization": f"Bearer {seat}"}


async def silent(http: httpx.AsyncClient, seat: str = "checker", town: str = TOWN) -> list[dict[str, Any]]:
    """Return who is silent in a town."""
    answer = await http.get(f"/api/v1/duty/towns/{town}", headers=as_(seat))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_the_district_sees_every_town_with_numerators_and_the_denominator(
    http: httpx.AsyncClient, tower: Tower
) -> None:
    await tower.answer(FIRST)
    (one,) = (await http.get("/api/v1/duty", headers=as_("signer"))).json()["data"]
    towns = {town["code"]: town for town in one["towns"]}
    assert (towns[TOWN]["required"], towns[TOWN]["confirmed"], towns[TOWN]["silent"]) == (2, 1, 1)
    assert {leader["name"] for leader in one["leaders"]} == {"chief", "flood"}
    assert one["level"] == "RED"


async def test_a_town_shows_since_when_and_whom_to_call_with_masked_phones(
    http: httpx.AsyncClient, tower: Tower
) -> None:
    first, second = await silent(http)
    assert (first["place"], second["place"]) == (FIRST, SECOND)
    assert first["since"].endswith("+08:00")
    assert [person["person_id"] for person in first["people"]] == [f"{FIRST}-{n}" for n in (1, 2, 3)]
    assert [step["name"] for step in first["steps"]] == ["first-call"]
    phone = phone_of(FIRST_PERSON)
    assert phone not in (await http.get(f"/duty/{TOWN}", headers=as_("checker"))).text
    assert first["people"][0]["phone"] == f"{phone[:3]}****{phone[-4:]}"


async def test_the_list_goes_on_by_its_cursor(http: httpx.AsyncClient) -> None:
    path = f"/api/v1/duty/towns/{TOWN}?limit=1"
    page = (await http.get(path, headers=as_("checker"))).json()
    rest = (await http.get(f"{path}&after={page['next']}", headers=as_("checker"))).json()
    assert [one["place"] for one in (*page["data"], *rest["data"])] == [FIRST, SECOND]


async def test_an_answer_that_is_written_down_stops_the_clock_and_its_phone_is_sealed(
    http: httpx.AsyncClient, tower: Tower
) -> None:
    first = (await silent(http))[0]
    body = {"name": "王五", "phone": "13800138000", "note": "已上岗"}
    path = f"/api/v1/duty/{first['duty_id']}/answers"
    headers = {**as_("checker"), "idempotency-key": "once"}
    again = [await http.post(path, json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in again] == [201, 201]
    assert (again[0].json()["confirmed_by"], again[0].json()["way"]) == ("王五", "manual")
    assert FIRST not in {one["place"] for one in await silent(http)}
    rows = await tower.db.rows(select(ANSWERS))
    assert [row["recorded_by"] for row in rows] == ["checker"]
    assert b"13800138000" not in rows[0]["phone"]
    (fact,) = await tower.facts("duty.answered")
    assert (fact.actor, fact.about, fact.detail["way"]) == ("checker", FIRST, "manual")
    assert "13800138000" not in fact.model_dump_json()
    told = (await http.get(f"/api/v1/duty/{first['duty_id']}", headers=as_("checker"))).json()
    assert [one["note"] for one in told["answers"]] == ["已上岗"]
    assert "13800138000" not in str(told)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "王五", "phone": "call me"}, "phone"),
        ({"name": "王五", "at": "2030-01-01T00:00:00+08:00"}, "at"),
        ({"name": "王五", "at": "2020-01-01T00:00:00+08:00"}, "at"),
        ({"name": "王五", "way": "keypress"}, "way"),
        ({"name": "王五", "colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_an_answer_is_refused_with_its_field(
    body: dict[str, str], field: str, http: httpx.AsyncClient
) -> None:
    first = (await silent(http))[0]
    answer = await http.post(f"/api/v1/duty/{first['duty_id']}/answers", json=body, headers=as_("checker"))
    assert answer.status_code == 422
    assert field in answer.json()["errors"][0]["field"]
    assert "call me" not in answer.text
    assert len(await silent(http)) == 2


async def test_a_towns_desk_sees_and_answers_for_its_own_town_only(http: httpx.AsyncClient) -> None:
    ours, theirs = f"town-desk:{TOWN}", f"town-desk:{OTHER}"
    first = (await silent(http, ours))[0]
    towns = (await http.get("/api/v1/duty", headers=as_(ours))).json()["data"][0]
    assert ([town["code"] for town in towns["towns"]], towns["leaders"]) == ([TOWN], [])
    for path in (f"/api/v1/duty/towns/{TOWN}", f"/duty/{TOWN}"):
        assert (await http.get(path, headers=as_(theirs))).status_code == 403
    path = f"/api/v1/duty/{first['duty_id']}"
    assert (await http.get(path, headers=as_(theirs))).status_code == 404
    assert (await http.post(f"{path}/answers", json={"name": "a"}, headers=as_(theirs))).status_code == 404
    assert (await http.post(f"{path}/answers", json={"name": "a"}, headers=as_(ours))).status_code == 201
    for seat in ("auditor", "operator", "department"):
        assert (await http.get("/api/v1/duty", headers=as_(seat))).status_code == 403
    assert (await http.get("/api/v1/duty", headers=as_("town-desk"))).status_code == 403


async def test_a_whole_number_is_shown_on_request_and_that_is_a_fact(
    http: httpx.AsyncClient, tower: Tower
) -> None:
    first = (await silent(http))[0]
    path = f"/api/v1/duty/{first['duty_id']}/phones"
    answer = await http.post(path, json={"person_id": FIRST_PERSON}, headers=as_("checker"))
    assert answer.json() == {"phone": phone_of(FIRST_PERSON)}
    (fact,) = await tower.facts("phone.unmasked")
    assert (fact.actor, fact.about, fact.detail["place"]) == ("checker", FIRST_PERSON, FIRST)
    stranger = await http.post(path, json={"person_id": "nobody"}, headers=as_("checker"))
    assert stranger.status_code == 404
    assert len(await tower.facts("phone.unmasked")) == 1


async def test_on_the_page_one_form_writes_the_answer_down(http: httpx.AsyncClient, tower: Tower) -> None:
    first = (await silent(http))[0]
    page = await http.get(f"/duty/{TOWN}", headers=as_("checker"))
    assert f'action="/duty/{TOWN}/{first["duty_id"]}/answers"' in page.text
    path = f"/duty/{TOWN}/{first['duty_id']}"
    refused = await http.post(f"{path}/answers", data={"name": ""}, headers=as_("checker"))
    assert (refused.status_code, "应答人" in refused.text) == (422, True)
    shown = await http.post(f"{path}/phones", data={"person_id": FIRST_PERSON}, headers=as_("checker"))
    assert phone_of(FIRST_PERSON) in shown.text
    done = await http.post(f"{path}/answers", data={"name": FIRST_PERSON}, headers=as_("checker"))
    assert (done.status_code, done.headers["location"]) == (303, f"/duty/{TOWN}")
    assert (await tower.duty(FIRST)).confirmed_by == FIRST_PERSON
    other = next(one for one in await silent(http) if one["place"] == SECOND)
    path = f"/duty/{TOWN}/{other['duty_id']}/answers"
    await http.post(path, data={"desk": "镇值班员"}, headers=as_("checker"))
    assert (await tower.duty(SECOND)).taken_by == "镇值班员"
    district = await http.get("/duty", headers=as_("checker"))
    assert "1/2" in district.text
    sent_on = await http.get("/duty", headers=as_(f"town-desk:{TOWN}"))
    assert sent_on.headers["location"] == f"/duty/{TOWN}"


async def test_a_leaders_answer_is_written_down_on_the_districts_page(
    http: httpx.AsyncClient, tower: Tower
) -> None:
    chief = await tower.duty("chief", "leader")
    path = f"/duty/leaders/{chief.duty_id}"
    shown = await http.post(f"{path}/phones", data={"person_id": "chief"}, headers=as_("checker"))
    assert phone_of("chief") in shown.text
    done = await http.post(f"{path}/answers", data={"name": "chief"}, headers=as_("checker"))
    assert done.headers["location"] == "/duty"
    assert not (await tower.duty("chief", "leader")).silent
    town = await http.post(f"{path}/answers", data={"name": "x"}, headers=as_(f"town-desk:{TOWN}"))
    assert town.status_code == 403


async def test_in_hand_stops_the_clock_and_leaves_the_place_silent(http: httpx.AsyncClient) -> None:
    first = (await silent(http))[0]
    body = {"name": "镇值班员", "in_hand": True}
    path = f"/api/v1/duty/{first['duty_id']}/answers"
    answer = (await http.post(path, json=body, headers=as_("checker"))).json()
    assert (answer["in_hand_by"], answer["confirmed_at"], answer["next_at"]) == ("镇值班员", None, None)
    assert FIRST in {one["place"] for one in await silent(http)}


async def test_nobody_answers_what_is_over(http: httpx.AsyncClient, tower: Tower) -> None:
    first = (await silent(http))[0]
    await tower.halt()
    path = f"/api/v1/duty/{first['duty_id']}/answers"
    assert (await http.post(path, json={"name": "a"}, headers=as_("checker"))).status_code == 409
    assert await silent(http) == []
    assert "目前没有需要叫应的预警" in (await http.get("/duty", headers=as_("checker"))).text
