"""A conformance run: fixed test work, what a gateway shows with it, and nobody outside hears of it."""

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.delivery import DeliveryReported
from contracts.fact import Fact
from contracts.values import Level, Mode
from services.channels.pull.gateways.model.conformance import CHECKS
from services.kit.clock import BEIJING
from services.kit.identity import Principal, principal
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones
from tests.databases import on_one_database


async def begun(house: GatewaysHouse) -> dict[str, dict[str, Any]]:
    """Begin a run; return the leased items by their checks."""
    reply = await house.call("POST", "/conformance", "drill")
    assert reply.status_code == 201, reply.text
    checks = {c["delivery_id"]: c["check"] for c in reply.json()["checks"]}
    items = await house.lease(20, key="drill")
    assert all(item["conformance"] and item["mode"] == "drill" for item in items)
    return {checks[item["delivery_id"]]: item for item in items}


async def passed(house: GatewaysHouse) -> set[str]:
    view = (await house.call("GET", "/conformance", "drill")).json()
    found = {c["check"] for c in view["checks"] if c["passed_at"]}
    assert view["passed"] == (found == set(CHECKS))
    return found


def said(item: dict[str, Any], state: str = "DELIVRD") -> list[list[str]]:
    return [[row[0], state] for row in item["recipients"]]


async def test_a_gateway_that_does_all_that_is_asked_passes_check_by_check(house: GatewaysHouse) -> None:
    items = await begun(house)
    assert set(items) == set(CHECKS)

    async def report(check: str, **what: Any) -> None:
        reply = await house.report(items[check], key="drill", **what)
        assert reply.status_code == 200, reply.text

    assert await passed(house) == set()
    await report("full", results=said(items["full"]))
    wrong = said(items["exceptions"])[0][0]
    await report("exceptions", state="DELIVRD", exceptions=[{"number": wrong, "state": "UNDELIV"}])
    await report("partial", partial=True, results=said(items["partial"])[:2])
    assert await passed(house) == {"full", "exceptions"}
    (rest,) = await house.lease(20, key="drill")
    assert (await house.report(rest, key="drill", state="DELIVRD")).status_code == 200
    assert (
        await house.call("POST", f"/leases/{items['extended']['lease']}:extend", "drill", json={})
    ).status_code == 200
    for _ in range(2):
        await report("repeated", state="DELIVRD")
    await report("receipts", state="ACCEPTD")
    sent = [(items["receipts"]["delivery_id"], row[0], "DELIVRD") for row in items["receipts"]["recipients"]]
    await house.receipts(*sent, key="drill")
    await report("counts", delivered=90, failed=10, phones=100)
    assert await passed(house) == set(CHECKS) - {"halted"}
    (halt,) = (await house.call("GET", "/halts", "drill")).json()["data"]
    assert halt["warning_id"] == items["halted"]["warning"]["id"]
    assert await passed(house) == set(CHECKS)


async def test_nobody_outside_hears_of_test_work(house: GatewaysHouse) -> None:
    items = await begun(house)
    house.clock.move(seconds=200)
    await house.tick()
    for item in items.values():
        await house.report(item, key="drill", state="DELIVRD")
    house.clock.move(hours=2)
    await house.tick()
    heard = await house.said()
    assert [m for m in heard if isinstance(m, DeliveryReported)] == []
    assert {m.kind for m in heard if isinstance(m, Fact)} == {"gateway.conformance"}


@on_one_database
async def test_a_run_wants_a_drill_key_and_a_new_one_ends_the_last(house: GatewaysHouse) -> None:
    assert (await house.call("POST", "/conformance")).status_code == 403
    assert (await house.call("GET", "/conformance", "drill")).status_code == 404
    first = await begun(house)
    second = await begun(house)
    assert set(first) == set(second)
    await house.report(first["full"], key="drill", results=said(first["full"]))
    assert await passed(house) == set()


async def _day(house: GatewaysHouse) -> str:
    return house.clock.now().astimezone(BEIJING).date().isoformat()


async def test_the_file_of_a_day_adds_up_and_a_settled_day_stays_as_it_is(house: GatewaysHouse) -> None:
    day = await _day(house)
    await house.deliver(
        house.batch(phones(5)), house.order(), house.batch(phones(3), level=Level.YELLOW, part="b")
    )
    await house.deliver(house.batch(phones(9), mode=Mode.DRILL))
    for item in await house.lease(10):
        what = {"delivered": 7, "failed": 1, "phones": 8} if item["kind"] == "area" else {"state": "DELIVRD"}
        wrong = {"number": item["recipients"][0][0], "state": "UNDELIV"} if item["targets"] > 1 else None
        await house.report(item, **what, **({"exceptions": [wrong]} if wrong else {}))
    totals = (await house.call("GET", f"/reconciliation/{day}")).json()
    assert (totals["items"], totals["targets"], totals["final"]) == (3, 9, False)
    assert totals["by_state"] == {"received": 7, "failed": 2}
    house.clock.move(days=1)
    settled = (await house.call("GET", f"/reconciliation/{day}")).json()
    assert (settled["final"], settled["sha256"]) == (True, totals["sha256"])
    text = (await house.call("GET", f"/reconciliation/{day}.csv")).content.decode("utf-8-sig")
    *rows, last = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 3
    assert last["delivery_id"] == "total"
    for name in ("targets", "segments_sent", "received", "failed"):
        assert int(last[name]) == sum(int(row[name]) for row in rows)
    assert all(n not in text for n in phones(5))


@on_one_database
async def test_a_day_to_come_has_no_file_and_test_work_stands_in_none(house: GatewaysHouse) -> None:
    day = await _day(house)
    later = (house.clock.now() + timedelta(days=3)).date().isoformat()
    for never in (later, "9999-12-31", "0001-01-01"):
        assert (await house.call("GET", f"/reconciliation/{never}.csv")).status_code == 409
    assert (await house.call("GET", "/reconciliation/yesterday.csv")).status_code == 422
    await begun(house)
    assert (await house.call("GET", f"/reconciliation/{day}", "drill")).json()["items"] == 0


async def _page(house: GatewaysHouse, role: str, path: str = "/gateways", lang: str = "en") -> httpx.Response:
    house.app.dependency_overrides[principal] = lambda: Principal("qian", "Qian", frozenset({role}))
    return await house.client.get(path, params={"lang": lang})


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_page_says_how_gateways_stand_and_what_they_pass(a_house: GatewaysHouse, lang: str) -> None:
    items = await begun(a_house)
    await a_house.report(items["full"], key="drill", results=said(items["full"]))
    reply = await _page(a_house, "operator", lang=lang)
    assert reply.status_code == 200
    assert reply.text.count("✓") == 1
    assert ("Does not pass every check yet." if lang == "en" else "尚未全部通过。") in reply.text
    day = await _day(a_house)
    csv_reply = await _page(a_house, "auditor", f"/gateways/cmcc/live/{day}.csv")
    assert csv_reply.headers["content-type"].startswith("text/csv")
    assert (await _page(a_house, "department")).status_code == 403
