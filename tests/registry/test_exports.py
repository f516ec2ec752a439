"""What goes out is masked; whole numbers need a reason and two operators; nothing of it is a formula."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from services.registry import actions, store
from services.registry.actions import exports
from services.registry.model import Group, Recipient
from tests.registry.http_make import by
from tests.registry.import_make import VILLAGE
from tests.registry.test_edit import API, PHONE, Place, place

__all__ = ["place"]


@pytest.fixture
async def two(place: Place) -> Place:
    other = Recipient(
        recipient_id="p2",
        village_code=VILLAGE,
        name="李四",
        role="duty",
        phone="13900000002",
        operator="cmcc",
    )
    await actions.take_in(place.db, place.crypto, "recipients", [other], by="seed")
    return place


async def test_whole_numbers_go_out_when_two_operators_agree(two: Place) -> None:
    path, wish = f"{API}/exports", {"reason": "换网关前核对", "role": "monitor"}
    assert (await two.http.post(path, json={**wish, "reason": "?"}, headers=by("qian"))).status_code == 422
    assert (await two.http.post(path, json=wish, headers=by("zhao"))).status_code == 403
    made = await two.http.post(path, json=wish, headers=by("qian"))
    assert (made.status_code, made.json()["state"]) == (202, "open")
    mine = f"{path}/{made.json()['proposal_id']}"
    assert (await two.http.post(f"{mine}/people.csv", headers=by("qian"))).status_code == 409
    assert (await two.http.post(f"{mine}/confirm", headers=by("qian"))).status_code == 403
    assert (await two.http.post(f"{mine}/confirm", headers=by("wu"))).status_code == 200
    assert (await two.http.post(f"{mine}/people.csv", headers=by("wu"))).status_code == 403
    assert await two.facts("phones.exported") == []
    out = await two.http.post(f"{mine}/people.csv", headers=by("qian"))
    rows = list(csv.DictReader(io.StringIO(out.content.decode("utf-8-sig"))))
    assert [(row["recipient_id"], row["phone"]) for row in rows] == [("p1", PHONE)]
    assert out.headers["cache-control"] == "no-store"
    sheet = await two.http.post(f"{mine}/people.xlsx", headers=by("qian"))
    cells = list(openpyxl.load_workbook(io.BytesIO(sheet.content)).active.values)  # type: ignore[union-attr]
    assert PHONE in cells[1]
    facts = await two.facts("phones.exported")
    said = [(fact.actor, fact.detail["confirmed_by"], fact.detail["reason"]) for fact in facts]
    assert said == [("qian", "wu", "换网关前核对")] * 2
    assert PHONE not in str(facts)


async def test_an_export_that_was_allowed_is_good_for_an_hour(
    two: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await actions.propose_export(two.db, {}, "换网关前核对", by="qian")
    mine = f"{API}/exports/{made.proposal_id}"
    page = await two.http.get("/registry/keys", headers=by("wu", page=True))
    assert "换网关前核对" in page.text
    done = await two.http.post(f"/registry/keys/{made.proposal_id}/confirm", headers=by("wu", page=True))
    assert done.status_code == 303
    shown = await two.http.get("/registry/imports", headers=by("qian", page=True))
    assert f"{mine}/people.csv" in shown.text
    async with two.db.transaction() as tx:
        await tx.execute(store.PROPOSALS.update().values(decided_at=tx.now - exports.GOOD_FOR * 2))
    late = await two.http.post(f"{mine}/people.csv", headers=by("qian"))
    assert (late.status_code, "until" in late.text) == (409, True)


@pytest.mark.parametrize("name", ["=1+1", "+cmd|' /c calc'!A0", "@SUM(A1)", "-2+3", "\t=1"])
async def test_nothing_that_goes_out_is_a_formula(place: Place, name: str) -> None:
    await actions.take_in(place.db, place.crypto, "groups", [Group(code="x-y", name="x")], by="seed")
    async with place.db.transaction() as tx:
        mine = store.GROUPS.c.code == "x-y"
        await tx.execute(store.GROUPS.update().where(mine).values(name=name))
    out = await place.http.get(f"{API}/export/groups.csv", headers=by("qian"))
    (row,) = [
        one for one in csv.DictReader(io.StringIO(out.content.decode("utf-8-sig"))) if one["code"] == "x-y"
    ]
    assert row["name"] == f"'{name}"
    sheet = await place.http.get(f"{API}/export/groups.xlsx", headers=by("qian"))
    book = openpyxl.load_workbook(io.BytesIO(sheet.content))
    assert all(cell.data_type != "f" for line in book.active.rows for cell in line)  # type: ignore[union-attr]


async def test_a_masked_export_of_everything_holds_no_number(two: Place, tmp_path: Path) -> None:
    for kind in store.BY_KIND:
        out = await two.http.get(f"{API}/export/{kind}.csv", headers=by("qian"))
        assert (out.status_code, PHONE in out.text) == (200, False)
    assert "139****0001" in (await two.http.get(f"{API}/export/recipients.csv", headers=by("qian"))).text
