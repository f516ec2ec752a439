"""Others who warn of the same: a submit is refused until somebody has said what becomes of them."""

from pathlib import Path
from uuid import uuid4

import pytest

from contracts.values import AreaSelection, Level, Mode
from services.issuer import actions, store
from services.issuer.actions.alongside import alongside
from services.issuer.model import Beside, NotAlone, Wish
from services.issuer.model.warning import State
from services.issuer.store.alongside import Foreign
from services.kit.errors import Invalid
from tests.issuer.desk_make import a_room
from tests.issuer.issuer_make import NOW, WANG, ZHANG, Office

THERE = ("500110110",)


def a_foreign(office: Office, **changes: object) -> Foreign:
    """Return the city's rainstorm warning for one town of ours."""
    fields = {
        "identifier": "50000041600000_20260611120000_0",
        "sender": "50000041600000",
        "sender_name": "重庆市气象台",
        "mode": Mode.LIVE,
        "hazard": "11B03",
        "level": Level.RED,
        "headline": "重庆市气象台发布暴雨红色预警信号",
        "towns": THERE,
        "expires": office.clock.now().replace(hour=12),
        "imported_by": "zhang",
    }
    return Foreign(**{**fields, **changes})  # type: ignore[arg-type]


async def kept(office: Office, **changes: object) -> Foreign:
    """Keep a warning of somebody else."""
    foreign = a_foreign(office, **changes)
    async with office.db.transaction() as tx:
        await store.alongside.keep(tx, foreign)
    return foreign


async def found(office: Office, *towns: str, hazard: str = "11B03", mode: Mode = Mode.LIVE) -> list[str]:
    return [one.reference for one in await alongside(office.db, mode, hazard, towns or THERE)]


async def test_what_overlaps_is_found_and_nothing_else(office: Office) -> None:
    first = await office.issued()
    mine = str(first.warning_id)
    assert await found(office) == [mine]
    assert await found(office, "500110112") == []
    assert await found(office, hazard="11B06") == []
    assert await found(office, mode=Mode.DRILL) == []
    assert await alongside(office.db, Mode.LIVE, "11B03", THERE, first.warning_id) == []
    city = await kept(office)
    assert await found(office) == [mine, city.identifier]
    await kept(office, identifier="x", towns=())
    assert await found(office, "500110120") == ["x"]
    async with office.db.transaction() as tx:
        await store.alongside.end(tx, Mode.LIVE, [city.identifier], "somebody else")
        await store.alongside.end(tx, Mode.LIVE, ["x"], city.sender)
    assert await found(office) == [mine, city.identifier]
    office.clock.move(days=3)
    assert await found(office) == []


async def test_a_submit_is_refused_until_the_choice_is_given(office: Office) -> None:
    first, city = await office.issued(), await kept(office)
    draft = await office.drafted(level=Level.RED)
    with pytest.raises(NotAlone) as refused:
        await actions.submit(office.db, office.press, office.reach, draft.warning_id, ZHANG)
    fields = [fault.field for fault in refused.value.faults]
    assert fields == [f"alongside.{first.warning_id}", f"alongside.{city.identifier}"]
    assert (refused.value.status, refused.value.name) == (409, "alongside")
    answer = Wish(
        supersedes=(first.warning_id,),
        beside=(Beside(reference=city.identifier, reason="ours names the villages"),),
    )
    draft = await office.edit(draft, answer)
    review = await actions.submit(office.db, office.press, office.reach, draft.warning_id, ZHANG)
    assert review.content.beside[0].reason == "ours names the villages"


async def test_superseding_mutes_the_other_and_keeping_leaves_it(office: Office) -> None:
    first = await office.issued()
    stays = Beside(reference=str(first.warning_id), reason="another window")
    second = await office.issued(beside=(stays,))
    assert await office.states(first.warning_id) == [State.ISSUED]
    with pytest.raises(Invalid, match="leaves 4 villages"):
        await office.submitted(
            supersedes=(first.warning_id,),
            selection=AreaSelection(towns=("500110112", "500110120")),
        )
    third = await office.submitted(
        supersedes=(first.warning_id,),
        beside=(stays.model_copy(update={"reference": str(second.warning_id)}),),
    )
    await office.approve(third, WANG)
    assert await office.states(first.warning_id) == [State.SUPERSEDED]


async def test_a_lift_is_never_asked(office: Office) -> None:
    first = await office.issued()
    await kept(office)
    await office.lifted(first.warning_id)


async def test_a_choice_needs_a_reason(laptop: Office) -> None:
    with pytest.raises(Exception, match="has no reason"):
        await laptop.drafted(beside=(Beside(reference=str(uuid4()), reason=" "),))
    assert NOW


# On the desk and by the API


async def test_the_sheet_shows_others_and_the_submit_asks(laptop: Office, tmp_path: Path) -> None:
    first, city = await laptop.issued(), await kept(laptop)
    async with a_room(laptop, tmp_path) as room:
        zhang = await room.person("zhang")
        sheet = await zhang.get("/warnings/new", mode="live", hazard="11B03", level="RED")
        typed = {"towns": ["500110110", "500110111"], "do": "submit"}
        refused = await zhang.send(sheet, "/warnings/new", **typed)
        assert refused.status == 409
        assert "当地已有生效预警" in refused.text
        assert refused.tree.xpath("//section[@id='errors']//a/@href") == ["#others", "#others"]
        answers = {
            f"other-{first.warning_id}": "supersede",
            f"other-{city.identifier}": "keep",
            f"why-other-{city.identifier}": "我区更早",
        }
        edit = refused.form("/edit")
        (action,) = {one.action for one in refused.tree.forms if (one.action or "").endswith("/edit")}
        sent = await zhang.post(action, edit | answers | {"do": "submit"})
        assert sent.status == 303, sent.text
        face = await zhang.get(sent.goes_to)
        assert "我区更早" in face.text
        assert str(first.warning_id) in face.text


async def test_the_api_answers_409_with_the_list(laptop: Office, tmp_path: Path) -> None:
    first = await laptop.issued()
    async with a_room(laptop, tmp_path) as room:
        zhang = await room.person("zhang")
        csrf = (await zhang.get("/warnings/new", mode="live", hazard="11B03", level="RED")).form(
            "/warnings/new"
        )
        headers = {"x-csrf-token": csrf["csrf"][0], "accept": "application/json"}
        draft = {"mode": "live", "hazard": "11B03", "level": "RED", "selection": {"towns": list(THERE)}}
        made = (await zhang.http.post("/api/v1/warnings", json=draft, headers=headers)).json()
        path = f"/api/v1/warnings/{made['warning_id']}"
        refused = await zhang.http.post(f"{path}/submit", headers=headers)
        assert refused.status_code == 409
        problem = refused.json()
        assert problem["type"] == "/problems/alongside"
        assert [error["field"] for error in problem["errors"]] == [f"alongside.{first.warning_id}"]
        choice = {"beside": [{"reference": str(first.warning_id), "reason": "另一时段"}]}
        tag = headers | {"if-match": made["etag"]}
        assert (await zhang.http.patch(path, json=choice, headers=tag)).status_code == 200
        assert (await zhang.http.post(f"{path}/submit", headers=headers)).status_code == 200


async def test_the_desk_says_when_the_channels_are_away(laptop: Office, tmp_path: Path) -> None:
    async with a_room(laptop, tmp_path) as room:
        zhang = await room.person("zhang")
        page = await zhang.get("/warnings/new", mode="live", hazard="11B03", level="RED")
        assert "渠道服务没有应答" in page.text
