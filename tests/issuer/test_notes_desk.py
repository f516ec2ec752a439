"""The page and the API of a town: who may, what is asked, one press; and nothing goes beyond the town."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import AreaSelection, Channel, Mode
from contracts.warning import WarningIssued
from services.issuer import store
from services.issuer.model.note import chosen, own_villages, stays_within
from services.issuer.model.warning import State, WeatherWarning
from services.kit.errors import Refused
from services.router.model.manifest import draw
from services.router.model.routing import Decided, Occasion
from tests.issuer.api_make import Desk, a_desk
from tests.issuer.app_make import password_hash
from tests.issuer.desk_make import Room, a_room
from tests.issuer.issuer_make import NOW, Office, a_content, a_warning, an_account
from tests.issuer.notes_make import BOTH, NEXT, OWN, RULES, WORDS, DrawnReach
from tests.router.registry_make import TOWNS, a_district, a_person, a_registry, a_village


async def with_towns(office: Office) -> None:
    """Give the town's desks their towns: zhao has one, wu the next, and he none."""
    async with office.db.transaction() as tx:
        for username, town in (("zhao", OWN), ("wu", NEXT), ("he", None)):
            account = an_account(username, "赵静", password_hash(), "town-desk")
            await store.people.keep(tx, replace(account, town=town))


@pytest.fixture
def drawing(laptop: Office) -> Office:
    return replace(laptop, reach=cast("Any", DrawnReach()))


@pytest.fixture
async def api(drawing: Office, tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_desk(drawing, tmp_path) as opened:
        await with_towns(drawing)
        yield opened


@pytest.fixture
async def pages(drawing: Office, tmp_path: Path) -> AsyncIterator[Room]:
    async with a_room(drawing, tmp_path) as opened:
        await with_towns(drawing)
        yield opened


BODY = {"text": WORDS}


async def test_the_api_previews_sends_once_follows_and_takes_back(api: Desk) -> None:
    before = await api.office.issued(selection=BOTH)
    zhao = await api.person("zhao")
    offers = await zhao.ask("GET", "/notes/offers")
    assert [one["villages"] for one in offers["data"]] == [[f"{OWN}{n}" for n in (201, 202, 203)]]
    path = f"/warnings/{before.warning_id}/notes"
    seen = await zhao.ask("POST", f"{path}/preview", json=BODY | {"villages": [f"{OWN}201"]})
    assert (seen["whole_town"], seen["characters"], seen["most"]) == (False, len(WORDS), 120)
    key = {"Idempotency-Key": str(uuid4())}
    sent = await zhao.ask("POST", path, json=BODY, headers=key, status=201)
    again = await zhao.ask("POST", path, json=BODY, headers=key, status=201)
    assert sent["note_id"] == again["note_id"]
    assert len(await api.office.said(WarningIssued)) == 2
    (listed,) = (await zhao.ask("GET", "/notes"))["data"]
    assert (listed["state"], listed["text"], listed["progress"]["manifest_count"]) == ("issued", WORDS, 14)
    stopped = await zhao.ask("POST", f"/notes/{sent['note_id']}/stop", json={"reason": "路通了"})
    assert (stopped["state"], stopped["reason"]) == ("halted", "路通了")
    whole = await (await api.person("zhang")).ask("GET", f"/warnings/{sent['note_id']}")
    assert (whole["product"], whole["content"]["adds_to"]["warning_id"]) == ("note", str(before.warning_id))


async def test_nobody_else_writes_and_another_town_sees_nothing(api: Desk) -> None:
    before = await api.office.issued(selection=BOTH)
    path = f"/warnings/{before.warning_id}/notes"
    for username in ("zhang", "li", "wang", "sun", "he"):
        await (await api.person(username)).ask("POST", path, json=BODY, status=403)
    sent = await (await api.person("zhao")).ask("POST", path, json=BODY, status=201)
    wu = await api.person("wu")
    assert (await wu.ask("GET", "/notes"))["data"] == []
    await wu.ask("GET", f"/notes/{sent['note_id']}", status=404)
    await wu.ask("GET", f"/notes?town={OWN}", status=403)
    await wu.ask("POST", f"/notes/{sent['note_id']}/stop", status=403)
    await wu.ask("POST", path, json=BODY | {"villages": [f"{OWN}201"]}, status=422)
    assert len((await (await api.person("zhang")).ask("GET", "/notes"))["data"]) == 1


async def test_on_the_page_a_town_looks_sends_by_one_press_and_takes_back(pages: Room) -> None:
    before = await pages.office.issued(selection=BOTH)
    zhao = await pages.person("zhao")
    first = await zhao.get("/notes")
    assert before.content.text.headline in first.text
    form = await zhao.get(f"/notes/{before.warning_id}")
    long = await zhao.send(form, f"/notes/{before.warning_id}", text="避" * 121, do="look")
    assert long.status == 422
    assert "有 121 字" in long.text
    looked = await zhao.send(form, f"/notes/{before.warning_id}", text=WORDS, do="look")
    assert f"【{OWN}镇补充】暴雨橙色预警" in looked.text
    for _ in range(2):
        sent = await zhao.send(looked, f"/notes/{before.warning_id}", do="send")
        assert (sent.status, sent.goes_to) == (303, "/notes#sent")
    assert len(await pages.office.said(WarningIssued)) == 2
    listed = await zhao.get("/notes")
    assert WORDS in listed.text
    assert (await zhao.send(listed, "/stop", reason="路通了")).status == 303
    assert "路通了" in (await zhao.get("/notes")).text
    note = (await pages.office.said(WarningIssued))[-1].warning_id
    assert (await (await pages.person("zhang")).get(f"/warnings/{note}")).status == 200
    assert (await (await pages.person("zhang")).get("/notes")).status == 403


people = st.lists(st.sampled_from([f"139000000{n:02}" for n in range(20)]), max_size=4)
codes = st.lists(st.sampled_from([f"{town}{n}" for town in TOWNS for n in (201, 202, 203)]), unique=True)


@given(
    st.lists(people, min_size=12, max_size=12),
    codes.filter(bool),
    codes,
    st.sampled_from(TOWNS),
    st.sampled_from(list(Mode)),
)
def test_a_note_never_reaches_outside_its_own_town_and_the_warning(
    crowds: list[list[str]], covered: Sequence[str], wanted: Sequence[str], town: str, mode: Mode
) -> None:
    blocks = a_district()
    for row, code in enumerate(sorted(code for code in blocks if len(code) == 12)):
        crowd = [a_person(n, code, phone=phone, groups=("drill",)) for n, phone in enumerate(crowds[row])]
        blocks[code] = a_village(code, code[:9], row % 3, row // 3, crowd)
    decided = Decided.of(RULES, Occasion(mode, NOW), a_registry(blocks))
    whole = draw(decided, AreaSelection(villages=tuple(sorted(covered))), list(Channel), 0.0).manifest
    warning = a_standing(whole, mode)
    own = own_villages(warning, town)
    try:
        villages = chosen(warning, town, wanted)
    except Refused:
        assert not set(wanted) <= set(own)
        return
    if not villages:
        assert not own
        return
    assert set(villages) <= set(own)
    every = len(villages) == 3
    ways = [Channel.STATION, Channel.SMS, *([Channel.BROADCAST] if every else [])]
    manifest = draw(decided, AreaSelection(villages=villages), ways, 0.0).manifest
    stays_within(manifest, town, villages, whole=every)
    for entry in manifest.channels:
        assert all(target.startswith(town) for target in entry.targets)
    beyond = draw(decided, AreaSelection(villages=(*villages, strange(town))), ways, 0.0).manifest
    with pytest.raises(Refused, match="outside"):
        stays_within(beyond, town, villages, whole=every)


def strange(town: str) -> str:
    """Return a village of another town."""
    return f"{next(other for other in TOWNS if other != town)}201"


def a_standing(manifest: Any, mode: Mode) -> WeatherWarning:
    """Return a warning in force with a target list."""
    content = a_content(mode=mode, selection=manifest.selection)
    return replace(a_warning(content=content), manifest=manifest, state=State.ISSUED)
