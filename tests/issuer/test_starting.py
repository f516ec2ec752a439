"""What composing starts from: an earlier warning, phrases and areas, an imported message, a proposal."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from contracts import cap
from contracts.proposal import RiskProposed
from contracts.values import AreaSelection, Lane, Level, Mode
from services.issuer import store
from services.issuer.actions import saving, starting
from services.issuer.model import State
from services.issuer.model.proposal import Answer
from services.kit.errors import Forbidden, Invalid, NotFound, Refused
from tests.issuer.desk_make import Room, a_room
from tests.issuer.issuer_make import LI, NOW, SUN, ZHANG, Office

SAMPLES = Path(__file__).parents[2] / "contracts" / "samples"
THERE = AreaSelection(towns=("500110110",))


def a_proposal(**changes: object) -> RiskProposed:
    """Return a proposal of a flash-flood risk product for one town."""
    fields = {
        "mode": Mode.LIVE,
        "lane": Lane.URGENT,
        "proposal_id": UUID(int=7),
        "at": NOW,
        "source": "grid-forecast",
        "hazard": "11A51",
        "level": Level.ORANGE,
        "selection": THERE,
        "begin": NOW + timedelta(hours=1),
        "end": NOW + timedelta(hours=13),
        "expires": NOW + timedelta(hours=6),
        "stage": "H12",
        "headline": "赶水镇山洪风险高",
    }
    return RiskProposed(**{**fields, **changes})  # type: ignore[arg-type]


async def heard(office: Office, *proposals: RiskProposed) -> None:
    """Hear proposals as the consumer does."""
    for proposal in proposals:
        async with office.db.transaction() as tx:
            await starting.hear_proposal(tx, proposal)


async def test_as_last_time_but_orange(office: Office) -> None:
    first = await office.issued(level=Level.YELLOW)
    office.clock.move(days=2)
    again = await starting.again(
        office.db, office.press, office.reach, first.warning_id, ZHANG, level=Level.ORANGE
    )
    assert again.warning_id != first.warning_id
    assert (again.state, again.content.level, again.content.mode) == (
        State.DRAFT,
        Level.ORANGE,
        Mode.LIVE,
    )
    assert again.content.selection == first.content.selection
    assert again.content.window.begin == office.clock.now()
    assert "橙色" in again.content.text.headline
    assert "黄色" not in again.content.text.description


async def test_a_colour_that_does_not_exist_cannot_be_begun_again(laptop: Office) -> None:
    heat = await laptop.issued(hazard="11B09", level=Level.ORANGE)
    with pytest.raises(Invalid, match="level"):
        await starting.again(laptop.db, laptop.press, laptop.reach, heat.warning_id, ZHANG, level=Level.BLUE)


async def test_phrases_and_areas_are_kept_shared_renamed_and_removed(office: Office) -> None:
    db, catalogue = office.db, office.catalogue
    phrase = await saving.save(db, catalogue, ZHANG, " 转移 ", phrase="请立即转移。")
    area = await saving.save(db, catalogue, ZHANG, "沿河", area=THERE, shared=True)
    async with db.read() as connection:
        assert await store.saved.all_for(connection, "li") == [area]
        assert {one.name for one in await store.saved.all_for(connection, "zhang")} == {"转移", "沿河"}
    with pytest.raises(Forbidden):
        await saving.change(db, catalogue, LI, area.saved_id, name="mine")
    with pytest.raises(NotFound):
        await saving.remove(db, catalogue, LI, phrase.saved_id)
    changed = await saving.change(db, catalogue, ZHANG, phrase.saved_id, shared=True)
    assert (changed.name, changed.shared, changed.phrase) == ("转移", True, "请立即转移。")
    await saving.remove(db, catalogue, ZHANG, area.saved_id)
    async with db.read() as connection:
        assert await store.saved.all_for(connection, "li") == [changed]


async def test_nothing_empty_is_put_by_and_only_by_the_desk(laptop: Office) -> None:
    with pytest.raises(Invalid) as refused:
        await saving.save(laptop.db, laptop.catalogue, ZHANG, " ", area=AreaSelection())
    assert {fault.field for fault in refused.value.faults} == {"name", "area"}
    with pytest.raises(Forbidden):
        await saving.save(laptop.db, laptop.catalogue, SUN, "x", phrase="x")


async def test_a_proposal_becomes_a_draft_once(office: Office) -> None:
    told = a_proposal()
    await heard(office, told, told)
    draft = await starting.draft_of(office.db, office.press, office.reach, told.proposal_id, ZHANG)
    assert (draft.content.product, draft.content.hazard, draft.content.stage) == ("risk", "11A51", "H12")
    assert draft.content.text.headline == "綦江区气象台发布山洪灾害气象风险橙色预警"
    with pytest.raises(Refused, match="drafted already"):
        await starting.draft_of(office.db, office.press, office.reach, told.proposal_id, LI)
    async with office.db.read() as connection:
        kept = await store.proposals.get(connection, told.proposal_id)
        assert await store.proposals.waiting(connection, NOW) == []
    assert (kept.state, kept.by, kept.warning_id) == (Answer.DRAFTED, "zhang", draft.warning_id)


async def test_a_proposal_is_dismissed_with_a_reason_or_runs_out(office: Office) -> None:
    told, later = a_proposal(), a_proposal(proposal_id=UUID(int=8))
    await heard(office, told, later)
    with pytest.raises(Invalid, match="reason"):
        await starting.dismiss(office.db, office.catalogue, told.proposal_id, ZHANG, " ")
    await starting.dismiss(office.db, office.catalogue, told.proposal_id, ZHANG, "雨已移出")
    async with office.db.read() as connection:
        waiting = await store.proposals.waiting(connection, NOW)
        assert [one.told.proposal_id for one in waiting] == [later.proposal_id]
        assert await store.proposals.waiting(connection, NOW + timedelta(hours=7)) == []


# On the desk


async def in_a_room(laptop: Office, folder: Path) -> Room:
    """Return the desk with zhang at it."""
    return await a_room(laptop, folder).__aenter__()


async def test_the_start_page_offers_products_and_proposals(laptop: Office, tmp_path: Path) -> None:
    await heard(laptop, a_proposal(), a_proposal(proposal_id=UUID(int=8)))
    zhang = await (await in_a_room(laptop, tmp_path)).person("zhang")
    page = await zhang.get("/warnings/new")
    assert "风险预警建议 2" in page.text
    assert "低温阴雨" in page.text
    sent = await zhang.send(page, f"{UUID(int=7)}/draft")
    assert sent.goes_to.endswith("/edit")
    sheet = await zhang.get(sent.goes_to)
    assert "山洪灾害气象风险" in sheet.text
    gone = await zhang.send(await zhang.get("/warnings/new"), f"{UUID(int=8)}/dismiss", reason="雨已移出")
    assert gone.goes_to == "/warnings/new"
    assert "风险预警建议" not in (await zhang.get("/warnings/new")).text


async def test_an_earlier_one_is_found_and_its_sheet_comes_filled(laptop: Office, tmp_path: Path) -> None:
    first = await laptop.issued(level=Level.YELLOW)
    zhang = await (await in_a_room(laptop, tmp_path)).person("zhang")
    assert "没有" in (await zhang.get("/warnings/earlier", q="大雾")).text
    page = await zhang.get("/warnings/earlier", q="暴雨")
    (address,) = page.tree.xpath("//main//a[contains(@href, 'like=')]/@href")
    assert str(first.warning_id) in address
    sheet = await zhang.get(address + "&level=ORANGE")
    assert sheet.form("/warnings/new")["towns"] == ["500110110", "500110111"]
    assert "橙色预警信号" in sheet.form("/warnings/new")["headline"][0]
    assert "暴雨黄色" in sheet.text, "the one in force there is shown"


async def test_phrases_and_areas_are_put_by_and_in_from_the_sheet(laptop: Office, tmp_path: Path) -> None:
    zhang = await (await in_a_room(laptop, tmp_path)).person("zhang")
    signal = {"mode": "live", "hazard": "11B03", "level": "RED"}
    sheet = await zhang.get("/warnings/new", **signal)
    kept = await zhang.send(
        sheet, "/warnings/new", do="save-area", towns=["500110110"], names="打通镇", **{"area-name": "沿河"}
    )
    assert "已保存" in kept.text
    (button,) = kept.tree.xpath("//button[starts-with(@value, 'area:')]/@value")
    used = await zhang.send(await zhang.get("/warnings/new", **signal), "/warnings/new", do=button)
    assert used.form("/warnings/new")["towns"] == ["500110110", "500110111"]
    page = await zhang.send(await zhang.get("/saved"), "/saved", name="转移", phrase="请立即转移。")
    assert page.goes_to == "/saved"
    sheet = await zhang.get("/warnings/new", **signal)
    (button,) = sheet.tree.xpath("//button[starts-with(@value, 'phrase:')]/@value")
    used = await zhang.send(sheet, "/warnings/new", do=button, towns=["500110110"])
    assert used.form("/warnings/new")["description"][0].endswith("请立即转移。")


async def test_a_message_of_our_own_writing_is_imported_by_paste(laptop: Office, tmp_path: Path) -> None:
    issued = await laptop.issued(mode=Mode.DRILL)
    assert issued.published is not None
    zhang = await (await in_a_room(laptop, tmp_path)).person("zhang")
    written = issued.published.cap_xml
    assert cap.read(written).alert.identifier == issued.published.notice.identifier
    page = await zhang.get("/warnings/import")
    done = await zhang.send(page, "/warnings/import", cap=written.decode())
    assert "已存为草稿" in done.text
    wrong = await zhang.send(page, "/warnings/import", cap="<rss/>")
    assert wrong.status == 422
    assert "<rss/>" in wrong.form("/warnings/import")["cap"][0]
